/** What is expected of a reading, by those before it. */
import { describe, expect, test } from "@jest/globals";
import { createReadingPace } from "../../../../src/core/coherence/reading-pace.js";

const MINUTE_MS = 60_000;

describe("what is expected of a reading", () => {
  test("is a guess at first, and larger where it is cold", () => {
    const pace = createReadingPace();
    expect([pace.expectedMs(false, 0), pace.expectedMs(true, 0), pace.warmMs(0)]).toEqual([5, 15, 5]);
  });

  test("is the median of the last nine that were warm; cold ones are apart", () => {
    const pace = createReadingPace();
    for (const ms of [90, 90, 90, 8, 9, 500, 7, 10, 11, 12, 500, 9]) pace.took(ms, false, 0);
    pace.took(33, true, 0);
    expect([pace.expectedMs(false, 1), pace.expectedMs(true, 1)]).toEqual([10, 33]);
  });

  test("is waited for a quarter longer than the longest of thirty took, but not more than twice as long as is expected", () => {
    const pace = createReadingPace();
    expect(pace.patienceMs(false, 0)).toBe(10);
    pace.took(14, false, 0);
    for (let reading = 0; reading < 29; reading++) pace.took(10, false, 0);
    expect(pace.patienceMs(false, 0)).toBe(17.5);
    pace.took(10, false, 0);
    expect(pace.patienceMs(false, 0)).toBe(12.5);
    pace.took(500, false, 0);
    expect([pace.expectedMs(false, 0), pace.patienceMs(false, 0)]).toEqual([10, 20]);
  });

  test("fades: what is older than five minutes counts no more, and then the best is expected", () => {
    const pace = createReadingPace();
    for (const ms of [12, 500, 500]) pace.took(ms, false, 0);
    expect(pace.expectedMs(false, 5 * MINUTE_MS)).toBe(500);
    expect(pace.expectedMs(false, 5 * MINUTE_MS + 1)).toBe(5);
    expect(pace.patienceMs(false, 5 * MINUTE_MS + 1)).toBe(24);
    pace.took(600, false, 6 * MINUTE_MS);
    expect(pace.expectedMs(false, 6 * MINUTE_MS)).toBe(600);
  });

  test("counts one that was left behind as its age, and never as less than was expected", () => {
    const pace = createReadingPace();
    pace.took(10, false, 0);
    pace.leftBehind(2, false, 0);
    pace.took(33, true, 0);
    expect(pace.warmMs(0)).toBe(10);
    pace.leftBehind(200, false, 0);
    pace.took(33, true, 0);
    pace.leftBehind(200, false, 0);
    pace.took(33, true, 0);
    pace.leftBehind(200, false, 0);
    expect(pace.warmMs(0)).toBe(200);
  });

  test("after one that was left behind the next is cold, whatever the log says: its connection is lost", () => {
    const pace = createReadingPace();
    pace.took(10, false, 0);
    pace.leftBehind(10, false, 0);
    expect(pace.expectedMs(false, 0)).toBe(15);
    pace.took(30, false, 0);
    expect([pace.expectedMs(false, 0), pace.expectedMs(true, 0)]).toEqual([10, 30]);
  });
});

describe("whether to begin one that may be left behind", () => {
  test("not for a while after two in a row that were", () => {
    const pace = createReadingPace();
    pace.leftBehind(5, false, 1_000);
    expect(pace.mayBegin(1_000)).toBe(true);
    pace.leftBehind(5, true, 2_000);
    expect([pace.mayBegin(2_000), pace.mayBegin(11_999), pace.mayBegin(12_000)]).toEqual([false, false, true]);
  });

  test("one that ended in between makes it two apart", () => {
    const pace = createReadingPace();
    pace.leftBehind(5, false, 0);
    pace.took(5, true, 0);
    pace.leftBehind(5, false, 0);
    expect(pace.mayBegin(0)).toBe(true);
  });

  test("one that ended ends the pause: the log answers", () => {
    const pace = createReadingPace();
    pace.leftBehind(5, true, 0);
    pace.leftBehind(5, true, 0);
    pace.took(5, true, 0);
    expect(pace.mayBegin(0)).toBe(true);
  });
});
