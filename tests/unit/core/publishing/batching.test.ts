/** How invalidations are cut into records: whole, within every limit, and in no more than it takes. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dataId } from "../../../../src/core/data-id.js";
import { toBatches as cut } from "../../../../src/core/publishing/batching.js";
import type { RecordContent } from "../../../../src/core/record.js";
import { readWhole } from "../../../support/read-whole.js";

const RECORD_BYTES = 25_600;
const MAX_RECORD_BYTES = 100_000;
const toBatches = (content: RecordContent, atMs: number) =>
  cut(content, atMs, { recordBytes: RECORD_BYTES, maxRecordBytes: MAX_RECORD_BYTES, stampsRecords: true });

const keysOf = (count: number) =>
  Array.from({ length: count }, (_, index) => dataId("db.users.id", `${index}`).toString());

describe("records", () => {
  test("say together what was to be said, in order, and each is no longer than the log asks for", () => {
    // At its default size a list of fast-check's has some ten short texts, and they all fit one record.
    const text = fc.string({ unit: "grapheme", maxLength: 1_000, size: "max" });
    const parts = { ofKeys: 0, ofSources: 0 };
    fc.assert(
      fc.property(
        fc.array(text, { maxLength: 60, size: "max" }),
        fc.array(text, { maxLength: 30, size: "max" }),
        fc.boolean(),
        (ids, sources, all) => {
          const keys = ids.map((id) => dataId("s", id).toString());
          const batches = toBatches({ keys, sources, all }, 0);
          const decoded = batches.map((batch) => readWhole(batch.data));
          expect(decoded.flatMap((record) => record.keys)).toEqual(keys);
          expect(decoded.flatMap((record) => record.sources)).toEqual(sources);
          expect(decoded.filter((record) => record.all)).toHaveLength(all ? 1 : 0);
          for (const { content, data } of batches) {
            const names = content.keys.length + (content.sources?.length ?? 0);
            expect(data.length <= RECORD_BYTES || names === 1).toBe(true);
          }
          parts.ofKeys = Math.max(parts.ofKeys, decoded.filter((record) => record.keys.length > 0).length);
          parts.ofSources = Math.max(parts.ofSources, decoded.filter((record) => record.sources.length > 0).length);
        },
      ),
      // Texts as long as these take very long to be made smaller, should it ever fail.
      { numRuns: 50, interruptAfterTimeLimit: 10_000 },
    );
    expect(parts.ofKeys).toBeGreaterThan(1);
    expect(parts.ofSources).toBeGreaterThan(1);
  });

  test("name in their content what their data says, so that a failure names the right ids", () => {
    for (const { content, data } of toBatches({ keys: keysOf(2_000), sources: ["a", "b"], all: true }, 0)) {
      expect(readWhole(data)).toEqual({ sources: [], all: false, ...content });
    }
  });

  test("are filled: 100,000 ids take no more than two in a hundred over what their bytes need", () => {
    const keys = keysOf(100_000);
    const least = new TextEncoder().encode(JSON.stringify(keys)).length / RECORD_BYTES;
    const lengths = toBatches({ keys }, 0).map(({ data }) => data.length);
    expect(lengths.length).toBeLessThanOrEqual(Math.ceil(least * 1.02));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(RECORD_BYTES);
  });

  test("are filled to the byte: what encloses the list is counted as 100, each name with its quotes and its comma", () => {
    // 48 characters, so 51 bytes each: 500 of them and the 100 are 25,600.
    const keys = Array.from({ length: 1_001 }, (_, index) => dataId("s", `${index}`.padStart(31, "0")).toString());
    expect(toBatches({ keys }, 0).map(({ content }) => content.keys.length)).toEqual([500, 500, 1]);
    const longer = keys.map((key) => key.replace("&s=s", "&s=ss"));
    expect(toBatches({ keys: longer }, 0).map(({ content }) => content.keys.length)).toEqual([490, 490, 21]);
  });

  test("count names in bytes, as JSON writes them", () => {
    // 3 bytes for each character, or 6 for one that JSON escapes.
    for (const [character, each] of [
      ["\u4e2d", 3],
      ["\u0001", 6],
    ] as const) {
      const sources = Array.from({ length: 30 }, () => character.repeat(3_000 / each));
      expect(toBatches({ keys: [], sources }, 0).map(({ content }) => content.sources?.length)).toEqual([8, 8, 8, 6]);
    }
  });

  test("have no field that says nothing", () => {
    const batches = toBatches({ keys: ["k"], sources: [], all: false }, 0).concat(
      toBatches({ keys: [], all: true }, 0),
    );
    expect(batches.map(({ data }) => new TextDecoder().decode(data))).toEqual([
      '{"keys":["k"],"ts":"1970-01-01T00:00:00.000Z"}',
      '{"keys":[],"all":true,"ts":"1970-01-01T00:00:00.000Z"}',
    ]);
  });

  test("of a log that does not want it say no time", () => {
    const limits = { recordBytes: RECORD_BYTES, maxRecordBytes: MAX_RECORD_BYTES, stampsRecords: false };
    const [batch] = cut({ keys: ["k"] }, 0, limits, "nonce");
    expect(new TextDecoder().decode(batch?.data)).toBe('{"keys":["k"],"by":"nonce"}');
  });

  test("of nothing are none", () => {
    expect(toBatches({ keys: [] }, 0)).toEqual([]);
  });

  test("an id that fits no record is an error; one that just fits is a record of its own", () => {
    const envelope = toBatches({ keys: [dataId("s", "").toString()] }, 0)[0]?.data.length ?? 0;
    const room = MAX_RECORD_BYTES - envelope;
    const largest = toBatches({ keys: ["id=0&s=s&t=data.ID", dataId("s", "x".repeat(room)).toString()] }, 0);
    expect(largest.map(({ data }) => data.length)).toEqual([expect.any(Number), MAX_RECORD_BYTES]);
    expect(() => toBatches({ keys: [dataId("s", "x".repeat(room + 1)).toString()] }, 0)).toThrow(RangeError);
    expect(() => toBatches({ keys: [], sources: ["x".repeat(MAX_RECORD_BYTES)] }, 0)).toThrow(RangeError);
  });
});
