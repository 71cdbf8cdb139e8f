/** What the recorded change records do not show: rarer operations, options, envelopes, and what is refused and why. */
import { describe, expect, test } from "@jest/globals";
import {
  type ChangeDecoder,
  ChangeRecordError,
  fromDebezium,
  fromDms,
  fromDsql,
  fromDynamoDb,
} from "../../../src/cdc/index.js";
import { dataId } from "../../../src/core/data-id.js";
import { encodeRecord } from "../../../src/core/record.js";

const TABLES = { t: { byKey: { k: "id" }, byValue: { v: "mail" }, whole: ["w"] } } as const;
const BOTH = { ...TABLES, u: { byKey: { ku: "id" } } } as const;

/** `k1 va | w`: ids, then sources; in that order, whatever the decoder's. */
function saidBy(decode: ChangeDecoder, record: object | string): string {
  const { ids = [], sources = [], all } = decode(typeof record === "string" ? record : JSON.stringify(record));
  const names = [...ids].map(({ source, id }) => source + id).sort();
  return `${names.join(" ")} | ${[...sources].sort().join(" ")}${all ? " all" : ""}`.trim();
}
const WHOLE = "| k v w";
const NOTHING = "|";

describe("DynamoDB", () => {
  const s = (text: string) => ({ S: text });
  const change = (eventName: string, dynamodb: object) => ({ eventName, tableName: "t", dynamodb });
  const Keys = { id: s("1") };
  const image = (mail: string) => ({ ...Keys, mail: s(mail) });

  test.each([
    ["an insert", change("INSERT", { Keys, NewImage: image("a") }), "k1 va | w"],
    ["an insert of which the image is missing", change("INSERT", { Keys }), "k1 | v w"],
    [
      "a removal by TTL",
      { ...change("REMOVE", { Keys, OldImage: image("a") }), userIdentity: { type: "Service" } },
      "k1 va | w",
    ],
    ["a removal whose old image is missing", change("REMOVE", { Keys }), "k1 | v w"],
    [
      "an event of another name, with both images",
      change("UPSERT", { Keys, OldImage: image("a"), NewImage: image("b") }),
      "k1 va vb | w",
    ],
    ["an event of another name, with one", change("UPSERT", { Keys, NewImage: image("b") }), "k1 | v w"],
    ["a modification without its key", change("MODIFY", { OldImage: image("a"), NewImage: image("b") }), "va vb | k w"],
    ["an attribute that is not there", change("INSERT", { Keys, NewImage: Keys }), "k1 | v w"],
    ["a null", change("INSERT", { Keys, NewImage: { mail: { NULL: true } } }), "k1 | v w"],
    ["a set", change("INSERT", { Keys, NewImage: { mail: { SS: ["a"] } } }), "k1 | v w"],
    ["an empty text", change("INSERT", { Keys, NewImage: image("") }), "k1 v | w"],
    ["a boolean", change("INSERT", { Keys, NewImage: { mail: { BOOL: false } } }), "k1 vfalse | w"],
    [
      "an exact number in any notation",
      change("INSERT", { Keys, NewImage: { mail: { N: "1.20E+20" } } }),
      "k1 v120000000000000000000 | w",
    ],
    ["a key of the wrong type", change("MODIFY", { Keys: { id: "1" } }), WHOLE],
  ])("%s", (_what, record, said) => expect(saidBy(fromDynamoDb(TABLES), record)).toBe(said));

  test("sees the key alone where ids are made of the key: another attribute may have changed", () => {
    const decode = fromDynamoDb({ t: { byKey: { k: "mail" } } });
    expect(saidBy(decode, change("MODIFY", { Keys, NewImage: image("b") }))).toBe("| k");
  });

  test("reads bytes as the SDK gives them", () => {
    const { ids = [] } = fromDynamoDb(TABLES)(change("MODIFY", { Keys: { id: { B: Uint8Array.of(0, 1, 42, 65) } } }));
    expect([...ids].map(({ id }) => id)).toEqual(["AAEqQQ=="]);
  });
});

describe("DMS", () => {
  const row = (operation: string, data: object | null, more: object = {}) => ({
    ...(data === null ? {} : { data }),
    metadata: { "record-type": "data", operation, "schema-name": "s", "table-name": "t" },
    ...more,
  });
  const oldImage = (image: unknown) => ({ "before-image": image });
  const control = (operation: string, table = "t") => ({
    metadata: { "record-type": "control", operation, "schema-name": "s", "table-name": table },
    control: {},
  });
  const plain = fromDms(TABLES);
  const full = fromDms(TABLES, { oldImage: "full" });

  test.each([
    ["an insert without data", plain, row("insert", null), WHOLE],
    ["an update with the key it had", plain, row("update", { id: 2, mail: "b" }, oldImage({ id: 1 })), "k1 k2 | v w"],
    [
      "a before image under another name",
      fromDms(TABLES, { beforeImage: "old" }),
      row("update", { id: 2, mail: "b" }, { old: { id: 1 } }),
      "k1 k2 | v w",
    ],
    [
      "a before image under a name that was not told",
      fromDms(TABLES, { beforeImage: "old" }),
      row("update", { id: 2 }, oldImage({ id: 1 })),
      WHOLE,
    ],
    ["a before image that is none", plain, row("update", { id: 2 }, oldImage(null)), WHOLE],
    [
      "an update where no key changes",
      fromDms(TABLES, { keysNeverChange: true }),
      row("update", { id: 2, mail: "b" }),
      "k2 | v w",
    ],
    [
      "an update with whole images",
      full,
      row("update", { id: 1, mail: "b" }, oldImage({ id: 1, mail: "a" })),
      "k1 va vb | w",
    ],
    ["a whole image that is not", full, row("update", { id: 1, mail: "b" }, oldImage({ id: 1 })), "k1 | v w"],
    ["an update without data", full, row("update", null, oldImage({ id: 1, mail: "a" })), WHOLE],
    ["a key that was null", plain, row("update", { id: 2 }, oldImage({ id: null })), WHOLE],
    ["a deleted row, whole", full, row("delete", { id: 1, mail: "a" }), "k1 va | w"],
    ["a deleted row without data", plain, row("delete", null), WHOLE],
    ["an operation not known", plain, row("merge", { id: 1, mail: "a" }), "k1 | v w"],
    [
      "one with whole images",
      full,
      row("merge", { id: 1, mail: "a" }, oldImage({ id: 2, mail: "b" })),
      "k1 k2 va vb | w",
    ],
    ["a table dropped", plain, control("drop-table"), WHOLE],
    ["a table renamed", plain, control("rename-table"), WHOLE],
    ["control of DMS's own table", plain, control("create-table", "awsdms_status"), NOTHING],
    [
      "DMS's own table, though any other has sources",
      fromDms({ "*": { whole: ["w"] } }),
      control("create-table", "awsdms_status"),
      NOTHING,
    ],
    [
      "a table that looks like DMS's own, and is listed with its schema",
      fromDms({ "s.awsdms_orders": { whole: ["w"] } }),
      control("drop-table", "awsdms_orders"),
      "| w",
    ],
    [
      "one that is listed without",
      fromDms({ awsdms_orders: { byKey: { k: "id" } } }),
      { ...row("insert", { id: 1 }), metadata: { ...row("insert", null).metadata, "table-name": "awsdms_orders" } },
      "k1 |",
    ],
    [
      "a type of record not known",
      plain,
      { ...row("insert", { id: 1 }), metadata: { "record-type": "hint", "table-name": "t" } },
      WHOLE,
    ],
    [
      "a key of which digits are lost",
      plain,
      `{"data":{"id":1.234567890123457e+18},"metadata":{"record-type":"data","operation":"insert","table-name":"t"}}`,
      WHOLE,
    ],
  ] as const)("%s", (_what, decode, record, said) => expect(saidBy(decode, record)).toBe(said));
});

describe("Debezium", () => {
  const event = (op: unknown, before: unknown, after: unknown, source: object = {}) => ({
    before,
    after,
    op,
    source: { connector: "mysql", db: "d", table: "t", ...source },
  });
  const pg = { connector: "postgresql", schema: "public" };
  const mysql = fromDebezium(TABLES);
  const full = fromDebezium(TABLES, { oldImage: "full" });
  const UNAVAILABLE = "__debezium_unavailable_value";

  test.each([
    ["an update", mysql, event("u", { id: 1, mail: "a" }, { id: 1, mail: "b" }), "k1 va vb | w"],
    ["an update whose key changed", mysql, event("u", { id: 1, mail: "a" }, { id: 2, mail: "a" }), "k1 k2 va | w"],
    ["an old image of the key alone", mysql, event("u", { id: 1 }, { id: 1, mail: "b" }), "k1 | v w"],
    ["an update without the new image", mysql, event("u", { id: 1, mail: "a" }, null), WHOLE],
    [
      "PostgreSQL's old image",
      fromDebezium(TABLES),
      event("u", { id: 1, mail: "" }, { id: 1, mail: "b" }, pg),
      "k1 | v w",
    ],
    [
      "PostgreSQL's, with REPLICA IDENTITY FULL",
      full,
      event("u", { id: 1, mail: "a" }, { id: 1, mail: "b" }, pg),
      "k1 va vb | w",
    ],
    ["PostgreSQL's, where it is missing nevertheless", full, event("u", null, { id: 1, mail: "b" }, pg), "k1 | v w"],
    ["a row deleted with REPLICA IDENTITY FULL", full, event("d", { id: 1, mail: "a" }, null, pg), "k1 va | w"],
    [
      "the old image of a connector not known",
      mysql,
      event("d", { id: 1, mail: "a" }, null, { connector: "new" }),
      "k1 | v w",
    ],
    ["a value that was not logged", mysql, event("c", null, { id: 1, mail: UNAVAILABLE }), "k1 | v w"],
    ["one of bytes", mysql, event("c", null, { id: 1, mail: Buffer.from(UNAVAILABLE).toString("base64") }), "k1 | v w"],
    [
      "one of bytes in hexadecimal",
      mysql,
      event("c", null, { id: 1, mail: Buffer.from(UNAVAILABLE).toString("hex") }),
      "k1 | v w",
    ],
    ["one in a list", mysql, event("c", null, { id: 1, mail: [UNAVAILABLE] }), "k1 | v w"],
    ["an operation not known, with one image", mysql, event("x", null, { id: 1, mail: "a" }), "k1 | v w"],
    ["an operation not known, with none", mysql, event("x", null, null), WHOLE],
    ["no operation", mysql, event(undefined, { id: 1, mail: "a" }, { id: 1, mail: "b" }), "k1 va vb | w"],
    ["an operation that is no text", mysql, event({ string: "c" }, null, { id: 1, mail: "a" }), "k1 | v w"],
    ["a truncation, whatever else is in it", mysql, event("t", { id: 1, mail: "a" }, null), WHOLE],
    ["a payload without a schema", mysql, { payload: event("c", null, { id: 1, mail: "a" }) }, "k1 va | w"],
    ["a wrapped heartbeat", mysql, { schema: null, payload: { ts_ms: 1, ts_us: 1000 } }, NOTHING],
    [
      "the end of a transaction",
      mysql,
      { status: "END", id: "1:2", ts_ms: 1, event_count: 2, data_collections: [] },
      NOTHING,
    ],
    ["a tombstone as JSON", mysql, "null", NOTHING],
    ["a decimal of any scale", mysql, event("c", null, { id: { scale: 2, value: "AQ==" }, mail: "a" }), "k0.01 va | w"],
    ["a structure that is no decimal", mysql, event("c", null, { id: { x: 1 }, mail: "a" }), "va | k w"],
    ["a byte order mark", mysql, `\uFEFF${JSON.stringify(event("c", null, { id: 1, mail: "a" }))}`, "k1 va | w"],
  ] as const)("%s", (_what, decode, record, said) => expect(saidBy(decode, record)).toBe(said));

  test("bytes with a byte order mark", () => {
    const data = new TextEncoder().encode(`\uFEFF${JSON.stringify(event("d", { id: 1, mail: "a" }, null))}`);
    expect([...(mysql(data).ids ?? [])]).toEqual([dataId("k", "1"), dataId("v", "a")]);
  });

  test("decimals take the scale of their own column, of the image they are in", () => {
    const column = (field: string, scale: string) => ({
      type: "bytes",
      name: "org.apache.kafka.connect.data.Decimal",
      parameters: { scale },
      field,
    });
    const fields = [
      { field: "before", fields: [column("id", "1"), column("mail", "2")] },
      { field: "after", fields: [column("id", "3")] },
    ];
    const payload = event("u", { id: "AQ==", mail: "AQ==" }, { id: "AQ==", mail: "AQ==" });
    expect(saidBy(mysql, { schema: { fields }, payload })).toBe("k0.001 k0.1 v0.01 vAQ== | w");
    const broken = [{ field: "after", fields: [{ ...column("id", "x") }] }];
    expect(saidBy(mysql, { schema: { fields: broken }, payload: event("c", null, { id: "AQ==", mail: "a" }) })).toBe(
      "va | k w",
    );
  });

  describe("changes of the schema", () => {
    const decode = fromDebezium(BOTH);
    const ddl = (tableChanges: unknown, table: string | null = null) => ({
      source: { connector: "mysql", db: "d", table },
      databaseName: "d",
      ddl: "…",
      tableChanges,
    });
    test.each([
      ["of one table", ddl([{ type: "ALTER", id: '"d"."t"' }]), WHOLE],
      ["of a name without quotes", ddl([{ type: "DROP", id: "d.t" }]), WHOLE],
      ["with the database before the schema", ddl([{ type: "ALTER", id: '"x"."d"."t"' }]), WHOLE],
      ["of two tables", ddl([{ id: '"d"."t"' }, { id: '"d"."u"' }]), "| k ku v w"],
      ["of a table that was renamed", ddl([{ type: "ALTER", id: '"d"."u"', previousId: '"d"."t"' }]), "| k ku v w"],
      ["of a table named by the source alone", ddl([], "t"), WHOLE],
      ["of several", ddl(null, "t,u"), "| k ku v w"],
    ])("%s", (_what, record, said) => expect(saidBy(decode, record)).toBe(said));

    test.each([
      ["of no table", ddl([], "")],
      ["of a table nothing was said of", ddl([{ id: '"d"."t"' }, { id: '"d"."x"' }])],
      ["that cannot be read", ddl([{ type: "ALTER" }, 5])],
    ])("%s are refused", (_what, record) => expect(() => saidBy(decode, record)).toThrow(ChangeRecordError));

    test("of a table with quotes, points and commas in its name", () => {
      const name = 'a".b,c';
      const odd = fromDebezium({ [`d.${name}`]: { whole: ["odd"] } });
      expect(saidBy(odd, ddl([{ id: '"d"."a"".b,c"' }], name))).toBe("| odd");
    });
  });

  describe("flattened", () => {
    const flat = fromDebezium(TABLES, { flattened: true });
    const rowOf = (op: unknown, more: object = {}) => ({ id: 1, mail: "a", __op: op, __table: "t", ...more });
    test.each([
      ["an insert", flat, rowOf("c"), "k1 va | w"],
      ["an update: the old row is never there", flat, rowOf("u"), "k1 | v w"],
      ["a snapshot", flat, rowOf("r"), "k1 va | w"],
      ["a row without an operation", flat, { ...rowOf(undefined), __deleted: "false" }, "k1 | v w"],
      ["a deleted row", flat, rowOf("d", { __deleted: "true" }), "k1 | v w"],
      ["a deleted row of MySQL", flat, rowOf("d", { __connector: "mysql" }), "k1 va | w"],
      ["a deleted row, by its mark alone", flat, rowOf(undefined, { __deleted: true }), "k1 | v w"],
      ["a truncation", flat, { __op: "t", __table: "t" }, WHOLE],
      [
        "fields of the source",
        flat,
        { id: 1, mail: "a", __op: "c", __source_table: "t", __source_schema: "s" },
        "k1 va | w",
      ],
      ["with a schema", flat, { schema: { fields: [] }, payload: rowOf("c") }, "k1 va | w"],
      ["a row with columns like an envelope's", flat, { ...rowOf("c"), schema: "x", payload: null }, "k1 va | w"],
      ["a heartbeat", flat, { ts_ms: 1 }, NOTHING],
    ] as const)("%s", (_what, decode, record, said) => expect(saidBy(decode, record)).toBe(said));

    test.each([
      ["", /tombstone/],
      ["null", /tombstone/],
      ['{"schema":null,"payload":null}', /tombstone/],
      ['{"id":1,"keys":[]}', /add.fields/],
    ])("refuses %s", (record, why) => expect(() => flat(record)).toThrow(why));
  });

  describe("of MongoDB", () => {
    const source = { connector: "mongodb", collection: "t", table: undefined };
    const mongo = fromDebezium({ "d.t": { byKey: { k: "_id" }, byValue: { v: "mail" }, whole: ["w"] } });
    const doc = (id: string, mail?: string) => `{"_id":${id}${mail === undefined ? "" : `,"mail":${mail}`}}`;
    test.each([
      ["a delete with the old document", event("d", doc("1", '"a"'), null, source), "k1 va | w"],
      ["an update without the old one", event("u", null, doc("1", '"b"'), source), "k1 | v w"],
      ["an update with the old one alone", event("u", doc("1", '"a"'), null, source), "k1 | v w"],
      ["a delete by the oplog", { ...event("d", null, null, source), filter: doc("7") }, "k7 | v w"],
      ["an update that shows nothing", event("u", null, null, source), WHOLE],
      ["a document that is no JSON", event("c", null, "{", source), WHOLE],
      ["a document that is no text", event("c", null, { _id: 1, mail: "a" }, source), "k1 va | w"],
      [
        "large numbers",
        event("c", null, doc("12345678901234567890", '{"$numberLong":"9007199254740993"}'), source),
        "k12345678901234567890 v9007199254740993 | w",
      ],
      ["doubles", event("c", null, doc('{"$numberDouble":"2.0"}', "2.50"), source), "k2 v2.5 | w"],
      ["a double that is no number", event("c", null, doc('{"$numberDouble":"NaN"}', "1"), source), "v1 | k w"],
      ["a decimal", event("c", null, doc('{"$numberDecimal":"1.50"}', '"a"'), source), "k1.50 va | w"],
      [
        "a UUID as it was once written",
        event("c", null, doc('{"$binary":"ABEiM0RVZneImaq7zN3u/w==","$type":"04"}', '"a"'), source),
        "k00112233-4455-6677-8899-aabbccddeeff va | w",
      ],
      [
        "other bytes",
        event("c", null, doc('{"$binary":{"base64":"AAE=","subType":"00"}}', '"a"'), source),
        "kAAE= va | w",
      ],
      [
        "a date, which has several texts",
        event("c", null, doc('{"$date":"2026-01-01T00:00:00Z"}', '"a"'), source),
        "va | k w",
      ],
      ["a document as key", event("c", null, doc('{"$oid":"5e","x":1}', '"a"'), source), "va | k w"],
    ] as const)("%s", (_what, record, said) => expect(saidBy(mongo, record)).toBe(said));
  });

  test.each([
    [
      "a CloudEvent",
      {
        specversion: "1.0",
        id: "1",
        source: "/debezium/mysql",
        type: "x",
        data: { payload: event("c", null, { id: 1 }) },
      },
    ],
    ["a flattened row", { id: 1, __table: "t", __op: "c" }],
    ["a list", [event("c", null, { id: 1 })]],
    ["a text", '"secret"'],
    ["a number", "5"],
    ["bytes of Avro", "\0\0\0\0\u0007abc"],
    ["white space", "  "],
    ["an empty object", {}],
    ["a wrapped text", { schema: {}, payload: "secret" }],
  ])("refuses %s, and does not quote it", (_what, record) => {
    const text = typeof record === "string" ? record : JSON.stringify(record);
    expect(() => mysql(text)).toThrow(ChangeRecordError);
    expect(() => mysql(text)).not.toThrow(/secret/);
    expect(() => mysql(text)).toThrow(/plain JSON/);
  });
});

describe("Aurora DSQL", () => {
  const record = (op: string, before: object | null, after: object | null, type: unknown = "full") => ({
    type,
    op,
    before,
    after,
    source: { schema: "public", table: "t" },
  });
  const dsql = fromDsql(TABLES);
  test.each([
    ["an update with an old key", record("u", { id: 1 }, { id: 2, mail: "b" }), "k1 k2 | v w"],
    ["an operation not known", record("x", null, { id: 1, mail: "a" }), "k1 | v w"],
    ["a truncation", record("t", null, null), WHOLE],
    ["a deleted row without its key", record("d", null, null), WHOLE],
    ["no type", { ...record("c", null, { id: 1 }), type: undefined }, WHOLE],
    ["the first piece of a row", { type: "fragment", chunk_id: "x", index: 0, data: "{" }, NOTHING],
  ])("%s", (_what, given, said) => expect(saidBy(dsql, given)).toBe(said));

  test("a record of another type without a table is refused, and so is none", () => {
    for (const given of ['{"type":"delta"}', "", "null"]) expect(() => dsql(given)).toThrow(ChangeRecordError);
  });
});

describe("every decoder", () => {
  const decoders = [
    fromDynamoDb(TABLES),
    fromDms(TABLES),
    fromDebezium(TABLES),
    fromDebezium(TABLES, { flattened: true }),
    fromDsql(TABLES),
  ];
  const keys = [dataId("s", "1").toString()];
  const own = encodeRecord({ keys, sources: ["x"], all: true }, 1_800_000_000_000);

  test.each(decoders.map((decode, index) => [index, decode] as const))(
    "reads scache's own records: %d",
    (_index, decode) => {
      const said = { ids: [dataId("s", "1")], sources: ["x"], all: true };
      expect(decode(own)).toEqual(said);
      expect(decode(new TextDecoder().decode(own))).toEqual(said);
      expect(decode(JSON.parse(new TextDecoder().decode(own)) as object)).toEqual(said);
      expect(saidBy(decode, '{"KEYS":["id=1&s=s&t=data.ID"],"Ts":"2026-01-01T00:00:00Z","more":1}')).toBe("s1 |");
      expect(saidBy(decode, { all: true })).toBe("|  all");
      expect(saidBy(decode, { keys, by: "a nonce" })).toBe("s1 |");
      expect(() => decode({ keys: ["no id"], ts: "2026-01-01T00:00:00Z" })).toThrow(/own/);
      expect(() => decode({ keys, ts: "2026-01-01T00:00:00Z", v: 2 })).toThrow(/own/);
      expect(() => decode({ ts: "2026-01-01T00:00:00Z" })).toThrow(ChangeRecordError);
    },
  );

  test.each(decoders.map((decode, index) => [index, decode] as const))(
    "refuses what is too large, unread: %d",
    (_index, decode) => {
      const data = new Uint8Array(10 * 2 ** 20).fill(0x20);
      for (const record of [data, " ".repeat(data.length), { kinesis: { data: "A".repeat(14_000_000) } }]) {
        expect(() => decode(record)).toThrow(/too large to be read without holding up/);
      }
    },
  );

  test.each(decoders.map((decode, index) => [index, decode] as const))(
    "refuses what is not UTF-8, and what is no record at all: %d",
    (_index, decode) => {
      expect(() => decode(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow(/not UTF-8/);
      for (const record of [[], [{}], { kinesis: {} }, new Date()])
        expect(() => decode(record)).toThrow(ChangeRecordError);
    },
  );
});
