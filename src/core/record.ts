/**
 * The wire format of one stream record: JSON `{"keys":[…],"ts":"…"}`, shared with the Go producers and consumers, with
 * our own optional fields `sources`, `all`, `v` and `by`. Pinned by tests/unit/core/record.test.ts.
 * What a record means is decided here; a record that cannot be understood means "everything may have changed",
 * never "nothing has".
 */
import { describe, messageOf } from "../errors.js";
import { type Changed, EVERYTHING, NOTHING } from "./changed.js";
import { type DataId, parseWholeKey, toDataId } from "./data-id.js";
import { ignoreRejection } from "./ignore-rejection.js";
import { isTimestamp, isWrittenKey, keysOfWritten } from "./written-form.js";

/** What one record says has changed. */
export interface Invalidation extends Changed {
  /** Why the record could not be understood; `all` is then true. */
  readonly notUnderstood?: string;
}

/** What a user's `decode` returns for one record's data. Throwing means "not understood": the cache is flushed. */
export interface DecodedRecord {
  readonly ids?: Iterable<DataId>;
  readonly sources?: Iterable<string>;
  readonly all?: boolean;
}

/** Must not be asynchronous: a promise is not understood, and empties the cache. */
export type RecordDecoder = (data: Uint8Array) => DecodedRecord;

/** The newest version of the format this reader knows. A record of a later one flushes the cache. */
export const RECORD_VERSION = 1;

/**
 * A larger record is not read: it means everything. Parsing more in one go would hold the event loop too long; and a Kinesis
 * record is no larger than this, unless the stream was set to allow more.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
 */
export const MAX_READ_BYTES = 2 ** 20;
/** A record up to this size parses fast whatever it holds. */
const SMALL_BYTES = 2 ** 15;
/** A larger one of another form than ours may hold this many strings: more ids than a mebibyte can hold, so that they are none. */
const MAX_STRINGS = 50_000;
/** And this much that is no string: nesting, fields, and numbers take long to parse. */
const MAX_ODD_TOKENS = 5_000;
/** Names in a part: a record may hold some hundred thousand, and some take long to read. */
const NAMES_AT_ONCE = 250;
/** A record of this size is read in one go: it holds fewer than a thousand names, even of the shortest. */
const ONE_PART_BYTES = 2 ** 13;

/** A field that says nothing is left out. */
export type RecordContent = Pick<Changed, "keys"> & Partial<Changed>;

/**
 * @param publishedAtMs undefined: the record does not say
 * @param by a nonce of the environment that writes it, for `OwnRecords`; other readers ignore it */
export function encodeRecord(content: RecordContent, publishedAtMs?: number, by?: string): Uint8Array {
  const ts = publishedAtMs === undefined ? undefined : new Date(publishedAtMs).toISOString();
  return encodeJson({ ...content, ts, by });
}

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/**
 * Reads one record, with the user's decoder if there is one. Gives what it says in parts, so that whoever applies them can
 * give way to others in between; where a later part turns out not to be understood, the last one means everything. Never
 * throws.
 */
export function decodeRecord(data: Uint8Array, decode?: RecordDecoder): Iterable<Invalidation> {
  // There may be a million of these, and a generator costs more than to parse one.
  return decode === undefined && data.length <= ONE_PART_BYTES ? [inOnePart(data)] : inParts(data, decode);
}

function inOnePart(data: Uint8Array): Invalidation {
  try {
    const written = keysOfWritten(data);
    if (written !== undefined) return { ...NOTHING, keys: written };
    const { keys, sources, all } = readFields(JSON.parse(decoder.decode(data)));
    return { keys: keys.map(readKey), sources: sources.map(readSource), all };
  } catch (error) {
    return notUnderstood(error);
  }
}

function* inParts(data: Uint8Array, decode?: RecordDecoder): Generator<Invalidation> {
  try {
    yield* decode === undefined ? readJson(data) : readDecoded(decode(data));
  } catch (error) {
    yield notUnderstood(error);
  }
}

function notUnderstood(error: unknown): Invalidation {
  return { ...EVERYTHING, notUnderstood: messageOf(error) };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Says in the notice what a field, or the whole record, is instead. */
function must(fit: boolean, name: string, value: unknown): asserts fit {
  if (!fit) throw new TypeError(`"${name}" is ${describe(value)}`);
}

function* readDecoded(decoded: DecodedRecord): Generator<Invalidation> {
  // An answer that is still to come names nothing now, which must not be taken for "nothing has changed".
  if ("then" in decoded) {
    ignoreRejection(decoded);
    throw new TypeError("decode returned a promise");
  }
  const { ids = [], sources = [], all = false } = decoded;
  // Nothing is passed over in silence: other names, or one id or source in place of a list of them, are mistakes.
  const namesAny = "ids" in decoded || "sources" in decoded || "all" in decoded;
  must(namesAny || isEmptyObject(decoded), "decoded", decoded);
  must(typeof ids !== "string", "ids", ids);
  must(typeof sources !== "string", "sources", sources);
  must(typeof all === "boolean", "all", all);
  yield* byNames(
    ids,
    (id) => toDataId(id).toString(),
    [...sources].map((source) => text("sources", source)),
    all,
  );
}

/** A list, a Map or a generator in place of an object has no members either, and does not mean "nothing". */
function isEmptyObject(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object Object]" && Object.keys(value).length === 0;
}

function* readJson(data: Uint8Array): Generator<Invalidation> {
  if (data.length > MAX_READ_BYTES) throw new RangeError(`a record of ${data.length} bytes is too large to be read`);
  const written = keysOfWritten(data);
  if (written !== undefined) {
    for (let at = 0; at < written.length; at += NAMES_AT_ONCE) {
      yield { ...NOTHING, keys: written.slice(at, at + NAMES_AT_ONCE) };
    }
    return;
  }
  const json = decoder.decode(data);
  if (data.length > SMALL_BYTES) {
    mustParseFast(json);
    yield NOTHING;
  }
  const { keys, sources, all } = readFields(JSON.parse(json));
  yield* byNames(keys, readKey, sources, all);
}

/** What a record names, as it stands there. */
interface Fields {
  readonly keys: readonly unknown[];
  readonly sources: readonly unknown[];
  readonly all: boolean;
}

/** Field names match in any case, as in Go; of a field given twice in different case, both count. */
function readFields(record: unknown): Fields {
  must(typeof record === "object" && !Array.isArray(record), "record", record);
  if (record === null) return NOTHING;
  let keys: readonly unknown[] = [];
  let sources: readonly unknown[] = [];
  let all = false;
  let isOurs = false;
  for (const name in record) {
    const value = (record as Record<string, unknown>)[name];
    // Nearly every record has these two and no other, and there may be a million records.
    const field = name === "keys" || name === "ts" ? name : name.toUpperCase().toLowerCase();
    isOurs ||= field === "keys" || field === "sources" || field === "all";
    // A field that is null says nothing.
    if (value === null) continue;
    switch (field) {
      case "keys":
        keys = joined(keys, list(name, value));
        break;
      case "sources":
        sources = joined(sources, list(name, value));
        break;
      case "all":
        must(typeof value === "boolean", name, value);
        all ||= value;
        break;
      case "v":
        must(value === RECORD_VERSION, name, value);
        break;
      case "ts":
        must(isTimestamp(text(name, value)), name, value);
        break;
    }
  }
  // Somebody else's record: a change it announces in fields of its own must not be taken for nothing.
  if (!isOurs) throw new TypeError(`a record names "keys", "sources" or "all", but this is ${describe(record)}`);
  return { keys, sources, all };
}

function readKey(key: unknown): string {
  return canonicalKey(text("keys", key));
}

function readSource(source: unknown): string {
  return text("sources", source);
}

/** Reads the names one by one, some hundred to a part. */
function* byNames<T>(
  names: Iterable<T>,
  read: (name: T) => string,
  sources: readonly unknown[],
  all: boolean,
): Generator<Invalidation> {
  let part = { keys: [] as string[], sources: [] as string[], all };
  const isFull = () => part.keys.length + part.sources.length === NAMES_AT_ONCE;
  const next = () => {
    const full = part;
    part = { keys: [], sources: [], all: false };
    return full;
  };
  for (const name of names) {
    if (isFull()) yield next();
    part.keys.push(read(name));
  }
  for (const source of sources) {
    if (isFull()) yield next();
    part.sources.push(readSource(source));
  }
  yield part;
}

/** Counts the strings, and what is neither in one nor a comma. @throws RangeError where there are too many */
function mustParseFast(json: string): void {
  let strings = 0;
  let odd = 0;
  for (let at = 0; at < json.length && strings <= MAX_STRINGS && odd <= MAX_ODD_TOKENS; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at);
      strings++;
    } else if (code > SPACE && code !== COMMA) odd++;
  }
  if (strings > MAX_STRINGS || odd > MAX_ODD_TOKENS) {
    throw new RangeError("a record of this form is too large to be read");
  }
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** Where the string that begins at `start` ends. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (end > 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end < 0 ? json.length : end;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

function list(name: string, value: unknown): unknown[] {
  must(Array.isArray(value), name, value);
  return value;
}

function joined(before: readonly unknown[], more: readonly unknown[]): readonly unknown[] {
  return before.length === 0 ? more : [...before, ...more];
}

function text(name: string, value: unknown): string {
  must(typeof value === "string", name, value);
  return value;
}

/**
 * Any other key is read and written again, so that a producer that escapes differently still hits the entry.
 * A key that is no data id may have been meant for any of ours: it throws.
 */
function canonicalKey(key: string): string {
  return isWrittenKey(key) ? key : parseWholeKey(key).toString();
}
