/** Cuts what has changed into records, as few as a log's limits allow. It knows no log: the limits come in. */
import type { InvalidationLog } from "../log.js";
import { encodeJson, encodeRecord, type RecordContent } from "../record.js";

/** What one record says, and how it goes over the wire. */
export interface Batch {
  readonly content: RecordContent;
  readonly data: Uint8Array;
}

type RecordLimits = Pick<InvalidationLog, "recordBytes" | "maxRecordBytes" | "stampsRecords" | "coarsened">;

/** Everything around the list in an encoded record, with room to spare. */
export const ENVELOPE_BYTES = 100;

/**
 * Fills records up to what the log charges as one: larger ones would not save a call.
 * @param by a nonce of whoever publishes it
 * @throws RangeError for an id or source too long for any record, which no retry can help
 */
export function toBatches(content: RecordContent, publishedAtMs: number, limits: RecordLimits, by?: string): Batch[] {
  const { recordBytes, maxRecordBytes, stampsRecords } = limits;
  const { keys, sources = [], all = false } = limits.coarsened?.(content) ?? content;
  const batches: Batch[] = [];
  const seal = (part: RecordContent) => {
    const data = encodeRecord(part, stampsRecords ? publishedAtMs : undefined, by);
    if (data.length > maxRecordBytes) throw new RangeError(`${data.length} bytes are too many for one record`);
    batches.push({ content: part, data });
  };
  for (const part of split(keys, recordBytes)) seal({ keys: part });
  for (const part of split(sources, recordBytes)) seal({ keys: [], sources: part });
  if (all) seal({ keys: [], all: true });
  return batches;
}

/** Of a name in a record's list: as JSON, with its quotes and the comma after it. */
export function bytesInList(text: string): number {
  return encodeJson(text).length + 1;
}

function split(texts: readonly string[], recordBytes: number): string[][] {
  return inGroups(texts, bytesInList, recordBytes - ENVELOPE_BYTES, texts.length);
}

/** As few groups as the limits allow, in order; an item too large by itself is a group of its own. */
export function inGroups<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  maxBytes: number,
  maxItems: number,
): T[][] {
  const groups: T[][] = [];
  let group: T[] = [];
  // The first item begins the first group.
  let bytes = Infinity;
  for (const item of items) {
    const size = bytesOf(item);
    bytes += size;
    if (bytes > maxBytes || group.length === maxItems) {
      group = [];
      groups.push(group);
      bytes = size;
    }
    group.push(item);
  }
  return groups;
}
