/** Decoders of the user's: believed to the letter, and what is not what it should be means everything. */
import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../../src/core/data-id.js";
import { readWhole } from "../../support/read-whole.js";

const EVERYTHING = { keys: [], sources: [], all: true };

describe("a decoder of the user's", () => {
  test("names ids, sources or everything, from any iterable", () => {
    const decoded = readWhole(Uint8Array.of(7), (data) => ({
      ids: new Set([dataId("s", String(data[0]))]),
      sources: ["x"].values(),
      all: false,
    }));
    expect(decoded).toEqual({ keys: ["id=7&s=s&t=data.ID"], sources: ["x"], all: false });
    expect(readWhole(new Uint8Array(), () => ({}))).toEqual({ keys: [], sources: [], all: false });
    expect(readWhole(new Uint8Array(), () => ({ all: true }))).toEqual({ keys: [], sources: [], all: true });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
      "no",
    ],
    [
      "throws what is no error",
      () => {
        throw "no";
      },
      '"no"',
    ],
    ["returns nothing", () => undefined, expect.any(String)],
    ["returns a list", () => [], expect.stringContaining("decoded")],
    ["returns a Map", () => new Map(), expect.stringContaining("decoded")],
    ["is a generator", function* () {}, expect.stringContaining("decoded")],
    ["names a promise that rejects", () => ({ ids: [Promise.reject(new Error("no"))] }), expect.any(String)],
    ["is async, and rejects", () => Promise.reject(new Error("no")), "decode returned a promise"],
    [
      "names what is no id",
      () => ({ ids: ["1"] }),
      'scache: expected a data id or an object with observableId(), but got "1"; use dataId(source, id), or parseDataId(key) where it is a wire key',
    ],
    ["names a source that is no string", () => ({ sources: [5] }), '"sources" is 5'],
    ["names one id in place of a list", () => ({ ids: dataId("s", "1") }), expect.any(String)],
    ["names one wire key in place of a list", () => ({ ids: "id=1" }), '"ids" is "id=1"'],
    ["names one source in place of a list", () => ({ sources: "db.users" }), '"sources" is "db.users"'],
    ["says everything in another type", () => ({ all: "yes" }), '"all" is "yes"'],
    ["names keys in place of ids", () => ({ keys: ["id=1"] }), '"decoded" is {keys}'],
    ["returns a list in place of an object", () => [dataId("s", "1")], '"decoded" is an array of 1'],
    ["returns a promise", async () => ({ ids: [dataId("s", "1")] }), "decode returned a promise"],
    [
      "fails half way",
      () => ({
        ids: (function* () {
          yield dataId("s", "1");
          throw new Error("half way");
        })(),
      }),
      "half way",
    ],
  ])("that %s means everything, and the notice will say why", (_what, decoder, notUnderstood) => {
    expect(readWhole(new Uint8Array(), decoder as never)).toEqual({ ...EVERYTHING, notUnderstood });
  });
});
