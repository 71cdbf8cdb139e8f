/**
 * Change records as large as Kinesis takes, and as large as is read, of the shapes that make parsers slow. A decoder cannot
 * be interrupted, and none may hold up the event loop for more than 20 ms: of the processor's time, since a machine that does
 * other things as well says nothing of a decoder.
 */

import { MAX_CHANGE_BYTES } from "../../src/cdc/decoder.js";
import { type ChangeDecoder, fromDebezium, fromDms, fromDsql, fromDynamoDb } from "../../src/cdc/index.js";

/** What a record of Kinesis holds at most. */
const LARGEST_BYTES = 10 * 2 ** 20;
const MOST_MS = 20;
/** The first runs are of code that is not compiled yet. */
const RUNS = 7;

const TABLES = { "*": { byKey: { "s.id": "id" }, byValue: { "s.x": "x" }, whole: ["s.list"] } } as const;
const DECODERS: Readonly<Record<string, ChangeDecoder>> = {
  dynamodb: fromDynamoDb(TABLES),
  dms: fromDms(TABLES),
  debezium: fromDebezium(TABLES),
  flattened: fromDebezium(TABLES, { flattened: true }),
  dsql: fromDsql(TABLES),
};

const row = (format: string, value: string): string => {
  switch (format) {
    case "dynamodb":
      return `{"tableName":"t","eventName":"INSERT","dynamodb":{"Keys":{"id":{"N":"1"}},"NewImage":{"x":{"L":[${value}]}}}}`;
    case "dms":
      return `{"data":{"id":1,"x":${value}},"metadata":{"record-type":"data","operation":"insert","table-name":"t"}}`;
    case "flattened":
      return `{"id":1,"x":${value},"__op":"c","__table":"t"}`;
    default:
      return `{"type":"full","before":null,"after":{"id":1,"x":${value}},"source":{"connector":"mysql","table":"t"},"op":"c"}`;
  }
};

const many = (piece: string, bytes: number) => piece.repeat(Math.max(0, Math.floor(bytes / piece.length)));
const listOf = (entry: string, bytes: number) => `[${many(`${entry},`, bytes)}1]`;

/** Each makes a value of about so many bytes. */
const SHAPES: Readonly<Record<string, (bytes: number) => string>> = {
  "a long text": (bytes) => `"${many("a", bytes)}"`,
  "a text of escaped quotes": (bytes) => `"${many('\\"', bytes)}"`,
  "a text of escapes": (bytes) => `"${many("\\u0001\\u0000", bytes)}"`,
  "long numbers": (bytes) => listOf("12345678901234567", bytes),
  "decimal numbers": (bytes) => listOf("1.5", bytes),
  "numbers with exponents": (bytes) => listOf("1e1", bytes),
  "one number": (bytes) => many("1", bytes),
  "small numbers": (bytes) => listOf("1", bytes),
  "empty objects": (bytes) => listOf("{}", bytes),
  "short texts": (bytes) => listOf('"a"', bytes),
  "nested lists": (bytes) => many("[", bytes / 2) + many("]", bytes / 2),
  "nested objects": (bytes) => `${many('{"a":', bytes / 6)}1${many("}", bytes / 6 / 5)}`,
  "many columns": (bytes) =>
    `{${Array.from({ length: Math.floor(bytes / 18) }, (_, index) => `"c${index}":${index}`).join(",")}}`,
  "minus signs": (bytes) => many("-", bytes),
  quotes: (bytes) => many('"', bytes),
  "white space": (bytes) => many(" ", bytes),
  "as many values as are read": () => listOf('"a"', 4 * 9_000),
  "as many columns as are read": () =>
    `{${Array.from({ length: 4_900 }, (_, index) => `"c${index}":${index}.5`).join(",")}}`,
};

export interface LargeChange {
  readonly name: string;
  readonly ms: number;
  readonly slow: boolean;
}

/** The slowest decoder of each shape and size. */
export function measureLargeChanges(): LargeChange[] {
  return Object.entries(SHAPES).flatMap(([shape, make]) =>
    [MAX_CHANGE_BYTES, LARGEST_BYTES].map((bytes) => {
      const times = Object.entries(DECODERS).map(([format, decode]) => fastest(decode, row(format, make(bytes - 300))));
      const ms = Math.max(...times);
      return { name: `a change of ${bytes} bytes: ${shape}`, ms, slow: ms > MOST_MS };
    }),
  );
}

function fastest(decode: ChangeDecoder, text: string): number {
  const data = new TextEncoder().encode(text);
  let bestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS && bestMs > MOST_MS / 4; run++) {
    const before = process.cpuUsage();
    try {
      decode(data);
    } catch {
      // Refused, which has its own tests: here it only has to be quick.
    }
    const { user, system } = process.cpuUsage(before);
    bestMs = Math.min(bestMs, (user + system) / 1_000);
  }
  return bestMs;
}
