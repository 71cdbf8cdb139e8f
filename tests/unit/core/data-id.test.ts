/** The wire form of data ids, shared with the Go producers: written, read and refused as they do it. */
import { describe, expect, test } from "@jest/globals";
import { DataId, dataId, dataSource, parseDataId, toDataId } from "../../../src/core/data-id.js";
import { InvalidDataIdError } from "../../../src/errors.js";
import { vectors } from "../support/vectors.js";

interface IdVector {
  readonly source: string;
  readonly id: string;
  readonly encoded: string;
}

interface ParseVector {
  readonly input: string;
  readonly source: string;
  readonly id: string;
  readonly error: string | null;
  /** The bytes Go holds where they are not UTF-8. */
  readonly sourceHex?: string;
  readonly idHex?: string;
}

const fromBytes = (hex: string) => new TextDecoder().decode(Buffer.from(hex, "hex"));

const ID_SAMPLES: readonly IdVector[] = [
  { source: "db.table.id", id: "12345", encoded: "id=12345&s=db.table.id&t=data.ID" },
  { source: "", id: "", encoded: "id=&s=&t=data.ID" },
  { source: "a b", id: "!'()*", encoded: "id=%21%27%28%29%2A&s=a+b&t=data.ID" },
  { source: "-_.~", id: "a+b%&=", encoded: "id=a%2Bb%25%26%3D&s=-_.~&t=data.ID" },
  { source: "é中", id: "😀\u0000", encoded: "id=%F0%9F%98%80%00&s=%C3%A9%E4%B8%AD&t=data.ID" },
];

const PARSE_SAMPLES: readonly ParseVector[] = [
  { input: "id=a+b&s=c%20d&t=data.ID", source: "c d", id: "a b", error: null },
  { input: "t=x&s=first&s=second&id=%41", source: "first", id: "A", error: null },
  { input: "i%64=1&s=2&t=d%61ta.ID", source: "2", id: "1", error: null },
  { input: "?id=1&id=2&s=3&t=data.ID", source: "3", id: "2", error: null },
  { input: "id=1=2&s&t=data.ID&&", source: "", id: "1=2", error: null },
  { input: "id=%FF&s=a&t=data.ID", source: "a", id: "\ufffd", error: null, idHex: "ff" },
  { input: "id=é%FF😀&s=a&t=data.ID", source: "a", id: "é\ufffd😀", error: null, idHex: "c3a9fff09f9880" },
  { input: "id=1&t=x", source: "", id: "1", error: null },
  { input: "s=1&t=x", source: "1", id: "", error: null },
  { input: "&id=1&&s=2&t=x&", source: "2", id: "1", error: null },
  { input: "=x&id=1&s=2&t=x", source: "2", id: "1", error: null },
  { input: "id=1&s=2&t=", source: "", id: "", error: "no type" },
  { input: "id=1&s=2", source: "", id: "", error: "no type" },
  { input: "id=1&s=%e4%&t=data.ID", source: "", id: "", error: "bad escape" },
  { input: "id=1&s=2&t=data.ID&x=%4g", source: "", id: "", error: "bad escape in a field of no interest" },
  { input: "id=1&s=2&t=data.ID&%4=x", source: "", id: "", error: "bad escape in a name" },
  { input: "id=1;2&s=s&t=data.ID", source: "", id: "", error: "raw semicolon in a value" },
  { input: "id=1&s=2;t=data.ID", source: "", id: "", error: "raw semicolon" },
  { input: "", source: "", id: "", error: "empty" },
];

describe("the wire key", () => {
  test("is written as the Go program writes it", () => {
    for (const { source, id, encoded } of [...ID_SAMPLES, ...vectors<IdVector>("go-id-vectors.json")]) {
      expect(dataId(source, id).toString()).toBe(encoded);
    }
  });

  test("is read back to the same source and id", () => {
    for (const { source, id, encoded } of [...ID_SAMPLES, ...vectors<IdVector>("go-id-vectors.json")]) {
      expect(parseDataId(encoded)).toMatchObject({ source, id });
    }
  });

  test("is read, or refused, as the Go program does", () => {
    for (const { input, source, id, error, sourceHex, idHex } of [
      ...PARSE_SAMPLES,
      ...vectors<ParseVector>("go-parse-vectors.json"),
    ]) {
      if (error === null) {
        const expected = {
          source: sourceHex === undefined ? source : fromBytes(sourceHex),
          id: idHex === undefined ? id : fromBytes(idHex),
        };
        expect({ input, ...parseDataId(input) }).toMatchObject({ input, ...expected });
      } else {
        expect(() => parseDataId(input)).toThrow(InvalidDataIdError);
      }
    }
  });

  test("keeps a byte order mark that is part of an id", () => {
    expect(parseDataId("id=%EF%BB%BFa&s=s&t=data.ID").id).toBe("\ufeffa");
  });
});

test("an observableId() that is async, and rejects, is refused, and ends nothing", async () => {
  const target = { observableId: () => Promise.reject(new Error("no")) };
  expect(() => toDataId(target as never)).toThrow(InvalidDataIdError);
  await new Promise((resolve) => setImmediate(resolve));
});

describe("a data id", () => {
  test("holds no half of a surrogate pair, which has no UTF-8 form", () => {
    expect(() => dataId("s", "\ud83d")).toThrow(/well-formed string as.* id,/);
    expect(() => dataId("\ude00", "1")).toThrow(/well-formed string as.* source,/);
    expect(() => dataSource("\ude00")).toThrow(InvalidDataIdError);
    expect(() => parseDataId("id=\ud83d&s=s&t=data.ID")).toThrow(InvalidDataIdError);
  });

  test("is made of strings, and the error says what came instead", () => {
    expect(() => dataId("s", 1 as never)).toThrow(
      "scache: expected a well-formed string as the data id's id, but got 1; use String(id)",
    );
    expect(() => dataId(undefined as never, "1")).toThrow(/source, but got undefined/);
    expect(() => parseDataId(5 as never)).toThrow(InvalidDataIdError);
  });

  test("is not read from what is malformed or has no type, and the error says what it should have been", () => {
    expect(() => parseDataId(5 as never)).toThrow(
      "scache: expected a well-formed string as the data id's wire form, but got 5",
    );
    expect(() => parseDataId("id=%")).toThrow('scache: expected a wire key (id=...&s=...&t=data.ID), but got "id=%"');
    expect(() => parseDataId("id=1&s=2")).toThrow(
      'scache: expected a wire key (id=...&s=...&t=data.ID), but got "id=1&s=2"',
    );
    expect(() => dataSource("\ude00")).toThrow("scache: expected a well-formed string as the data id's source");
  });

  test("made by a source's factory is the same as one made at once", () => {
    expect(dataSource("db.users.id")("1").toString()).toBe(dataId("db.users.id", "1").toString());
  });

  test("says its source and id as they went in, and its wire key as a text", () => {
    const id = dataId("s", "1");
    expect([id.source, id.id, String(id), `${id}`]).toEqual(["s", "1", "id=1&s=s&t=data.ID", "id=1&s=s&t=data.ID"]);
  });

  test("keeps its wire key whoever changes its fields: what was cached under it is still found", () => {
    const id = dataId("s", "1");
    Object.assign(id, { source: "t", id: "2" });
    expect(id.toString()).toBe("id=1&s=s&t=data.ID");
  });
});

describe("what an id can be taken from", () => {
  test("an id itself", () => {
    const id = dataId("s", "1");
    expect(toDataId(id)).toBe(id);
  });

  test("an object that knows its id", () => {
    const id = dataId("s", "1");
    expect(toDataId({ observableId: () => id })).toBe(id);
    expect(toDataId({ observableId: () => dataId("s", "1") }).toString()).toBe("id=1&s=s&t=data.ID");
  });

  test("an id made by another copy of the package", () => {
    const foreign = { source: "s", id: "1" } as DataId;
    expect(toDataId(foreign)).toBeInstanceOf(DataId);
    expect(toDataId(foreign).toString()).toBe("id=1&s=s&t=data.ID");
  });

  test.each([
    [null],
    [undefined],
    ["id=1&s=s&t=data.ID"],
    [{}],
    [{ source: "s" }],
    [{ id: "1" }],
    [{ observableId: 5 }],
    [{ observableId: () => null }],
    [{ observableId: () => "id=1&s=s&t=data.ID" }],
  ])("not %p, and the error says what it can be", (value) => {
    expect(() => toDataId(value as never)).toThrow(InvalidDataIdError);
    expect(() => toDataId(value as never)).toThrow(
      "scache: expected a data id or an object with observableId(), but got ",
    );
  });

  test.each([
    ["a string", "user-42", "use dataId(source, id), or parseDataId(key) where it is a wire key"],
    ["a number", 42, "use dataId(source, String(id))"],
    ["a bigint", 42n, "use dataId(source, String(id))"],
    ["a list", [dataId("s", "1")], "pass them one by one, as in invalidate(...ids)"],
    ["a set", new Set([dataId("s", "1")]), "pass them one by one, as in invalidate(...ids)"],
    ["a promise", Promise.resolve(dataId("s", "1")), "await it first"],
    ["a factory", dataSource("s"), "call it with an id, if it came from dataSource()"],
  ])("not %s, and the error says what to write instead", (_what, value, instead) => {
    expect(() => toDataId(value as never)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^scache: expected a data id or an object with.*, but got .*; /),
      }),
    );
    expect(() => toDataId(value as never)).toThrow(`; ${instead}`);
  });

  test("of one thing at a time", () => {
    expect(() => dataId("s", ["1", "2"] as never)).toThrow("but got an array of 2; pass one at a time");
    expect(() => dataId("s", 42n as never)).toThrow("but got 42; use String(id)");
  });

  test("not an object whose source is no string", () => {
    expect(() => toDataId({ source: 1, id: "1" } as never)).toThrow(
      "scache: expected a well-formed string as the data id's source, but got 1",
    );
  });

  test("not an object that names itself as its own id", () => {
    const circular = { observableId: (): DataId => circular as never };
    expect(() => toDataId(circular)).toThrow(InvalidDataIdError);
  });
});
