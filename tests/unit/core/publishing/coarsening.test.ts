/** A publication too long for its log names less, and covers as much. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dataId, parseDataId } from "../../../../src/core/data-id.js";
import { type InvalidationLog, LogFailure } from "../../../../src/core/log.js";
import { bytesInList, toBatches } from "../../../../src/core/publishing/batching.js";
import { coarsened } from "../../../../src/core/publishing/coarsening.js";
import { createRecordPublisher } from "../../../../src/core/publishing/publisher.js";
import type { RecordContent } from "../../../../src/core/record.js";
import { ManualClock } from "../../../../src/testing/manual-clock.js";
import { readWhole } from "../../../support/read-whole.js";

const LIMITS = { maxPublicationBytes: 8_192, maxRecordBytes: 4_096 };

const keysOf = (source: string, count: number, length = 6) =>
  Array.from({ length: count }, (_, index) => dataId(source, `${index}`.padStart(length, "0")).toString());

function covers(said: RecordContent, key: string): boolean {
  return said.all === true || said.keys.includes(key) || said.sources?.includes(parseDataId(key).source) === true;
}

describe("a publication", () => {
  test("that is short enough is left as it is", () => {
    const short = { keys: keysOf("users", 200), sources: ["orders"] };
    expect(coarsened(short, LIMITS)).toEqual(short);
    expect(coarsened({ keys: [], all: true }, LIMITS)).toEqual({ keys: [], all: true });
  });

  test("of 20,000 ids of one source names the source", () => {
    expect(coarsened({ keys: keysOf("users", 20_000) }, LIMITS)).toEqual({ keys: [], sources: ["users"] });
  });

  test("names the source of the longest list, and still the ids of others", () => {
    const few = keysOf("orders", 20);
    const content = { keys: [...keysOf("users", 300), ...few], sources: ["carts"] };
    expect(coarsened(content, LIMITS)).toEqual({ keys: few, sources: ["carts", "users"] });
  });

  test("of an id that fits no record names its source, and of a source that fits none everything", () => {
    const few = keysOf("orders", 2);
    expect(coarsened({ keys: [...keysOf("users", 1, 5_000), ...few] }, LIMITS)).toEqual({
      keys: few,
      sources: ["users"],
    });
    expect(coarsened({ keys: few, sources: ["x".repeat(5_000)] }, LIMITS)).toEqual({ keys: [], all: true });
    expect(coarsened({ keys: keysOf("x".repeat(5_000), 1) }, LIMITS)).toEqual({ keys: [], all: true });
  });

  test("of very many sources says that everything has changed", () => {
    const keys = Array.from({ length: 3_000 }, (_, index) => dataId(`source-${index}`, "1").toString());
    expect(coarsened({ keys }, LIMITS)).toEqual({ keys: [], all: true });
  });

  test("always covers what it was given, and fits: each record, and all of them", () => {
    const name = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.integer({ min: 900, max: 6_000 }).map((length) => "é".repeat(length)),
    );
    const ids = fc.tuple(fc.constantFrom("a", "b", "c", "d".repeat(5_000)), fc.integer({ min: 0, max: 300 }), name);
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 5 }), fc.array(name, { maxLength: 3 }), (lists, sources) => {
        const keys = lists.flatMap(([source, count, id]) => [...keysOf(source, count), dataId(source, id).toString()]);
        const said = coarsened({ keys, sources }, LIMITS);
        expect(keys.filter((key) => !covers(said, key))).toEqual([]);
        for (const source of sources) expect(said.all === true || said.sources?.includes(source)).toBe(true);
        const names = [...said.keys, ...(said.sources ?? [])];
        expect(names.reduce((sum, each) => sum + bytesInList(each), 0)).toBeLessThanOrEqual(LIMITS.maxPublicationBytes);
        const batches = toBatches({ keys, sources }, 0, {
          ...LIMITS,
          recordBytes: 1_024,
          stampsRecords: false,
          coarsened: (content) => coarsened(content, LIMITS),
        });
        expect(batches.flatMap(({ data }) => readWhole(data).keys)).toEqual(said.keys);
      }),
      { numRuns: 40 },
    );
  });
});

test("a publication that was made coarser and failed names the ids that its caller gave", async () => {
  const keys = keysOf("users", 20_000);
  const failure = new LogFailure("refused", "no");
  const log = {
    name: "log",
    recordBytes: 1_024,
    maxRecordBytes: 4_096,
    stampsRecords: false,
    coarsened: (content: RecordContent) => coarsened(content, LIMITS),
    append: async (records: readonly Uint8Array[]) => records.map(() => ({ written: false as const, failure })),
  } as unknown as InvalidationLog;
  const publisher = createRecordPublisher(log, new ManualClock(), () => 0.5);
  const error = await publisher.publish({ keys }, 1_000).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ idCount: 20_000, sourceCount: 0, everything: false });
});
