/**
 * What a relay is invoked with: the records of a Kinesis or DynamoDB event source, or of EventBridge Pipes, each with its data,
 * the number by which it is reported, and when it was written. Nothing here decides what a record means.
 */
import { type Fields, fieldsIn, isFields, own, textIn } from "./decoder.js";

/** An event of a Kinesis or DynamoDB event source, or the list of records that a pipe passes on. */
export type RelayEvent = { readonly Records: readonly object[] } | readonly object[];

/** One record of an event. */
export interface RelayRecord {
  /** What a reader of the stream would be given. */
  readonly data: Uint8Array;
  /** What it is reported by; empty when it has none, which stands for the whole batch. */
  readonly sequenceNumber: string;
  /** The service it is of, where it says so: `aws:kinesis`. */
  readonly service: string | undefined;
  readonly writtenAtMs: number | undefined;
  /** The stream or table it came from. */
  readonly source: string | undefined;
}

/** @throws TypeError for what is no such event: whoever invoked it is told */
export function recordsOf(event: RelayEvent): readonly RelayRecord[] {
  const records: unknown = Array.isArray(event) ? event : Object(event).Records;
  if (!Array.isArray(records)) throw new TypeError("scache: a relay takes Kinesis and DynamoDB stream events");
  return records.map((record) => relayRecord(isFields(record) ? record : {}));
}

const encoder = new TextEncoder();
/** Of an event that somebody made up it could be anything, and is put into the log. */
const SERVICE = /^aws:[a-z0-9-]{1,30}$/;

function relayRecord(record: Fields): RelayRecord {
  const source = /:(?:stream|table)\/([^/]+)/.exec(textIn(record, "eventSourceARN") ?? "")?.[1];
  const named = textIn(record, "eventSource");
  const service = named !== undefined && SERVICE.test(named) ? named : undefined;
  const item = fieldsIn(record, "dynamodb");
  if (item !== undefined) {
    // As a pipe would have written it to a stream: decoders of bytes read it, too.
    const data = encoder.encode(JSON.stringify(record));
    const sequenceNumber = textIn(item, "SequenceNumber") ?? "";
    const writtenAtMs = milliseconds(own(item, "ApproximateCreationDateTime"));
    return { data, sequenceNumber, service, writtenAtMs, source };
  }
  // A pipe has the fields of a Kinesis record beside those of the event.
  const kinesis = fieldsIn(record, "kinesis") ?? record;
  const data = Buffer.from(textIn(kinesis, "data") ?? "", "base64");
  const sequenceNumber = textIn(kinesis, "sequenceNumber") ?? "";
  const writtenAtMs = milliseconds(own(kinesis, "approximateArrivalTimestamp"));
  return { data, sequenceNumber, service, writtenAtMs, source };
}

/** Times come in seconds, with or without a fraction; Kinesis Data Streams for DynamoDB has finer ones. */
function milliseconds(time: unknown): number | undefined {
  if (typeof time !== "number" || !Number.isFinite(time)) return undefined;
  if (time < 1e11) return time * 1_000;
  return time < 1e14 ? time : time / 1_000;
}
