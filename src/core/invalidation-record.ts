/**
 * The wire format of one stream record: JSON `{"keys":[…],"ts":"…"}`, shared with the Go producers and consumers, with
 * our own optional fields `sources`, `all` and `v`. Pinned by tests/unit/core/invalidation-record.test.ts.
 * What a record means is decided here; a record that cannot be understood means "everything may have changed",
 * never "nothing has".
 */
import { describe } from "../errors.js";
import { type DataId, parseDataId, toDataId } from "./data-id.js";

/** What one record says has changed. */
export interface Invalidation {
  /** Canonical wire keys. */
  readonly keys: readonly string[];
  readonly sources: readonly string[];
  readonly all: boolean;
  /** Why the record could not be understood; `all` is then true. */
  readonly notUnderstood?: string;
}

/** What a user's `decode` returns for one record's data. Throwing means "not understood": the cache is flushed. */
export interface DecodedRecord {
  readonly ids?: Iterable<DataId>;
  readonly sources?: Iterable<string>;
  readonly all?: boolean;
}

export type RecordDecoder = (data: Uint8Array) => DecodedRecord;

/** The newest version of the format this reader knows. A record of a later one flushes the cache. */
export const RECORD_VERSION = 1;

/** The largest record this package writes: one PUT payload unit, what Kinesis bills as one (25 KB). */
export const RECORD_BYTES = 25_600;

export interface RecordContent {
  readonly keys: readonly string[];
  readonly sources?: readonly string[];
  readonly all?: boolean;
}

export function encodeRecord(content: RecordContent, publishedAtMs: number): Uint8Array {
  const { keys, sources, all } = content;
  const record = {
    keys,
    ...(sources !== undefined && sources.length > 0 ? { sources } : {}),
    ...(all === true ? { all } : {}),
    ts: new Date(publishedAtMs).toISOString(),
  };
  return encoder.encode(JSON.stringify(record));
}

/** Reads one record with the built-in format. Never throws. */
export function decodeRecord(data: Uint8Array): Invalidation {
  try {
    return readRecord(JSON.parse(decoder.decode(data)));
  } catch (error) {
    return notUnderstood(error);
  }
}

/** Reads one record with a user's decoder. Never throws. */
export function decodeWith(decode: RecordDecoder, data: Uint8Array): Invalidation {
  try {
    const { ids, sources, all = false } = notPromised(decode(data));
    if (typeof all !== "boolean") throw new TypeError(`"all" is ${describe(all)}`);
    return {
      keys: items("ids", ids).map((id) => toDataId(id).toString()),
      sources: items("sources", sources).map((source) => text("a source", source)),
      all,
    };
  } catch (error) {
    return notUnderstood(error);
  }
}

/** An answer that is still to come names nothing now, which must not be taken for "nothing has changed". */
function notPromised(decoded: DecodedRecord): DecodedRecord {
  if ("then" in decoded) throw new TypeError("decode returned a promise");
  return decoded;
}

/** Nothing is passed over in silence: one id or source in place of a list of them is a mistake. */
function items<T>(name: string, given: Iterable<T> | undefined): T[] {
  if (given === undefined) return [];
  if (typeof given === "string") throw new TypeError(`"${name}" is ${describe(given)}`);
  return [...given];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function notUnderstood(error: unknown): Invalidation {
  return { keys: [], sources: [], all: true, notUnderstood: error instanceof Error ? error.message : describe(error) };
}

const FIELDS: ReadonlySet<string> = new Set(["keys", "sources", "all", "v", "ts"]);

/** Field names match in any case, as in Go; of a field given twice in different case, both count. */
function readRecord(record: unknown): Invalidation {
  let keys = NONE;
  let sources = NONE;
  let all = false;
  if (record === null) return { keys, sources, all };
  if (typeof record !== "object" || Array.isArray(record)) throw new TypeError(`not a record: ${describe(record)}`);
  for (const name of Object.keys(record)) {
    const value: unknown = Reflect.get(record, name);
    switch (FIELDS.has(name) ? name : name.toUpperCase().toLowerCase()) {
      case "keys":
        keys = joined(keys, list("keys", value, canonicalKey));
        break;
      case "sources":
        sources = joined(
          sources,
          list("sources", value, (source) => source),
        );
        break;
      case "all":
        if (typeof value !== "boolean" && value !== null) throw new TypeError(`"all" is ${describe(value)}`);
        all ||= value === true;
        break;
      case "v":
        if (value !== null && value !== RECORD_VERSION) throw new TypeError(`version ${describe(value)} is not known`);
        break;
      case "ts":
        if (value !== null && !(typeof value === "string" && isTimestamp(value))) {
          throw new TypeError(`"ts" is ${describe(value)}`);
        }
        break;
    }
  }
  return { keys, sources, all };
}

/** Shared by the many records that name no source: a backlog is read as a whole before it is applied. */
const NONE: readonly string[] = Object.freeze([]);

function joined(first: readonly string[], second: readonly string[]): readonly string[] {
  return first.length === 0 ? second : [...first, ...second];
}

/** A list of strings, each of them read; null entries are empty strings, as in Go. */
function list(name: string, value: unknown, read: (entry: string) => string): readonly string[] {
  if (value === null) return NONE;
  if (!Array.isArray(value)) throw new TypeError(`"${name}" is ${describe(value)}`);
  return value.map((entry) => {
    if (typeof entry !== "string" && entry !== null) throw new TypeError(`an entry of "${name}" is ${describe(entry)}`);
    return read(entry ?? "");
  });
}

function text(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} is ${describe(value)}`);
  return value;
}

/** Keys without escapes are written in one way only. */
const PLAIN_KEY = /^id=[A-Za-z0-9\-_.~+]*&s=[A-Za-z0-9\-_.~+]*&t=data\.ID$/;

/**
 * Any other key is read and written again, so that a producer that escapes differently still hits the entry.
 * A key that is no data id may have been meant for any of ours: it throws.
 */
function canonicalKey(key: string): string {
  return PLAIN_KEY.test(key) ? key : parseDataId(key).toString();
}

const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function isTimestamp(value: string): boolean {
  if (!RFC_3339.test(value)) return false;
  const day = Number(value.slice(8, 10));
  return day <= 28 || day <= daysIn(Number(value.slice(0, 4)), Number(value.slice(5, 7)));
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
