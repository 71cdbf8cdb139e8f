/**
 * Cuts invalidations into records and records into requests, as few as Kinesis's limits allow.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
import { encodeRecord, RECORD_BYTES, type RecordContent } from "./invalidation-record.js";
import type { RecordToPut } from "./stream-api.js";

/** Records in one PutRecords request. */
export const MAX_REQUEST_RECORDS = 500;
/** Data and partition keys of one PutRecords request. */
export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
/** Data and partition key of one record, unless the stream was set to allow more. */
export const MAX_RECORD_BYTES = 1024 * 1024;
/** Characters of the partition keys we write: enough to spread records over any number of shards. */
export const PARTITION_KEY_LENGTH = 32;

/** What one record says, and how it goes over the wire. */
export interface Batch {
  readonly content: RecordContent;
  readonly data: Uint8Array;
}

/** An id or source too long for any record, which no retry can help. */
export class OversizeError extends Error {
  constructor(bytes: number) {
    super(`an invalidation of ${bytes} bytes is larger than a Kinesis record may be (${MAX_RECORD_BYTES} bytes)`);
    this.name = "OversizeError";
  }
}

/**
 * Fills records up to one PUT payload unit each. Ten thousand such records fill requests by their bytes, not by their
 * number, so larger records would not save a call; and a small one spreads over shards and is billed once.
 */
export function toBatches(content: RecordContent, publishedAtMs: number): Batch[] {
  const { keys, sources = [], all = false } = content;
  const batches: Batch[] = [];
  const seal = (part: RecordContent) => {
    const data = encodeRecord(part, publishedAtMs);
    if (data.length + PARTITION_KEY_LENGTH > MAX_RECORD_BYTES) throw new OversizeError(data.length);
    batches.push({ content: part, data });
  };
  for (const part of split(keys)) seal({ keys: part });
  for (const part of split(sources)) seal({ keys: [], sources: part });
  if (all) seal({ keys: [], all: true });
  return batches;
}

/** Groups of requests' records, each within the limits of one PutRecords call. */
export function toRequests<T extends { readonly record: RecordToPut }>(records: readonly T[]): T[][] {
  const requests: T[][] = [];
  let bytes = 0;
  for (const entry of records) {
    const size = entry.record.data.length + entry.record.partitionKey.length;
    const current = requests.at(-1);
    if (current === undefined || current.length === MAX_REQUEST_RECORDS || bytes + size > MAX_REQUEST_BYTES) {
      requests.push([entry]);
      bytes = size;
    } else {
      current.push(entry);
      bytes += size;
    }
  }
  return requests;
}

/** Everything around the list in an encoded record, with room to spare. */
const ENVELOPE_BYTES = 100;
const encoder = new TextEncoder();

function split(texts: readonly string[]): string[][] {
  const parts: string[][] = [];
  let bytes = RECORD_BYTES;
  for (const text of texts) {
    // As JSON, with its quotes and the comma after it.
    const size = encoder.encode(JSON.stringify(text)).length + 1;
    const current = parts.at(-1);
    if (current === undefined || bytes + size > RECORD_BYTES) {
      parts.push([text]);
      bytes = ENVELOPE_BYTES + size;
    } else {
      current.push(text);
      bytes += size;
    }
  }
  return parts;
}
