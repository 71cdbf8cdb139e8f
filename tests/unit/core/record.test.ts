/** What a record on the stream says has changed: the Go program's format, our own fields, and all that is neither. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dataId, parseDataId } from "../../../src/core/data-id.js";
import { decodeRecord, encodeRecord } from "../../../src/core/record.js";
import { readWhole } from "../../support/read-whole.js";
import { vectors } from "../support/vectors.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const decode = (text: string) => readWhole(bytes(text));
const KEY = "id=1&s=a&t=data.ID";
const EVERYTHING = { keys: [], sources: [], all: true, notUnderstood: expect.any(String) };

interface GoRecord {
  readonly note: string;
  readonly keys: readonly string[] | null;
  readonly ts: string;
  readonly json: string;
}

interface GoDecode {
  readonly json: string;
  readonly keys: readonly string[] | null;
  readonly error: string | null;
}

const RECORD_SAMPLES: readonly GoRecord[] = [
  {
    note: "two keys, ampersands escaped as Go's encoder does",
    keys: ["id=1&s=db.table.id&t=data.ID", "id=a+b%26c&s=other&t=data.ID"],
    ts: "2018-06-26T16:25:41.123456789Z",
    json: String.raw`{"keys":["id=1\u0026s=db.table.id\u0026t=data.ID","id=a+b%26c\u0026s=other\u0026t=data.ID"],"ts":"2018-06-26T16:25:41.123456789Z"}`,
  },
  { note: "nil list", keys: null, ts: "2018-06-26T16:25:41Z", json: '{"keys":null,"ts":"2018-06-26T16:25:41Z"}' },
];

const DECODE_SAMPLES: readonly GoDecode[] = [
  { json: "null", keys: null, error: null },
  { json: `{"keys":["${KEY}"],"extra":{"keys":1}}`, keys: [KEY], error: null },
  // A field of ours that Go's reader does not know.
  { json: `{"keys":["${KEY}"],"by":1}`, keys: [KEY], error: null },
  { json: `{"keys":["${KEY}"],"ts":null}`, keys: [KEY], error: null },
  { json: '{"keys":[1]}', keys: null, error: "not a string" },
  { json: '{"keys":[],"ts":"yesterday"}', keys: null, error: "not a time" },
  { json: '{"keys":[]}x', keys: null, error: "text after the record" },
];

function canonical(keys: readonly string[] | null): string[] | "not ids" {
  try {
    return (keys ?? []).map((key) => parseDataId(key).toString());
  } catch {
    return "not ids";
  }
}

describe("records of the Go program", () => {
  test("are understood, and name the same keys", () => {
    for (const { keys, json } of [...RECORD_SAMPLES, ...vectors<GoRecord>("go-records.json")]) {
      const expected = canonical(keys);
      if (expected === "not ids") expect(decode(json)).toEqual(EVERYTHING);
      else expect({ json, ...decode(json) }).toEqual({ json, keys: expected, sources: [], all: false });
    }
  });

  test("are understood if and only if the Go program understands them; a key that is no id means everything", () => {
    for (const { json, keys, error } of [...DECODE_SAMPLES, ...vectors<GoDecode>("go-record-decode-vectors.json")]) {
      const expected = error === null ? canonical(keys) : "not ids";
      if (expected === "not ids") expect({ json, ...decode(json) }).toEqual({ json, ...EVERYTHING });
      else expect({ json, ...decode(json) }).toEqual({ json, keys: expected, sources: [], all: false });
    }
  });
});

describe("a record of ours", () => {
  test("is what the Go program reads: keys and an RFC 3339 time, and no field that says nothing", () => {
    const record = new TextDecoder().decode(encodeRecord({ keys: [KEY] }, 0));
    expect(record).toBe(`{"keys":["${KEY}"],"ts":"1970-01-01T00:00:00.000Z"}`);
  });

  test("reads back: keys, sources, everything", () => {
    const content = { keys: [KEY], sources: ["db.users", ""], all: true };
    expect(readWhole(encodeRecord(content, Date.UTC(2026, 0, 1)))).toEqual(content);
  });

  test("of any ids and sources reads back", () => {
    const wellFormed = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(fc.array(wellFormed), fc.array(wellFormed), fc.boolean(), (ids, sources, all) => {
        const keys = ids.map((id) => dataId(id, id).toString());
        expect(readWhole(encodeRecord({ keys, sources, all }, 0))).toEqual({ keys, sources, all });
      }),
    );
  });
});

describe("fields", () => {
  test("are named in any case, by Unicode's folding as in Go, and all that are given count", () => {
    expect(decode(`{"KEYS":["${KEY}"],"\u212aeys":["id=2&s=a&t=data.ID"],"Source\u017f":["x"]}`)).toEqual({
      keys: [KEY, "id=2&s=a&t=data.ID"],
      sources: ["x"],
      all: false,
    });
    expect(decode('{"ALL":true}')).toEqual({ keys: [], sources: [], all: true });
    expect(decode('{"V":2}')).toEqual(EVERYTHING);
  });

  test("that are not known are ignored, a name like __proto__ too", () => {
    expect(decode(`{"__proto__":{"all":true},"constructor":1,"keys":["${KEY}"]}`)).toEqual({
      keys: [KEY],
      sources: [],
      all: false,
    });
  });

  test.each([
    ["nothing at all", "{}"],
    ["a time alone", '{"ts":"2026-01-01T00:00:00Z"}'],
    ["a version alone", '{"v":1}'],
    ["a misspelt name", '{"key":["id=1&s=a&t=data.ID"],"ts":"2026-01-01T00:00:00Z"}'],
    [
      "an EventBridge event",
      '{"version":"0","id":"1","detail-type":"user changed","source":"users","detail":{"id":"7"}}',
    ],
    ["a CloudEvent", '{"specversion":"1.0","type":"changed","source":"/users","id":"1","data":{"id":7}}'],
    ["a DynamoDB record", '{"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"7"}}},"tableName":"users"}'],
    ["a DMS record", '{"data":{"id":7},"metadata":{"operation":"update","table-name":"users"}}'],
    ["a Debezium record", '{"before":null,"after":{"id":7},"op":"u","source":{"table":"users"}}'],
  ])("P4: a record that names none of ours, but %s, means everything", (_what, json) => {
    const { notUnderstood, ...rest } = decode(json);
    expect(rest).toEqual({ keys: [], sources: [], all: true });
    expect(notUnderstood).toMatch(/^a record names "keys", "sources" or "all", but this is \{/);
  });

  test.each([
    ["a key without its source", '{"keys":["id=1&source=users&t=data.ID"]}'],
    ["a key without its id", '{"keys":["s=users&t=data.ID"]}'],
    ["a key with its fields in capitals", '{"keys":["ID=1&s=users&t=data.ID"]}'],
    ["a key with a question mark before it", '{"keys":["?id=1&s=users&t=data.ID"]}'],
    ["a key that is null", `{"keys":["${KEY}",null]}`],
    ["a source that is null", '{"sources":["users",null]}'],
  ])("P4: %s may have been meant for any", (_what, json) => {
    expect(decode(json)).toEqual(EVERYTHING);
  });

  test("that are null say nothing", () => {
    expect(decode('{"keys":null,"sources":null,"all":null,"v":null,"ts":null}')).toEqual({
      keys: [],
      sources: [],
      all: false,
    });
  });

  test("version 1 is known; every other version means everything", () => {
    expect(decode('{"v":1,"keys":[]}')).toEqual({ keys: [], sources: [], all: false });
    for (const version of ["0", "2", '"1"', "true", "[]", "1.5"]) {
      expect(decode(`{"v":${version},"keys":["${KEY}"]}`)).toEqual(EVERYTHING);
    }
  });

  test("that are given twice count together, whatever the case and the order", () => {
    expect(decode('{"sources":["a"],"SOURCES":["","b"],"ALL":true,"all":false}')).toEqual({
      keys: [],
      sources: ["a", "", "b"],
      all: true,
    });
  });

  test.each([
    ['{"keys":"a"}', '"keys" is "a"'],
    ['{"keys":{}}', '"keys" is {}'],
    ['{"keys":[5]}', '"keys" is 5'],
    ['{"sources":"a"}', '"sources" is "a"'],
    ['{"sources":[1]}', '"sources" is 1'],
    ['{"all":1}', '"all" is 1'],
    ['{"all":"true"}', '"all" is "true"'],
    ['{"ts":5}', '"ts" is 5'],
    ['{"ts":"yesterday"}', '"ts" is "yesterday"'],
    ['{"ts":["2018-01-01T00:00:00Z"]}', '"ts" is an array of 1'],
    ['{"v":2}', '"v" is 2'],
    ["[]", '"record" is an array of 0'],
    ["5", '"record" is 5'],
    ['"keys"', '"record" is "keys"'],
    ["true", '"record" is true'],
  ])("%s is not understood, and the notice will say why", (json, notUnderstood) => {
    expect(decode(json)).toEqual({ ...EVERYTHING, notUnderstood });
  });

  test("a time must be one that exists", () => {
    const understood = (ts: string) => decode(`{"keys":[],"ts":"${ts}"}`).notUnderstood === undefined;
    expect(
      [
        "2018-06-11T14:00:00+01:00",
        "2018-06-28T00:00:00Z",
        "2018-04-30T00:00:00,25Z",
        "2024-02-29T00:00:00Z",
        "0000-02-29T00:00:00Z",
        "9999-12-31T23:59:59.9Z",
      ].filter((ts) => !understood(ts)),
    ).toEqual([]);
    expect(
      [
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2018-00-01T00:00:00Z",
        "2018-13-01T00:00:00Z",
        "2018-01-00T00:00:00Z",
        "2018-04-31T00:00:00Z",
        "2018-01-01T24:00:00Z",
        "2018-01-01T00:60:00Z",
        "2018-01-01T00:00:60Z",
        "2018-01-01 00:00:00Z",
        "2018-01-01T00:00:00",
        "2018-01-01",
        "x2018-01-01T00:00:00Z",
        "2018-01-01T00:00:00Zx",
        "",
      ].filter(understood),
    ).toEqual([]);
  });
});

describe("keys written in another way still name their id", () => {
  test.each([
    ["id=a%20b&s=s&t=data.ID", "id=a+b&s=s&t=data.ID"],
    ["id=%41&s=s&t=data.ID", "id=A&s=s&t=data.ID"],
    ["id=%c3%a9&s=s&t=data.ID", "id=%C3%A9&s=s&t=data.ID"],
    ["s=s&t=data.ID&id=1", "id=1&s=s&t=data.ID"],
    ["id=%FF&s=s&t=data.ID", "id=%EF%BF%BD&s=s&t=data.ID"],
    ["id=!&s=s&t=data.ID", "id=%21&s=s&t=data.ID"],
    ["id=1&s=!&t=data.ID", "id=1&s=%21&t=data.ID"],
    ["x=0&id=1&s=s&t=data.ID", "id=1&s=s&t=data.ID"],
    ["id=1&s=s&t=data.ID&x=0", "id=1&s=s&t=data.ID"],
    ["id=~&s=s&t=other.ID", "id=~&s=s&t=data.ID"],
  ])("%s", (key, wire) => {
    expect(decode(JSON.stringify({ keys: [key] })).keys).toEqual([wire]);
  });
});

describe("records of another kind mean everything", () => {
  test.each([
    ["empty", new Uint8Array()],
    ["KPL-aggregated", Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2, 0x0a, 0x01, 0x61)],
    ["gzip", gzipSync(`{"keys":["${KEY}"]}`)],
    ["not UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ["cut short", bytes('{"keys":["id=1')],
    ["another format", bytes('{"keys":["user:1"]}')],
    ["half of a surrogate pair", bytes(String.raw`{"keys":["id=\ud83d&s=s&t=data.ID"]}`)],
  ])("%s", (_kind, data) => {
    expect(readWhole(data)).toEqual(EVERYTHING);
  });

  test("a byte order mark before a record is no part of it", () => {
    expect(decode(`\ufeff{"keys":["${KEY}"]}`).keys).toEqual([KEY]);
  });
});

describe("P6: large records", () => {
  const listOf = (count: number, key: (n: number) => string) =>
    JSON.stringify({ keys: Array.from({ length: count }, (_, n) => key(n)) });

  test("of many ids are read, escapes and all, in parts of a few hundred", () => {
    const data = bytes(listOf(20_000, (n) => dataId("u", `${n}@example.com`).toString()));
    const parts = [...decodeRecord(data)];
    expect(Math.max(...parts.map(({ keys }) => keys.length))).toBeLessThanOrEqual(250);
    expect(parts.flatMap(({ keys }) => keys)).toHaveLength(20_000);
  });

  test("are in parts from 8 KiB on: below fit fewer than a thousand of the shortest keys", () => {
    const parts = (count: number) =>
      [...decodeRecord(bytes(listOf(count, () => "id&s&t=x")))].map(({ keys }) => keys.length);
    expect(parts(740)).toEqual([740]);
    expect(parts(800)).toEqual([250, 250, 250, 50]);
  });

  test("past a mebibyte mean everything, unread", () => {
    expect(decode(listOf(100_000, (n) => `id=${n}&s=u&t=data.ID`))).toEqual({
      ...EVERYTHING,
      notUnderstood: expect.stringMatching(/^a record of \d+ bytes is too large to be read$/),
    });
  });

  test.each([
    ["very many unknown fields", `{"keys":[]${Array.from({ length: 20_000 }, (_, n) => `,"f${n}":1`).join("")}}`],
    ["deep nesting", `{"keys":[],"x":${"[".repeat(50_000)}${"]".repeat(50_000)}}`],
    ["very many numbers", `{"keys":[],"x":[1${",1".repeat(50_000)}]}`],
  ])("with %s mean everything, unread", (_what, json) => {
    expect(decode(json)).toEqual({
      ...EVERYTHING,
      notUnderstood: "a record of this form is too large to be read",
    });
  });

  /** `{"all":true,"x":[…]}` of more than 32 KiB, and so many entries. */
  const listing = (entry: string, count: number) =>
    `{"all":true,"x":[${" ".repeat(33_000)}${Array.from({ length: count }, () => entry).join(",")}]}`;

  test.each([
    // The names of the two fields are strings, too.
    ["strings", '""', 49_998],
    ["strings that end with a backslash", String.raw`"\\"`, 49_998],
    ["strings with a quote in them", String.raw`"\"\\\""`, 49_998],
    // Each character that is in no string counts, but for commas and blanks: there are ten in the frame.
    ["numbers", "1", 4_990],
  ])("with as many %s as may be are read, and with one more mean everything", (_what, entry, most) => {
    expect(decode(listing(entry, most))).toEqual({ keys: [], sources: [], all: true });
    expect(decode(listing(entry, most + 1)).notUnderstood).toBe("a record of this form is too large to be read");
  });

  test("with a few unknown fields, and strings that hold what looks like JSON, are read", () => {
    const odd = '\\"}]{[:1\\\\';
    const json = `{"x":{"a":[1,2]},"keys":[${Array.from({ length: 3_000 }, () => `"id=${"a".repeat(20)}&s=u&t=data.ID"`).join(" ,\n")}],"note":"${odd}"}`;
    expect(decode(json).keys).toHaveLength(3_000);
  });
});
