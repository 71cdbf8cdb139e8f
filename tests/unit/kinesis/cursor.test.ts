/** How an answer moves a cursor, and when an iterator is too old to be used. */
import { describe, expect, test } from "@jest/globals";
import {
  advanced,
  answered,
  asking,
  cursorFrom,
  MAX_ITERATOR_AGE_MS,
  renewed,
  type ShardCursor,
  usableIterator,
} from "../../../src/kinesis/cursor.js";

const MINUTE_MS = 60_000;
const taken = (takenAtMs: number): ShardCursor => ({ ...cursorFrom(0), iterator: "t", takenAtMs });
const child = cursorFrom();

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
    expect(advanced(cursorFrom(5), "next", 100, true)).toEqual({
      ...cursorFrom(100),
      iterator: "next",
      takenAtMs: 100,
    });
  });

  test("short of the tip starts over from where it last was known to be complete", () => {
    expect(advanced(cursorFrom(5), "next", 100, false)).toEqual({
      ...cursorFrom(5),
      iterator: "next",
      takenAtMs: 100,
    });
    expect(advanced(child, "next", 100, false).startMs).toBeUndefined();
  });
});

describe("a page that did not arrive", () => {
  const cursor = { ...cursorFrom(5), iterator: "i", takenAtMs: 100 };

  test("is asked for whole the first time, then with fewer records each time, and never with none", () => {
    const limits: unknown[] = [];
    let next: ShardCursor = cursor;
    for (let reading = 0; reading < 7; reading++) {
      next = asking(next);
      limits.push(next.limit);
    }
    expect(limits).toEqual([undefined, 1_250, 156, 19, 2, 1, 1]);
  });

  test("but for a failure that says nothing of its size is asked for whole again", () => {
    expect(asking(answered(asking(cursor))).limit).toBeUndefined();
  });

  test("is asked for with more records than were taken of it", () => {
    let next: ShardCursor = { ...cursor, taken: 100 };
    for (let reading = 0; reading < 9; reading++) next = asking(next);
    expect(next.limit).toBeGreaterThan(100);
  });

  test("is followed by larger ones once it has arrived, and by whole ones from the tip on", () => {
    const slow = asking(asking(cursor));
    const limits: unknown[] = [];
    let next: ShardCursor = slow;
    for (let pages = 0; pages < 4; pages++) {
      next = asking(advanced(next, "next", 200, false));
      limits.push(next.limit);
    }
    expect(limits).toEqual([2_500, 5_000, undefined, undefined]);
    expect(advanced(slow, "next", 200, true).limit).toBeUndefined();
  });

  test("counts nothing that was taken with another iterator", () => {
    expect(renewed({ ...cursor, taken: 7 }, "new", 300)).toMatchObject({ iterator: "new", takenAtMs: 300, taken: 0 });
  });
});
