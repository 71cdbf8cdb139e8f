/**
 * What every decoder of change records does alike: it takes a record as bytes, text or an event's object, bounds it, parses
 * it without losing a digit, and reads scache's own records, too, since `context.cache.invalidate` writes those to the very
 * stream that change records arrive on. What a format's own part makes nothing of is refused here, and nothing is skipped.
 * Decoders are pure: no clock, no chance, no state from one record to the next.
 */
import { parseDataId } from "../core/data-id.js";
import { type DecodedRecord, encodeJson } from "../core/record.js";
import { ChangeRecordError, describe } from "../errors.js";
import { NotRead, parseExact } from "./numbers.js";
import { wholeRecord } from "./whole-record.js";

/**
 * Reads one change record: the data of a Kinesis record as bytes or text, or a record as a Lambda function is given it, of a
 * Kinesis or DynamoDB event source or of EventBridge Pipes. It fits the option `decode`.
 * @throws ChangeRecordError where anything may have changed, with what to do about it
 */
export type ChangeDecoder = (record: Uint8Array | string | object) => DecodedRecord;

/** A JSON object, whatever it says. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Format {
  /** As messages name it: "a DMS record". */
  readonly name: string;
  /** For whoever sent something else: what to check. */
  readonly advice: string;
  /** What a record says. Undefined for what is no record of the format. `mark` begins the texts of exact numbers. */
  read(record: Fields, mark: string): DecodedRecord | undefined;
  /** What a record of no bytes says, or JSON's null. Without it they are refused. */
  empty?(): DecodedRecord;
}

/**
 * Records beyond this are refused unread, which flushes. A decoder is synchronous, `JSON.parse` cannot be interrupted, and
 * nobody may be kept from their work for more than 20 ms: the worst shapes of this size take as much in a process that has
 * just started, and a quarter of it later (`npm run fuzz` has them). A quick look for the name of the table alone was weighed:
 * one has to know that a record is whole, and is one record, to trust any name in it, which only reading all of it tells,
 * and a wrong name leaves stale entries, where a flush costs a load for each.
 */
export const MAX_CHANGE_BYTES = 2 ** 19;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const BYTE_ORDER_MARK = "\uFEFF";

export function createDecoder(format: Format): ChangeDecoder {
  return (record) => {
    const data = dataOf(record);
    const { value, mark } = isWritten(data) ? parsed(data, format) : { value: data as unknown, mark: "" };
    if (value === null && format.empty) return format.empty();
    if (!isFields(value)) throw refusal(format, value);
    return format.read(value, mark) ?? readOwn(value, data) ?? refuse(format, value);
  };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A property of the object's own, and undefined where there is none: `__proto__` is a name like any other. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** A text that says something. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = own(fields, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function fieldsIn(fields: Fields, name: string): Fields | undefined {
  const value = own(fields, name);
  return isFields(value) ? value : undefined;
}

type Written = Uint8Array | string;

function isWritten(data: Written | object): data is Written {
  return typeof data === "string" || ArrayBuffer.isView(data);
}

/** Of a Kinesis event's record, or one of EventBridge Pipes, what the stream's record holds; else what was given. */
function dataOf(record: Written | object): Written | object {
  if (isWritten(record) || !isFields(record)) return record;
  const kinesis = fieldsIn(record, "kinesis") ?? (own(record, "eventSource") === "aws:kinesis" ? record : undefined);
  const data = kinesis && own(kinesis, "data");
  if (typeof data !== "string") return record;
  bound(Math.floor((data.length * 3) / 4) - 2);
  return Buffer.from(data, "base64");
}

function bound(bytes: number): void {
  if (bytes <= MAX_CHANGE_BYTES) return;
  throw new ChangeRecordError(
    `a record of ${bytes} bytes is too large to be read without holding up everything else. Leave out the columns that no id is made of, or relay the changes to a log of ids`,
  );
}

function parsed(data: Written, format: Format): { readonly value: unknown; readonly mark: string } {
  bound(typeof data === "string" ? data.length : data.byteLength);
  try {
    const text = typeof data === "string" ? data : decoder.decode(data);
    // A decoder of bytes has dropped it already.
    const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    if (json === "" && format.empty) return { value: null, mark: "" };
    return parseExact(json);
  } catch (error) {
    const why = error instanceof NotRead ? error.message : "it is not UTF-8";
    throw new ChangeRecordError(`expected ${format.name}, but ${why}. ${format.advice}`);
  }
}

function refusal(format: Format, value: unknown): ChangeRecordError {
  // Of an object its fields are named; what is in them, or in a record that is none, is anybody's data.
  const got = isFields(value) ? describe(value) : `JSON of another kind (${typeof value})`;
  return new ChangeRecordError(`expected ${format.name}, but got ${got}. ${format.advice}`);
}

function refuse(format: Format, value: unknown): never {
  throw refusal(format, value);
}

/** Undefined for what is no record of scache's. */
function readOwn(fields: Fields, data: Written | object): DecodedRecord | undefined {
  if (!isOwn(fields)) return undefined;
  const { keys, sources, all, notUnderstood } = wholeRecord(bytesOf(data));
  if (notUnderstood !== undefined) throw new ChangeRecordError(`a record of scache's own: ${notUnderstood}`);
  return { ids: keys.map((key) => parseDataId(key)), sources, all };
}

function bytesOf(data: Written | object): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  return isWritten(data) ? data : encodeJson(data);
}

// Names match in any case, as where such a record is read.
const SAYS_WHAT = /^(?:keys|sources|all)$/iu;
const SAYS_WHEN = /^ts$/iu;
const OF_OURS = /^(?:keys|sources|all|v|ts|by)$/iu;

/** A row may have a column called `keys` or `all`, but hardly one called `ts` as well, or no other than those. */
function isOwn(fields: Fields): boolean {
  const names = Object.keys(fields);
  if (!names.some((name) => SAYS_WHAT.test(name))) return false;
  return names.some((name) => SAYS_WHEN.test(name)) || names.every((name) => OF_OURS.test(name));
}
