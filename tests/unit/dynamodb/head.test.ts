/** What a head says to a reader and to a writer. */
import { describe, expect, test } from "@jest/globals";
import {
  found,
  headBytes,
  type Place,
  reliefAfter,
  reliefAgain,
  sealedBy,
  TRIMMING_WHEN_THROTTLED,
  tipOf,
  trimmingAt,
} from "../../../src/dynamodb/head.js";
import type { Head } from "../../../src/dynamodb/table-api.js";

const record = (n: number) => Uint8Array.from([n]);
const head = (first: number, count: number, incarnation = "a"): Head => ({
  incarnation,
  first,
  records: Array.from({ length: count }, (_, index) => record(first + index)),
});
const at = (next: number, incarnation: string | undefined = "a"): Place => ({ incarnation, next });
const absent: Place = { incarnation: undefined, next: 0 };

describe("to a reader", () => {
  test.each([
    ["has no place: it takes the tip", head(3, 4), undefined, { kind: "placed", tip: at(7) }],
    ["has no place, and there is no head", undefined, undefined, { kind: "placed", tip: absent }],
    ["is at the tip", head(3, 4), at(7), { kind: "on", records: [] }],
    ["is within the head", head(3, 4), at(5), { kind: "on", records: [record(5), record(6)] }],
    ["is where the head begins", head(3, 2), at(3), { kind: "on", records: [record(3), record(4)] }],
    ["is before the head begins", head(3, 4), at(2), { kind: "behind", head: head(3, 4) }],
    ["was placed where there was no head, and there is none", undefined, absent, { kind: "on", records: [] }],
  ])("that %s", (_what, answer, place, finding) => {
    expect(found(answer, place, place)).toEqual(finding);
  });

  test.each([
    ["the log was deleted", undefined, at(5), /deleted/, absent],
    ["a log has come to be where there was none", head(0, 2), absent, /created/, at(2)],
    ["it is of another incarnation", head(0, 9, "b"), at(5), /anew/, at(9, "b")],
    ["it is of another incarnation and shorter", head(0, 1, "b"), at(5), /anew/, at(1, "b")],
    ["it ends before the place", head(0, 4), at(5), /back/, at(4)],
  ])("what it missed is lost when %s", (_what, answer, place, why, tip) => {
    expect(found(answer, place, place)).toEqual({ kind: "lost", why: expect.stringMatching(why), tip });
  });

  test.each([
    ["that ends where it stood when it asked", head(0, 5), at(9), at(5)],
    ["that ends between then and now", head(0, 7), at(9), at(5)],
    ["of the log that it has left since", head(0, 5), at(2, "b"), at(5)],
    ["of before the log was created", undefined, at(2), absent],
  ])("an answer %s is an old one, and says nothing", (_what, answer, place, asked) => {
    expect(found(answer, place, asked)).toEqual({ kind: "old" });
  });

  test.each([
    ["ends before where it stood when it asked", head(0, 4), at(9), at(5)],
    ["is of a third log", head(0, 9, "c"), at(2, "b"), at(5)],
    ["was asked for without a place", head(0, 4), at(9), undefined],
  ])("an answer that %s is none of those: a loss", (_what, answer, place, asked) => {
    expect(found(answer, place, asked).kind).toBe("lost");
  });

  test("one that is not understood says nothing, wherever the reader is", () => {
    for (const place of [undefined, absent, at(3)]) {
      expect(found({ unreadable: "odd" }, place, place)).toEqual({ kind: "unreadable", why: "odd" });
    }
  });

  test("the tip is the number of the record to come", () => {
    expect([tipOf(head(0, 0)), tipOf(head(7, 3)), tipOf(undefined)]).toEqual([at(0), at(10), absent]);
  });
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
