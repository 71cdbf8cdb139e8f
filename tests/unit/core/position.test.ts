/** How an answer moves a cursor, and when an iterator is too old to be used. */
import { describe, expect, test } from "@jest/globals";
import {
  advanced,
  fenceAt,
  isWarm,
  MAX_ITERATOR_AGE_MS,
  type Position,
  type ShardCursor,
  usableIterator,
} from "../../../src/core/position.js";

const MINUTE_MS = 60_000;
const taken = (takenAtMs: number): ShardCursor => ({ startMs: 0, iterator: "t", takenAtMs });
const child: ShardCursor = { takenAtMs: 0 };

describe("an iterator", () => {
  test("is used while younger than 4 minutes, of the 5 it lives", () => {
    expect(MAX_ITERATOR_AGE_MS).toBe(4 * MINUTE_MS);
    expect([0, 4 * MINUTE_MS - 1, 4 * MINUTE_MS].map((nowMs) => usableIterator(taken(0), nowMs))).toEqual([
      "t",
      "t",
      undefined,
    ]);
  });

  test("of a later time than now is not used: the clock was set back, and its age is not known", () => {
    expect(usableIterator(taken(1_000), 999)).toBeUndefined();
  });

  test("that was never given is not used", () => {
    expect(usableIterator(child, 0)).toBeUndefined();
  });
});

describe("a cursor", () => {
  test("at the tip starts over, should it have to, from when the call was sent", () => {
    expect(advanced({ takenAtMs: 0, startMs: 5 }, "next", 100, true)).toEqual({
      iterator: "next",
      takenAtMs: 100,
      startMs: 100,
    });
  });

  test("short of the tip starts over from where it last was known to be complete", () => {
    expect(advanced({ takenAtMs: 0, startMs: 5 }, "next", 100, false)).toEqual({
      iterator: "next",
      takenAtMs: 100,
      startMs: 5,
    });
    expect(advanced(child, "next", 100, false).startMs).toBeUndefined();
  });
});

describe("a position", () => {
  const cursors = (...takenAtMs: number[]): Position => ({
    provenAtMs: 0,
    complete: true,
    shards: new Map(takenAtMs.map((atMs, index) => [`shard ${index}`, taken(atMs)])),
  });

  test("is warm when every shard can be read on with the iterator it has", () => {
    expect(isWarm(cursors(0, 10), 20)).toBe(true);
    expect(isWarm(cursors(0, 10 * MINUTE_MS), 10 * MINUTE_MS)).toBe(false);
    expect(isWarm({ provenAtMs: 0, complete: true, shards: new Map([["child", child]]) }, 0)).toBe(false);
  });

  test("is not warm while there may be shards it does not name", () => {
    expect(isWarm({ ...cursors(0), complete: false }, 0)).toBe(false);
  });

  test("that is a fence is never warm, and proven up to its own moment", () => {
    expect(isWarm(fenceAt(7), 7)).toBe(false);
    expect(fenceAt(7)).toEqual({ provenAtMs: 7, shards: new Map(), complete: false });
  });
});
