/**
 * When room is made in a head, and how: how large it may get, which append is elected, what is moved into a segment. Decisions
 * alone, without calls, clock or chance. It must never let all writers make room at once, nor none.
 */
import { type Head, MAX_SEGMENT_RECORDS, type Segment } from "./table-api.js";

/** How large a head may get, in bytes of its item. Versions with different ones may be at work side by side. */
export interface Trimming {
  /** Past this, records are moved into a segment, */
  readonly limit: number;
  /** so that about this much is left. */
  readonly kept: number;
}

/** Readers some 55 ordinary records behind need no second call; an append is billed as 3 to 4 KB. */
const LARGEST_LIMIT = 4_096;
/** An append is billed as 1 KB, though some more come while room is made. At such rates readers need a second call anyway. */
const SMALLEST_LIMIT = 640;
/** What one segment takes up at most, as far as the head is large enough; */
const MOVED_AT_ONCE = 1_536;
/** and at least so much of the head is left. */
const KEPT_SHARE = 0.3;
/** Of the 1,000 write units a second that one item has; the rest is for making room, and for what comes meanwhile. */
const UNITS_FOR_APPENDS = 300;

/**
 * An append costs what the head weighs, so the more there are, the smaller it has to be. Past what the item can take, appends
 * and trims are refused alike, the head grows, and each of them costs more: that must not begin.
 * @param recordsPerSecond written by all environments together, as far as known
 */
export function trimmingAt(recordsPerSecond: number): Trimming {
  const affordable = (UNITS_FOR_APPENDS / recordsPerSecond) * 1_024;
  const limit = Math.round(Math.max(SMALLEST_LIMIT, Math.min(LARGEST_LIMIT, affordable)));
  return { limit, kept: Math.round(Math.max(limit * KEPT_SHARE, limit - MOVED_AT_ONCE)) };
}

/** While appends are throttled: the smallest. */
export const TRIMMING_WHEN_THROTTLED: Trimming = trimmingAt(Number.POSITIVE_INFINITY);
/** One append for each of these steps above the limit is elected to make room: enough of them, and never all. */
const ELECTION_STEP = 256;
/** A head that was already this large was not relieved by those elected before: then without a segment. */
const OVERDUE = 6_144;
/** Past this no number of trims catches up with what each of them costs. */
const HOPELESS = 65_536;

export type Relief =
  | { readonly kind: "none" }
  /** Move so many records into a segment. */
  | { readonly kind: "seal"; readonly count: number }
  /** Drop so many records: readers that have not read them empty their caches. */
  | { readonly kind: "trim"; readonly count: number }
  /** Begin the log anew: all readers empty their caches. */
  | { readonly kind: "reset" };

const NONE: Relief = { kind: "none" };

/**
 * Whether this append is the one to make room, and how.
 * @param head as the append left it
 * @param own how many of its records, the last ones, are the append's
 */
export function reliefAfter(head: Head, own: number, { limit, kept }: Trimming): Relief {
  const bytes = headBytes(head);
  const before = bytes - recordsBytes(head.records.slice(head.records.length - own));
  const step = (size: number) => Math.max(-1, Math.floor((size - limit) / ELECTION_STEP));
  if (step(bytes) <= step(before)) return NONE;
  if (before > HOPELESS) return { kind: "reset" };
  if (before > OVERDUE) return reliefAgain(head);
  return relief("seal", countAbove(head, kept));
}

/** What is still to be done when a trim has left the head like this: one go may not be enough. */
export function reliefAgain(head: Head): Relief {
  const bytes = headBytes(head);
  return bytes > OVERDUE ? relief("trim", countAbove(head, bytes / 2)) : NONE;
}

function relief(kind: "seal" | "trim", count: number): Relief {
  return count === 0 ? NONE : { kind, count };
}

/** How many of the oldest records to take out so that at most `bytes` of the item are left, as far as one go can. */
function countAbove(head: Head, bytes: number): number {
  let left = headBytes(head);
  let count = 0;
  for (const record of head.records) {
    if (left <= bytes || count === MAX_SEGMENT_RECORDS) break;
    left -= recordBytes(record);
    count++;
  }
  return count;
}

/** Names, keys, incarnation, number and the list itself. */
const ITEM_BYTES = 64;

/** What the item takes up, as DynamoDB bills it. */
export function headBytes({ records }: Pick<Head, "records">): number {
  return ITEM_BYTES + recordsBytes(records);
}

export function recordsBytes(records: readonly Uint8Array[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record), 0);
}

/** Each element of a list takes one more byte than it holds. */
function recordBytes(record: Uint8Array): number {
  return record.byteLength + 1;
}

/**
 * How many records to move, given the segment that is at the head's first number already: as many as it holds, since that
 * is what a reader will find there. It may hold more than this answer, which others have appended to since.
 * @returns undefined when it does not hold what the head does: numbers were given twice
 */
export function sealedBy({ records }: Segment, head: Head): number | undefined {
  const common = records.slice(0, head.records.length);
  return common.every((record, index) => equal(record, head.records[index])) ? records.length : undefined;
}

function equal(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a.byteLength === b?.byteLength && a.every((byte, index) => byte === b[index]);
}
