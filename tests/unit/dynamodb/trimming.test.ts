/** When room is made in a head, by whom, and how much. */
import { describe, expect, test } from "@jest/globals";
import type { Head } from "../../../src/dynamodb/table-api.js";
import {
  headBytes,
  reliefAfter,
  reliefAgain,
  sealedBy,
  TRIMMING_WHEN_THROTTLED,
  trimmingAt,
} from "../../../src/dynamodb/trimming.js";

const record = (n: number) => Uint8Array.from([n]);
const head = (first: number, count: number, incarnation = "a"): Head => ({
  incarnation,
  first,
  records: Array.from({ length: count }, (_, index) => record(first + index)),
});

describe("to a writer", () => {
  /** A head of so many bytes before an append of one record. */
  const sized = (before: number, own: number, small = 63): Head => {
    const count = Math.floor((before - headBytes({ records: [] })) / (small + 1));
    const rest = before - headBytes({ records: [] }) - count * (small + 1);
    const records = Array.from({ length: count }, () => new Uint8Array(small));
    if (rest > 0) records.push(new Uint8Array(rest - 1));
    return { incarnation: "a", first: 0, records: [...records, new Uint8Array(own - 1)] };
  };
  const normal = { limit: 4_096, kept: 2_560 };

  test("bytes are what the item takes up: its records, one more for each, and a little", () => {
    expect(headBytes({ records: [] })).toBeGreaterThan(30);
    expect(headBytes({ records: [new Uint8Array(10), new Uint8Array(20)] }) - headBytes({ records: [] })).toBe(32);
  });

  test.each([
    ["stays below the limit", 4_000, 50, "none"],
    ["crosses the limit", 4_090, 10, "seal"],
    ["comes between two steps above it", 4_100, 100, "none"],
    ["crosses a step above it", 4_300, 64, "seal"],
    ["crosses several", 3_000, 3_000, "seal"],
    ["finds the head much too large", 6_350, 64, "trim"],
    ["finds it much too large between two steps", 6_160, 64, "none"],
    ["finds it hopeless", 65_790, 300, "reset"],
  ])("an append that %s: %i + %i bytes", (_what, before, own, kind) => {
    expect(reliefAfter(sized(before, own), 1, normal).kind).toBe(kind);
  });

  test("of all appends to a growing head, one in each step is elected, however they come", () => {
    for (const own of [40, 100, 200]) {
      let elected = 0;
      for (let before = 4_000; before < 6_000; before += own) {
        if (reliefAfter(sized(before, own), 1, normal).kind === "seal") elected++;
      }
      expect(elected).toBeGreaterThanOrEqual(6);
      expect(elected).toBeLessThanOrEqual(8);
    }
  });

  test("so much is moved that what is to be kept is left", () => {
    const full = sized(4_090, 10);
    const relief = reliefAfter(full, 1, normal);
    if (relief.kind !== "seal") throw new Error(relief.kind);
    const left = headBytes({ records: full.records.slice(relief.count) });
    expect(left).toBeLessThanOrEqual(2_560);
    expect(left).toBeGreaterThan(2_560 - 64);
  });

  test("no more than a hundred at a time, however small they are", () => {
    expect(reliefAfter(sized(4_090, 10, 5), 1, normal)).toEqual({ kind: "seal", count: 100 });
  });

  test("of one that is overdue, the newest half is kept; and again, until it is not overdue", () => {
    let left = sized(19_900, 200);
    const first = reliefAfter(left, 1, normal);
    const sizes: number[] = [];
    for (let relief = first; relief.kind === "trim"; relief = reliefAgain(left)) {
      expect(relief.count).toBeLessThanOrEqual(100);
      left = { ...left, records: left.records.slice(relief.count) };
      sizes.push(headBytes(left));
    }
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.at(-1)).toBeLessThan(8_192);
    expect(sizes.at(-1)).toBeGreaterThan(3_000);
  });

  test("a single record that is larger than all that may be kept is moved, too", () => {
    const huge: Head = { incarnation: "a", first: 4, records: [record(1), new Uint8Array(25_000)] };
    expect(reliefAfter(huge, 1, normal)).toEqual({ kind: "seal", count: 2 });
  });

  test("the more is written, the smaller the head has to be; never larger than readers need, never too small", () => {
    const limits = [0, 1, 75, 150, 300, 1_000, 1e9].map((rate) => trimmingAt(rate).limit);
    expect(limits).toEqual([4_096, 4_096, 4_096, 2_048, 1_024, 640, 640]);
    expect(trimmingAt(0)).toEqual({ limit: 4_096, kept: 2_560 });
    for (const rate of [0, 100, 300, 1e9]) expect(trimmingAt(rate).kept).toBeLessThan(trimmingAt(rate).limit);
    expect(TRIMMING_WHEN_THROTTLED).toEqual(trimmingAt(1e9));
  });
});

describe("a segment that is there already", () => {
  test("says how many records to take out: as many as it holds, more or fewer than planned", () => {
    const segment = (count: number) => ({ first: 3, records: head(3, count).records });
    expect(sealedBy(segment(2), head(3, 9))).toBe(2);
    expect(sealedBy(segment(9), head(3, 9))).toBe(9);
    // Others have appended since, and moved more.
    expect(sealedBy(segment(12), head(3, 9))).toBe(12);
  });

  test.each([
    ["another record", [record(3), record(9)]],
    ["a longer one", [record(3), Uint8Array.from([4, 4])]],
    ["an empty one", [new Uint8Array()]],
  ])("but not when it holds %s", (_what, records) => {
    expect(sealedBy({ first: 3, records }, head(3, 9))).toBeUndefined();
  });
});
