/** What is taken for a record of our own form must be understood as a closer reading would; and what we write must have it. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Changed, NOTHING } from "../../../src/core/changed.js";
import { dataId } from "../../../src/core/data-id.js";
import { encodeRecord } from "../../../src/core/record.js";
import { keysOfWritten } from "../../../src/core/written-form.js";
import { readWhole } from "../../support/read-whole.js";

const bytes = (text: string) => new TextEncoder().encode(text);
/** What it says; why it could not be understood quotes the text. */
function read(text: string): Changed {
  const { keys, sources, all } = readWhole(bytes(text));
  return { keys, sources, all };
}
/** A space after it means nothing in JSON, and no record of ours ends with one: it is read closely. */
const readClosely = (text: string) => read(`${text} `);

const KEY = dataId("db.users", "1").toString();
const keyArbitrary = fc.record({ source: fc.string(), id: fc.string({ unit: "grapheme" }) }).map(({ source, id }) => {
  return dataId(source.toWellFormed(), id.toWellFormed()).toString();
});

describe("the form in which we write records", () => {
  test("is that of every record of keys that we write", () => {
    const contents = fc.record({
      keys: fc.array(keyArbitrary, { minLength: 1, maxLength: 5 }),
      at: fc.option(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), {
        nil: undefined,
      }),
      by: fc.option(fc.stringMatching(/^\w{1,18}$/), { nil: undefined }),
    });
    fc.assert(
      fc.property(contents, ({ keys, at, by }) => {
        expect(keysOfWritten(encodeRecord({ keys }, at?.getTime(), by))).toEqual(keys);
      }),
    );
  });

  test.each([
    ["by Python's json.dumps", `{"keys": ["${KEY}", "${KEY}"], "ts": "2026-11-28T10:00:00.5+00:00"}`],
    ["by Go", `{"keys":["${KEY}","${KEY}"],"ts":"2026-11-28T10:00:00.123456789Z"}`],
  ])("is also that of records written %s", (_by, text) => {
    expect(keysOfWritten(bytes(text))).toEqual([KEY, KEY]);
  });

  test.each([
    ["no keys", `{"keys":[],"ts":"2026-11-28T10:00:00Z"}`],
    ["sources", `{"keys":["${KEY}"],"sources":["s"]}`],
    ["everything", `{"keys":["${KEY}"],"all":true}`],
    ["keys twice", `{"keys":["${KEY}"],"keys":["${KEY}"]}`],
    ["two keys and no comma", `{"keys":["${KEY}""${KEY}"]}`],
    ["something after its writer", `{"keys":["${KEY}"],"by":"a","all":true}`],
    ["a version", `{"keys":["${KEY}"],"v":2}`],
    ["a time that is none", `{"keys":["${KEY}"],"ts":"2026-02-30T10:00:00Z"}`],
    ["a key with an escape of another form", `{"keys":["id=%c3%bc&s=u&t=data.ID"]}`],
    ["a key with an escape of JSON", `{"keys":["\\u0069d=1&s=u&t=data.ID"]}`],
    ["a key that is not UTF-8", `{"keys":["id=%FF&s=u&t=data.ID"]}`],
    ["a key and something else", `{"keys":["${KEY}",1]}`],
    ["nothing after its keys", `{"keys":["${KEY}"]`],
    ["something after its end", `{"keys":["${KEY}"]}{}`],
  ])("is not that of a record with %s", (_what, text) => {
    expect(keysOfWritten(bytes(text))).toBeUndefined();
  });

  test("what has it, and what nearly does, is understood as a closer reading would", () => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: keyArbitrary.map((key) => `"${key}"`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('"id=%2f&s=&t=data.ID"', '"id=1&s=2&t=x"', "null", '"', "]", "é", '"\\n"'),
      },
    );
    const rest = fc.constantFrom(
      "",
      ',"ts":"2026-01-31T00:00:00Z"',
      ',"ts":"2026-02-31T00:00:00Z"',
      ',"ts":"2026-01-31"',
      ',"ts":"\t"',
      ', "by": "a1"',
      ',"by":1',
      ',"all":true',
    );
    const text = fc
      .tuple(fc.array(piece, { maxLength: 4 }), fc.constantFrom(",", ", ", ",  ", ""), rest)
      .map(([pieces, comma, after]) => `{"keys":[${pieces.join(comma)}]${after}}`);
    fc.assert(
      fc.property(text, (one) => expect(read(one)).toEqual(readClosely(one))),
      { numRuns: 500 },
    );
  });

  test.each([
    ["a mebibyte of ids", Array.from({ length: 24_000 }, (_, n) => dataId("db.users.id", `user-${n}`).toString())],
    ["one id of half a mebibyte", [dataId("s", "x".repeat(2 ** 19)).toString()]],
    ["one id of escapes only", [dataId("s", "é".repeat(2 ** 17)).toString()]],
  ])("%s is read, whatever it needs", (_what, keys) => {
    expect(read(JSON.stringify({ keys }))).toEqual({ ...NOTHING, keys });
  });
});
