/** The hand-moved clock: order of timers, promises between them, and what a freeze does not move. */
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";

describe("ManualClock", () => {
  test("fires timers in order of time, then of setting, each at its own time", async () => {
    const clock = new ManualClock(1_000);
    const fired: string[] = [];
    for (const [name, delayMs] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
      ["b2", 20],
    ] as const) {
      clock.after(delayMs, () => fired.push(`${name} at ${clock.now()}`));
    }
    await clock.advance(25);
    expect(fired).toEqual(["a at 1010", "b at 1020", "b2 at 1020"]);
    expect([clock.now(), clock.monotonic(), clock.pendingTimers]).toEqual([1_025, 25, 1]);
    expect([await clock.next(), fired.at(-1), await clock.next(), clock.now()]).toEqual([
      true,
      "c at 1030",
      false,
      1_030,
    ]);
  });

  test("settles promises between timers, and fires timers set by timers within the same advance", async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.after(10, () => void settled().then(() => clock.after(5, () => fired.push("set by the first"))));
    clock.after(20, () => fired.push("second"));
    await clock.advance(20);
    expect(fired).toEqual(["set by the first", "second"]);
  });

  test("a cancelled timer does not fire, and cancelling twice is harmless", async () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const cancel = clock.after(10, () => fired.push("cancelled"));
    clock.after(10, () => fired.push("kept"));
    cancel();
    cancel();
    await clock.advance(10);
    expect(fired).toEqual(["kept"]);
  });

  test("a freeze moves the wall clock only", async () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    clock.after(10, () => fired.push("timer"));
    clock.freeze(3_600_000);
    await clock.advance(9);
    expect([fired.length, clock.now(), clock.monotonic()]).toEqual([0, 3_600_009, 9]);
    await clock.advance(1);
    expect(fired).toEqual(["timer"]);
  });
});

describe("beside a test runner's fake timers", () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  test("goes on as ever, and neither moves the other", async () => {
    jest.useFakeTimers({ now: 1_000 });
    const clock = new ManualClock(0);
    const fired: string[] = [];
    clock.after(10, () => void Promise.resolve().then(() => fired.push(`at ${clock.now()}`)));
    clock.after(20, () => fired.push("later"));
    jest.advanceTimersByTime(60_000);
    expect([clock.now(), clock.pendingTimers]).toEqual([0, 2]);
    await clock.advance(10);
    expect(fired).toEqual(["at 10"]);
    expect([await clock.next(), fired.at(-1)]).toEqual([true, "later"]);
    expect(Date.now()).toBe(61_000);
  }, 5_000);
});

test("time that is no number is refused, and none passes", async () => {
  expect(() => new ManualClock("0" as never)).toThrow('option "startMs" must be a number of milliseconds, but got "0"');
  const clock = new ManualClock(0);
  for (const ms of ["1", Number.NaN, -1, Number.POSITIVE_INFINITY] as number[]) {
    await expect(clock.advance(ms)).rejects.toThrow(
      /option "ms" must be a number of milliseconds, at least 0, but got/,
    );
  }
  expect(() => clock.freeze("1" as never)).toThrow('option "ms" must be a number of milliseconds, but got "1"');
  expect([clock.now(), clock.monotonic()]).toEqual([0, 0]);
});
