/**
 * The change records of tests/vectors/cdc-records.json, and whether a decoder makes of one what it must. Shared by the tests
 * and by `npm run vectors`. The outcomes: `rows`: exactly these rows' ids go; `table`: every source made of the table goes;
 * `nothing`; `flush`: the decoder throws, so that everything goes; `own`: these ids, of a record of scache's own.
 */
import { readFileSync } from "node:fs";
import {
  type ChangeDecoder,
  ChangeRecordError,
  type DecodedRecord,
  fromDebezium,
  fromDms,
  fromDsql,
  fromDynamoDb,
  type Row,
  type Tables,
} from "../../src/cdc/index.js";

type Texts = Readonly<Record<string, string>>;

export interface Expected {
  readonly outcome: "rows" | "table" | "nothing" | "flush" | "own";
  readonly table?: string;
  readonly keys?: readonly Texts[];
  /** Where no key can be told. */
  readonly keyColumns?: readonly string[];
  /** Null: there is no such row. `"unknown"`: the source goes as a whole. */
  readonly lookup?: { readonly column: string; readonly old: string | null; readonly new: string | null };
  readonly ids?: readonly { readonly source: string; readonly id: string }[];
}

export interface Sample {
  readonly id: string;
  readonly format: string;
  readonly note: string;
  /** What the user has told the decoder. */
  readonly options?: { oldImage?: "full"; beforeImage?: string; keysNeverChange?: boolean };
  readonly record?: object;
  readonly text?: string;
  readonly base64?: string;
  readonly expected: Expected;
}

export function changeVectors(file: string | URL = OURS): readonly Sample[] {
  return (JSON.parse(readFileSync(file, "utf8")) as { samples: Sample[] }).samples;
}

const OURS = new URL("../vectors/cdc-records.json", import.meta.url);

export function dataOf({ record, text, base64 }: Sample): Uint8Array {
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  return new TextEncoder().encode(text ?? JSON.stringify(record));
}

/** The decoders that must agree on a sample: of its format, or any where none is named. */
export function decodersOf({ format, options = {} }: Sample, tables: Tables): readonly ChangeDecoder[] {
  const debezium = fromDebezium(tables, options.oldImage === undefined ? {} : { oldImage: options.oldImage });
  switch (format) {
    case "dynamodb-kinesis":
    case "dynamodb-streams":
    case "eventbridge-pipes":
      return [fromDynamoDb(tables)];
    case "dms":
      return [fromDms(tables, options)];
    case "debezium":
    case "debezium-mongodb":
      return [debezium];
    case "debezium-flattened":
      return [fromDebezium(tables, { flattened: true })];
    case "dsql":
      return [fromDsql(tables)];
    default:
      return [fromDynamoDb(tables), fromDms(tables), debezium, fromDsql(tables)];
  }
}

const KEY = "rows by key";
const VALUE = "rows by value";
const LIST = "list of rows";

const keyText = (columns: readonly string[], row: Row | Texts) => columns.map((column) => row[column]).join("/");

/** A user's tables as the sample needs them. */
export function tablesFor({ expected }: Sample): Tables {
  const { table = "*", keys = [], keyColumns, lookup } = expected;
  const columns = Object.keys(keys[0] ?? {}).concat(keyColumns ?? []);
  const sources = {
    byKey: { [KEY]: columns.length === 1 ? (columns[0] ?? "") : (row: Row) => keyText(columns, row) },
    byValue: lookup === undefined ? {} : { [VALUE]: lookup.column },
    whole: [LIST],
  };
  return Object.fromEntries([[table, sources]]);
}

/** What is wrong with a decoder's answer; undefined when nothing is. */
export function disagreement(
  sample: Sample,
  decode: ChangeDecoder,
  record: Uint8Array | string | object,
): string | undefined {
  const answer = answerOf(() => decode(record));
  const [wanted, got] = [wantedOf(sample), answer].map((each) => JSON.stringify(each));
  return wanted === got ? undefined : `wanted ${wanted}, got ${got}`;
}

type Answer = string | { readonly ids: readonly string[]; readonly sources: readonly string[]; readonly all: boolean };

function answerOf(decode: () => DecodedRecord): Answer {
  try {
    const { ids = [], sources = [], all = false } = decode();
    return { ids: [...ids].map(({ source, id }) => `${source}: ${id}`).sort(), sources: [...sources].sort(), all };
  } catch (error) {
    return error instanceof ChangeRecordError ? "flush" : `threw ${String(error)}`;
  }
}

function wantedOf({ expected }: Sample): Answer {
  const { outcome, keys = [], lookup, ids = [] } = expected;
  switch (outcome) {
    case "flush":
      return "flush";
    case "nothing":
      return { ids: [], sources: [], all: false };
    case "own":
      return { ids: ids.map(({ source, id }) => `${source}: ${id}`), sources: [], all: false };
    case "table":
      return { ids: [], sources: [LIST, KEY, ...(lookup ? [VALUE] : [])].sort(), all: false };
    case "rows": {
      const columns = Object.keys(keys[0] ?? {});
      const values = [lookup?.old, lookup?.new].filter((value) => typeof value === "string");
      const isKnown = !values.includes("unknown");
      const named = [
        ...keys.map((row) => `${KEY}: ${keyText(columns, row)}`),
        ...(isKnown ? values.map((value) => `${VALUE}: ${value}`) : []),
      ];
      return { ids: [...new Set(named)].sort(), sources: isKnown ? [LIST] : [LIST, VALUE].sort(), all: false };
    }
  }
}
