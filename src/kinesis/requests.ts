/**
 * Fills PutRecords requests with as many records as Kinesis's limits allow.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
 */
import { inGroups } from "../core/publishing/batching.js";
import type { RecordToPut } from "./stream-api.js";

/** Records in one PutRecords request. */
export const MAX_REQUEST_RECORDS = 500;
/** Data and partition keys of one PutRecords request. */
export const MAX_REQUEST_BYTES = 10 * 2 ** 20;
/** Data and partition key of one record, unless the stream was set to allow more. */
export const MAX_RECORD_BYTES = 2 ** 20;
/** Characters of a partition key we write, at most. */
export const PARTITION_KEY_LENGTH = 32;
/** One PUT payload unit, what Kinesis bills as one. https://aws.amazon.com/kinesis/data-streams/pricing/ */
export const PAYLOAD_UNIT_BYTES = 25_600;

/** Groups of requests' records, each within the limits of one PutRecords call, in order. */
export function toRequests(records: readonly RecordToPut[]): RecordToPut[][] {
  const bytesOf = ({ data, partitionKey }: RecordToPut) => data.length + partitionKey.length;
  return inGroups(records, bytesOf, MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS);
}
