/**
 * Cuts invalidations into records and records into requests, as few as Kinesis's limits allow.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
import { encodeJson, encodeRecord, RECORD_BYTES, type RecordContent } from "../record.js";
import type { RecordToPut } from "../stream-api.js";

/** Records in one PutRecords request. */
export const MAX_REQUEST_RECORDS = 500;
/** Data and partition keys of one PutRecords request. */
export const MAX_REQUEST_BYTES = 10 * 2 ** 20;
/** Data and partition key of one record, unless the stream was set to allow more. */
export const MAX_RECORD_BYTES = 2 ** 20;
/** Characters of a partition key we write, at most. */
export const PARTITION_KEY_LENGTH = 32;

/** What one record says, and how it goes over the wire. */
export interface Batch {
  readonly content: RecordContent;
  readonly data: Uint8Array;
}

/**
 * Fills records up to one PUT payload unit each. Ten thousand such records fill requests by their bytes, not by their
 * number, so larger records would not save a call; and a small one spreads over shards and is billed once.
 * @throws RangeError for an id or source too long for any record, which no retry can help
 */
export function toBatches(content: RecordContent, publishedAtMs: number): Batch[] {
  const { keys, sources = [], all = false } = content;
  const batches: Batch[] = [];
  const seal = (part: RecordContent) => {
    const data = encodeRecord(part, publishedAtMs);
    if (data.length + PARTITION_KEY_LENGTH > MAX_RECORD_BYTES) {
      throw new RangeError(`${data.length} bytes are too many for one record`);
    }
    batches.push({ content: part, data });
  };
  for (const part of split(keys)) seal({ keys: part });
  for (const part of split(sources)) seal({ keys: [], sources: part });
  if (all) seal({ keys: [], all: true });
  return batches;
}

/** Groups of requests' records, each within the limits of one PutRecords call. */
export function toRequests<T extends RecordToPut>(records: readonly T[]): T[][] {
  const bytesOf = ({ data, partitionKey }: T) => data.length + partitionKey.length;
  return groups(records, bytesOf, MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS);
}

function split(texts: readonly string[]): string[][] {
  // Everything around the list in an encoded record, with room to spare.
  const ENVELOPE_BYTES = 100;
  // As JSON, with its quotes and the comma after it.
  const bytesOf = (text: string) => encodeJson(text).length + 1;
  return groups(texts, bytesOf, RECORD_BYTES - ENVELOPE_BYTES, texts.length);
}

/** As few groups as the limits allow, in order; what is too large by itself is a group of its own. */
function groups<T>(items: readonly T[], bytesOf: (item: T) => number, maxBytes: number, maxItems: number): T[][] {
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
