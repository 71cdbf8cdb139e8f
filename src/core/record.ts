/**
 * The wire format of one stream record: JSON `{"keys":[…],"ts":"…"}`, shared with the Go producers and consumers, with
 * our own optional fields `sources`, `all` and `v`. Pinned by tests/unit/core/record.test.ts.
 * What a record means is decided here; a record that cannot be understood means "everything may have changed",
 * never "nothing has".
 */
import { describe, messageOf } from "../errors.js";
import { type Changed, changedData, EVERYTHING, NOTHING } from "./changed.js";
import { type DataId, parseDataId } from "./data-id.js";

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

export type RecordDecoder = (data: Uint8Array) => DecodedRecord;

/** The newest version of the format this reader knows. A record of a later one flushes the cache. */
export const RECORD_VERSION = 1;

/** The largest record this package writes: one PUT payload unit, what Kinesis bills as one (25 KB). */
export const RECORD_BYTES = 25_600;

/** A field that says nothing is left out. */
export type RecordContent = Pick<Changed, "keys"> & Partial<Changed>;

export function encodeRecord(content: RecordContent, publishedAtMs: number): Uint8Array {
  return encodeJson({ ...content, ts: new Date(publishedAtMs).toISOString() });
}

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** Reads one record: with the user's decoder, if there is one. Never throws. */
export function decodeRecord(data: Uint8Array, decode?: RecordDecoder): Invalidation {
  try {
    return decode === undefined ? readJson(data) : readDecoded(decode(data));
  } catch (error) {
    return { ...EVERYTHING, notUnderstood: messageOf(error) };
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Says in the notice what a field, or the whole record, is instead. */
function must(fit: boolean, name: string, value: unknown): asserts fit {
  if (!fit) throw new TypeError(`"${name}" is ${describe(value)}`);
}

function readDecoded(decoded: DecodedRecord): Invalidation {
  // An answer that is still to come names nothing now, which must not be taken for "nothing has changed".
  if ("then" in decoded) throw new TypeError("decode returned a promise");
  const { ids = [], sources = [], all = false } = decoded;
  // Nothing is passed over in silence: other names, or one id or source in place of a list of them, are mistakes.
  must(
    "ids" in decoded || "sources" in decoded || "all" in decoded || !Object.keys(decoded).length,
    "decoded",
    decoded,
  );
  must(typeof ids !== "string", "ids", ids);
  must(typeof sources !== "string", "sources", sources);
  must(typeof all === "boolean", "all", all);
  return { ...changedData([...ids]), sources: [...sources].map((source) => text("sources", source)), all };
}

/** Field names match in any case, as in Go; of a field given twice in different case, both count. */
function readJson(data: Uint8Array): Invalidation {
  const record: unknown = JSON.parse(decoder.decode(data));
  must(typeof record === "object" && !Array.isArray(record), "record", record);
  let { keys, sources, all } = NOTHING;
  for (const name of Object.keys(record ?? {})) {
    const value = (record as Record<string, unknown>)[name];
    // A field that is null was not given.
    if (value === null) continue;
    // Nearly every record has these two and no other, and there may be a million records.
    switch (name === "keys" || name === "ts" ? name : name.toUpperCase().toLowerCase()) {
      case "keys":
        keys = joined(keys, name, value, canonicalKey);
        break;
      case "sources":
        sources = joined(sources, name, value, String);
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
  return { keys, sources, all };
}

/** What came before, and a list of strings, each of them read; null entries are empty strings, as in Go. */
function joined(
  before: readonly string[],
  name: string,
  value: unknown,
  read: (entry: string) => string,
): readonly string[] {
  must(Array.isArray(value), name, value);
  const entries = value.map((entry) => read(entry === null ? "" : text(name, entry)));
  return before.length === 0 ? entries : [...before, ...entries];
}

function text(name: string, value: unknown): string {
  must(typeof value === "string", name, value);
  return value;
}

/** Keys without escapes are written in one way only. */
const PLAIN_KEY = /^id=[\w\-.~+]*&s=[\w\-.~+]*&t=data\.ID$/;

/**
 * Any other key is read and written again, so that a producer that escapes differently still hits the entry.
 * A key that is no data id may have been meant for any of ours: it throws.
 */
function canonicalKey(key: string): string {
  return PLAIN_KEY.test(key) ? key : parseDataId(key).toString();
}

/** But for the days from the 29th on, of which not every month has all. */
const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?!00)\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function isTimestamp(value: string): boolean {
  if (!RFC_3339.test(value)) return false;
  const day = value.slice(8, 10);
  // One that a month does not have is taken for one of the next, or for none.
  return day < "29" || new Date(value.slice(0, 10)).getUTCDate() === Number(day);
}
