/**
 * Where reading one shard goes on, and how each answer moves that. Decisions only: no calls, no clock.
 *
 * The one rule everything else follows from: a cursor is never later than the load of any entry that is stored. So it may
 * always be moved back (reading a little twice is harmless) and never forward past what was taken.
 */
import type { StreamRecord } from "./stream-api.js";

/**
 * Kinesis iterators expire five minutes after they were handed out; older than this they are not tried any more.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
 */
export const MAX_ITERATOR_AGE_MS = 4 * 60_000;

/** Records that Kinesis puts into one page at most, and without `Limit`. */
const MAX_PAGE_RECORDS = 10_000;

/** Both included. Between them nothing was left out. */
export interface SequenceRange {
  readonly first: string;
  readonly last: string;
}

export interface ShardCursor {
  /** The one the last answer gave. */
  readonly iterator?: string | undefined;
  /** When that call was sent (wall clock). */
  readonly takenAtMs: number;
  /** From when on to take a new iterator where that one is missing, too old or expired; absent: the shard's beginning. */
  readonly startMs?: number | undefined;
  /** So many records from the iterator on were taken already, in a reading that ended in the middle of their page. */
  readonly taken: number;
  /** A page was asked for, and did not arrive before the reading ended. */
  readonly awaitsPage: boolean;
  /** Sequence numbers of the first and the last record taken; absent where none was. */
  readonly read?: SequenceRange | undefined;
  /** So many records are asked for; absent: as many as there are. Fewer after a page was too slow, and more again as pages arrive. */
  readonly limit?: number | undefined;
}

/** A shard nothing was read of yet. @param startMs from when on to read it; undefined: from its beginning */
export function cursorFrom(startMs?: number): ShardCursor {
  return { takenAtMs: 0, startMs, taken: 0, awaitsPage: false };
}

/** The iterator to use now, if the cursor has one that is young enough. A clock set back makes it old. */
export function usableIterator({ iterator, takenAtMs }: ShardCursor, nowMs: number): string | undefined {
  const ageMs = nowMs - takenAtMs;
  return ageMs >= 0 && ageMs < MAX_ITERATOR_AGE_MS ? iterator : undefined;
}

/** The cursor as its page is asked for. One that was asked for in vain before is asked for with fewer records. */
export function asking(cursor: ShardCursor): ShardCursor {
  if (!cursor.awaitsPage) return { ...cursor, awaitsPage: true };
  const limit = Math.max(1, Math.floor((cursor.limit ?? MAX_PAGE_RECORDS) / 8));
  // What was taken of the page is at its front.
  return { ...cursor, limit: limit + cursor.taken };
}

/** The cursor where its page could not be had for a reason that says nothing of its size. */
export function answered(cursor: ShardCursor): ShardCursor {
  return { ...cursor, awaitsPage: false };
}

/** The cursor with an iterator in place of the one that could not be used any more. */
export function renewed(cursor: ShardCursor, iterator: string, takenAtMs: number): ShardCursor {
  return { ...cursor, iterator, takenAtMs, taken: 0 };
}

/** The cursor after some more records of its page were taken. */
export function takenFrom(cursor: ShardCursor, records: readonly StreamRecord[]): ShardCursor {
  const [first, last] = [records[0]?.sequenceNumber, records.at(-1)?.sequenceNumber];
  const read = first && last ? { first: cursor.read?.first ?? first, last } : cursor.read;
  return { ...cursor, awaitsPage: false, taken: cursor.taken + records.length, read };
}

/** The cursor after a page was taken whole. At the tip, what the next iterator must cover starts at the call. */
export function advanced(cursor: ShardCursor, iterator: string, takenAtMs: number, atTip: boolean): ShardCursor {
  const { startMs, limit, read } = cursor;
  const next = { iterator, takenAtMs, taken: 0, awaitsPage: false, read };
  if (atTip) return { ...next, startMs: takenAtMs };
  // One that arrived may be followed by a larger one: it may have been something else that was slow.
  const larger = limit === undefined || limit * 2 >= MAX_PAGE_RECORDS ? undefined : limit * 2;
  return { ...next, startMs, limit: larger };
}
