/** What a user says of tables: checked when a decoder is made, and kept to the letter at every change. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  fromDebezium,
  fromDms,
  fromDsql,
  fromDynamoDb,
  type IdOf,
  InvalidOptionError,
  type Row,
  type Tables,
} from "../../../src/cdc/index.js";

const event = (after: object | null, more: object = {}) => ({
  before: null,
  after,
  source: { connector: "mysql", db: "shop", table: "users", ...more },
  op: "c",
});

/** The ids and sources that go, by the row and the function of its id. */
function goes(idOf: IdOf, row: object, kind: "byKey" | "byValue" = "byKey") {
  const { ids = [], sources = [] } = fromDebezium({ users: { [kind]: { "db.users": idOf }, whole: ["db.list"] } })(
    event(row),
  );
  return { ids: [...ids].map(({ source, id }) => `${source}/${id}`), sources: [...sources].sort() };
}
const only = (...ids: string[]) => ({ ids: ids.map((id) => `db.users/${id}`), sources: ["db.list"] });
/** What a cautious user's function does about a column that may be missing. */
function caught<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
const wholly = { ids: [], sources: ["db.list", "db.users"] };

describe("the id of a row", () => {
  test("is made of a column, or by a function, which may name several or none", () => {
    const row = { id: 7, tenant: "a", gone: null };
    expect(goes("id", row)).toEqual(only("7"));
    expect(goes(({ tenant, id }) => `${tenant}/${id}`, row)).toEqual(only("a/7"));
    expect(goes(({ id }) => [`${id}`, `x${id}`, `${id}`], row)).toEqual(only("7", "x7"));
    expect(goes(() => [], row)).toEqual(only());
    expect(goes(({ tenant }) => (tenant === "b" ? tenant : undefined), row)).toEqual(only());
    expect(goes((each) => ("tenant" in each ? "yes" : "no"), row)).toEqual(only("yes"));
  });

  const wrong: Record<string, (row: Row) => unknown> = {
    throws: () => {
      throw new Error("a mistake");
    },
    "throws what is no error": () => {
      throw undefined;
    },
    "reads a column that is not there": (row) => row.nothing,
    "reads a column that is not there, and catches the error": (row) => caught(() => row.nothing),
    "reads a null, and names another column then": (row) => caught(() => row.gone) ?? row.id,
    "goes through the columns, and catches the error": (row) => caught(() => Object.keys(row).join()),
    "reads a null": (row) => `${row.gone}`,
    "reads what every object has": (row) => `${row.toString}${row.constructor}`,
    "asks whether a column is there that is not": (row) => ("nothing" in row ? "yes" : "no"),
    "goes through the columns": (row) => Object.values(row).join("/"),
    "takes the columns that are there": (row) => ({ ...row }).id,
    "writes the row out": (row) => JSON.stringify(row),
    "makes a text of the row": (row) => `${row}`,
    "writes into the row": (row) => {
      (row as Record<string, string>).id = "8";
      return row.id;
    },
    "returns a number": (row) => Number(row.id),
    "returns null": () => null,
    "returns a list with a hole": () => Array(1),
    "returns a list with a number": (row) => [row.id, 7],
    "returns half of a surrogate pair": () => "\ud800",
    "is asynchronous": async (row) => row.id,
    "is asynchronous, and throws": async (row) => row.nothing,
    "names two asynchronously, and throws": (row) => [
      row.id,
      Promise.reject(new Error("a mistake")),
      Promise.reject(new Error("another")),
    ],
  };
  test.each(Object.entries(wrong))(
    "that cannot be told, the source goes as a whole: its function %s",
    async (_what, idOf) => {
      expect(goes(idOf as IdOf, { id: 7, tenant: "a", gone: null })).toEqual(wholly);
      // A rejection that nobody takes would end the process here.
      await new Promise((resolve) => setImmediate(resolve));
    },
  );

  test("is not taken from the old row alone where the new one does not tell it: its function caught the error", () => {
    const unlogged = "__debezium_unavailable_value";
    const change = { ...event({ id: 1, email: unlogged }), op: "u", before: { id: 1, email: "a" } };
    const decode = fromDebezium({ users: { byValue: { "db.users": (row) => caught(() => row.email) } } });
    expect(decode(change)).toEqual({ ids: [], sources: ["db.users"] });
    expect([...(decode({ ...change, after: { id: 1, email: "b" } }).ids ?? [])].map(({ id }) => id)).toEqual([
      "a",
      "b",
    ]);
  });

  test("leaves the other sources of the table as they are", () => {
    const decode = fromDebezium({ users: { byKey: { a: "id", b: () => null as never, c: "id" } } });
    const { ids, sources } = decode(event({ id: 1 }));
    expect([[...(ids ?? [])].map(({ source }) => source), [...(sources ?? [])]]).toEqual([["a", "c"], ["b"]]);
  });

  test("is not named again where its source goes as a whole", () => {
    const decode = fromDebezium({ users: { byKey: { a: "id" }, whole: ["a"] } });
    expect(decode(event({ id: 1 }))).toEqual({ ids: [], sources: ["a"] });
  });
});

describe("the name of a table", () => {
  const sources = (name: string) => ({ whole: [name] });
  const found = (tables: Tables, source: object) => [...(fromDebezium(tables)(event({}, source)).sources ?? [])];

  test("is tried with its schema, or its database where there is none, then alone, then as any other", () => {
    const tables = { "shop.users": sources("full"), users: sources("bare"), "*": sources("any") };
    expect(found(tables, {})).toEqual(["full"]);
    expect(found(tables, { schema: "public" })).toEqual(["bare"]);
    expect(found(tables, { schema: "shop", db: "x" })).toEqual(["full"]);
    expect(found(tables, { table: "Users" })).toEqual(["any"]);
    expect(found({ "*": "ignore" }, {})).toEqual([]);
    expect(found({ users: "ignore", "*": sources("any") }, {})).toEqual([]);
  });

  test("that nothing was said of is refused with the line that mends it", () => {
    expect(() => fromDebezium({})(event({}))).toThrow(
      /Add to the tables "shop.users": \{ byKey: .* or "shop.users": "ignore"/,
    );
    expect(() => fromDebezium({})(event({}, { db: undefined, table: "__proto__" }))).toThrow(
      /\["__proto__"\]: "ignore"/,
    );
    expect(() => fromDynamoDb({})({ tableName: "t", dynamodb: {} })).toThrow(/"t": "ignore"/);
  });

  test("and those of columns and sources may be any, also those of what every object has", () => {
    const name = fc.constantFrom(
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "prototype",
      "then",
      "a.b",
      '"',
      "ü",
      "*",
    );
    fc.assert(
      fc.property(
        name.filter((each) => each !== "*"),
        name,
        name,
        (table, column, source) => {
          const of = <T>(key: string, value: T) => Object.fromEntries([[key, value]]);
          const tables = of(table, { byKey: of(source, column), whole: [`${source} too`] }) as Tables;
          const row = JSON.parse(`{${JSON.stringify(column)}:1}`) as object;
          const { ids = [], sources: gone = [] } = fromDebezium(tables)(JSON.stringify(event(row, { table })));
          expect([...ids].map(({ source: from, id }) => [from, id])).toEqual([[source, "1"]]);
          expect([...gone]).toEqual([`${source} too`]);
          const other = fromDebezium(tables)(JSON.stringify(event({}, { table })));
          expect([...(other.sources ?? [])].sort()).toEqual([source, `${source} too`].sort());
          expect(() => fromDebezium(tables)(JSON.stringify(event(row, { table: `${table}2` })))).toThrow(
            /is not listed/,
          );
        },
      ),
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("and what is made of it, is what it was when the decoder was made", () => {
    const byKey: Record<string, IdOf> = { a: "id" };
    const tables: Record<string, { byKey: Record<string, IdOf> }> = { users: { byKey } };
    const decode = fromDebezium(tables);
    byKey.b = "id";
    tables.users = { byKey: {} };
    expect([...(decode(event({ id: 1 })).ids ?? [])].map(({ source }) => source)).toEqual(["a"]);
  });
});

describe("what is no table of sources", () => {
  const refusals: readonly (readonly [option: string, expected: RegExp, tables: unknown])[] = [
    ["tables", /an object, but got undefined/, undefined],
    ["tables", /an object, but got an array/, []],
    ['tables[""]', /a name/, { "": "ignore" }],
    ['tables["users"]', /byKey, byValue or whole, or "ignore", but got "skip"/, { users: "skip" }],
    ['tables["users"]', /byKey, byValue or whole/, { users: ["db.users.id"] }],
    ['tables["users"].bykey', /one of byKey, byValue, whole \(did you mean byKey\?\)/, { users: { bykey: {} } }],
    ['tables["users"].byVal', /did you mean byValue\?/, { users: { byVal: {} } }],
    ['tables["users"].hole', /did you mean whole\?/, { users: { hole: [] } }],
    ['tables["users"].sources', /one of byKey, byValue, whole, but got/, { users: { sources: [] } }],
    ['tables["users"].byKey', /an object/, { users: { byKey: ["db.users.id"] } }],
    [
      'tables["users"].byKey["db.users.id"]',
      /a column or a function of the row, but got 5/,
      { users: { byKey: { "db.users.id": 5 } } },
    ],
    ['tables["users"].byKey["db.users.id"]', /a column or a function/, { users: { byKey: { "db.users.id": "" } } }],
    [
      'tables["users"].byKey["db.users.id"]',
      /a column or a function/,
      { users: { byKey: { "db.users.id": undefined } } },
    ],
    ['tables["a.b"].byValue["\\ud800"]', /the name of a source/, { "a.b": { byValue: { "\ud800": "id" } } }],
    ['tables["users"].byKey[""]', /the name of a source/, { users: { byKey: { "": "id" } } }],
    ['tables["users"].whole', /a list of sources, but got "db.users"/, { users: { whole: "db.users" } }],
    ['tables["users"].whole[1]', /the name of a source, but got 7/, { users: { whole: ["a", 7] } }],
  ];
  test.each(refusals)("is refused at %s: %s", (option, expected, tables) => {
    for (const make of [fromDynamoDb, fromDms, fromDebezium, fromDsql]) {
      const refusal = refusalOf(() => make(tables as Tables));
      expect(refusal.option).toBe(option);
      expect(refusal.message).toMatch(expected);
    }
  });

  test.each([
    ["options", () => fromDms({}, 5 as never), /an object/],
    ["beforeImage", () => fromDms({}, { beforeImage: "" }), /a name/],
    ["keysNeverChange", () => fromDms({}, { keysNeverChange: 1 as never }), /true or false/],
    ["keysNeverChanges", () => fromDms({}, { keysNeverChanges: true } as never), /did you mean keysNeverChange\?/],
    ["oldImage", () => fromDebezium({}, { oldImage: "all" as never }), /"full"/],
    ["flatened", () => fromDebezium({}, { flatened: true } as never), /did you mean flattened\?/],
  ])("nor an option of a decoder: %s", (option, make, expected) => {
    const refusal = refusalOf(make);
    expect(refusal.option).toBe(option);
    expect(refusal.message).toMatch(expected);
  });

  test("options that are undefined were not given", () => {
    expect(fromDms({}, { beforeImage: undefined, oldImage: undefined } as never)).toBeInstanceOf(Function);
  });

  function refusalOf(make: () => unknown): InvalidOptionError {
    try {
      make();
    } catch (error) {
      if (error instanceof InvalidOptionError) return error;
    }
    throw new Error("it was not refused");
  }
});
