/**
 * What must hold for every change record, whoever wrote it: a decoder throws its own error or says something sound; what a
 * change leaves out is made up for; and nothing depends on how records are cut into batches. Shared by a slice in the
 * tests and by `npm run fuzz`.
 */
import fc from "fast-check";
import {
  type ChangeDecoder,
  ChangeRecordError,
  fromDebezium,
  fromDms,
  fromDsql,
  fromDynamoDb,
  type IdOf,
  type Row,
  type Tables,
} from "../../src/cdc/index.js";
import type { Invalidation } from "../../src/core/record.js";
import { changeVectors, dataOf } from "../support/change-vectors.js";
import { readWhole } from "../support/read-whole.js";
import { junk } from "./inputs.js";
import type { Property } from "./properties.js";

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const MAKE: readonly ((tables: Tables) => ChangeDecoder)[] = [
  fromDynamoDb,
  fromDms,
  (tables) => fromDms(tables, { oldImage: "full", keysNeverChange: true }),
  fromDebezium,
  (tables) => fromDebezium(tables, { oldImage: "full" }),
  (tables) => fromDebezium(tables, { flattened: true }),
  fromDsql,
];
const make = fc.constantFrom(...MAKE);

/** What a user may write for the id of a row, mistakes among them. */
const idOf: fc.Arbitrary<IdOf> = fc.oneof(
  fc.constantFrom("id", "name", "__proto__", "constructor"),
  junk.map((value) => () => value as string),
  junk.map((value) => () => {
    throw value;
  }),
  fc.constantFrom<IdOf>(
    (row: Row) => `${row.id}/${row.name}`,
    (row: Row) => Object.keys(row),
    (row: Row) => ("name" in row ? row.name : undefined),
    (row: Row) => [row.id ?? "", `${Reflect.get(row, "__proto__")}`],
  ),
);
const tableName = fc.constantFrom("t", "public.t", "*", "__proto__", "constructor", "customers", "foo");
const sourceName = fc.constantFrom("a", "b", "__proto__", "toString");
const named = <T>(value: fc.Arbitrary<T>) =>
  fc
    .array(fc.tuple(sourceName, value), { maxLength: 3 })
    .map((entries): Record<string, T> => Object.fromEntries(entries));
const tables: fc.Arbitrary<Tables> = fc
  .array(
    fc.tuple(
      tableName,
      fc.oneof(
        fc.constant("ignore" as const),
        fc.record({ byKey: named(idOf), byValue: named(idOf), whole: fc.array(sourceName) }, { requiredKeys: [] }),
      ),
    ),
  )
  .map((entries) => Object.fromEntries(entries));

const recorded = fc.constantFrom(...changeVectors());
const recordedData = recorded.map(dataOf);
const words = fc.constantFrom(
  ..."op before after source table schema db connector payload metadata data control record-type operation".split(" "),
  ..."table-name schema-name eventName dynamodb Keys NewImage OldImage tableName type ddl tableChanges id keys ts".split(
    " ",
  ),
  ..."c u d r t m x insert update MODIFY full chunked mysql mongodb collection postgresql S N __table __op __proto__".split(
    " ",
  ),
  "constructor",
);
/** JSON of the words that change records are made of. */
const nearly = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    words,
    fc.constantFrom(null, true, 0, 1, -1.5, "", "1"),
    tie("object"),
    fc.array(tie("value"), { maxLength: 2 }),
  ),
  object: fc.array(fc.tuple(words, tie("value")), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
})).object as fc.Arbitrary<object>;
const damaged = fc
  .tuple(recordedData, fc.nat(), fc.nat(255))
  .map(([data, at, byte]) => (data.length === 0 ? data : new Uint8Array(data).with(at % data.length, byte)));
/** A recorded change with another value for one of its fields, wherever that is. */
const altered = fc.tuple(recorded, fc.nat(), fc.oneof(fc.jsonValue(), words)).map(([sample, at, value]) => {
  const copy = JSON.parse(JSON.stringify(sample.record ?? {})) as object;
  const places: (() => void)[] = [];
  const visit = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const name of Object.keys(node)) {
      places.push(() => Object.defineProperty(node, name, { value, enumerable: true }));
      visit(Reflect.get(node, name));
    }
  };
  visit(copy);
  places[at % Math.max(1, places.length)]?.();
  return copy;
});
const anyRecord: fc.Arbitrary<Uint8Array | string | object> = fc.oneof(
  recordedData,
  damaged,
  altered,
  altered.map((record) => JSON.stringify(record)),
  nearly,
  fc.json(),
  fc.uint8Array(),
  junk.filter((value): value is object => typeof value === "object" && value !== null),
);

type Said = Pick<Invalidation, "keys" | "sources" | "all">;

const unionOf = (all: readonly Said[]): string => {
  const keys = new Set(all.flatMap((each) => each.keys));
  const sources = new Set(all.flatMap((each) => each.sources));
  return JSON.stringify([[...keys].sort(), [...sources].sort(), all.some((each) => each.all)]);
};
const objectKeys = Reflect.ownKeys(Object.prototype).length;

/** Only the decoder's own error passes for "not understood". */
function soundly(decode: ChangeDecoder): ChangeDecoder {
  return (record) => {
    try {
      return decode(record);
    } catch (error) {
      holds(error instanceof ChangeRecordError, `an error that is not documented: ${String(error)}`);
      throw error;
    }
  };
}

export const CHANGE_PROPERTIES: readonly Property[] = [
  {
    name: "any change record says something sound, or is refused with the documented error",
    weight: 5,
    property: fc.property(make, tables, anyRecord, (of, said, record) => {
      const decode = soundly(of(said));
      const read = readWhole(new Uint8Array(), () => decode(record));
      holds(read.notUnderstood === undefined || read.all, "what is not understood drops everything");
      holds(Reflect.ownKeys(Object.prototype).length === objectKeys, "Object.prototype is as it was");
      const again = readWhole(new Uint8Array(), () => decode(record));
      holds(unionOf([read]) === unionOf([again]), "a record read twice says the same");
    }),
  },
  {
    name: "changes that are cut, repeated or put in another order say the same together",
    weight: 1,
    property: fc.property(
      make,
      tables,
      fc.array(recordedData, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (of, said, records, order) => {
        const decode = of(said);
        const read = (data: Uint8Array) => readWhole(data, decode);
        const others = [...order.map((at) => records[at % records.length] ?? records[0]), ...[...records].reverse()];
        holds(unionOf(records.map(read)) === unionOf(others.map((data) => read(data as Uint8Array))), "the same union");
      },
    ),
  },
  {
    name: "a table of another name is refused, an ignored one says nothing, any other name has the same said of it",
    weight: 1,
    property: fc.property(make, recorded, sourceName, (of, sample, source) => {
      const { expected } = sample;
      if (expected.table === undefined) return;
      const data = dataOf(sample);
      const byKey = Object.fromEntries([[source, "id"]]);
      const read = (said: Tables) => readWhole(data, soundly(of(said)));
      const tableOf = (name: string) => Object.fromEntries([[name, { byKey, whole: ["list"] }]]);
      const [exact, any] = [read(tableOf(expected.table)), read(tableOf("*"))];
      if (exact.notUnderstood !== undefined) return;
      holds(unionOf([exact]) === unionOf([any]), '"*" is any table');
      holds(exact.sources.includes("list"), "the list goes");
      const ignored = read(Object.fromEntries([[expected.table, "ignore"]]));
      holds(unionOf([ignored]) === unionOf([{ keys: [], sources: [], all: false }]), "an ignored table says nothing");
      holds(read(tableOf(`${expected.table}2`)).notUnderstood !== undefined, "another table is refused");
    }),
  },
  {
    name: "a function that throws drops its source, and changes nothing for another",
    weight: 1,
    property: fc.property(make, recorded, idOf, (of, sample, other) => {
      const throws = () => {
        throw new Error("a mistake");
      };
      const [alone, both] = [{}, { broken: throws }].map((more) =>
        readWhole(dataOf(sample), of({ "*": { byKey: { other, ...more }, whole: ["list"] } })),
      );
      if (alone === undefined || both === undefined || !alone.sources.includes("list")) return;
      holds(both.sources.includes("broken"), "the source goes");
      const rest = { ...both, sources: both.sources.filter((source) => source !== "broken") };
      holds(unionOf([alone]) === unionOf([rest]), "the other source is as it was");
    }),
  },
];
