/** The system's time and chance behind their ports, and how long to back off. */
import { describe, expect, jest, test } from "@jest/globals";
import { backoffMs, systemClock, systemRandom } from "../../../src/core/clock.js";

describe("the system's clock", () => {
  test("tells the time of day, and durations apart from it", () => {
    const before = Date.now();
    const nowMs = systemClock.now();
    expect([before <= nowMs, nowMs <= Date.now()]).toEqual([true, true]);
    const startedAt = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(startedAt);
    expect(startedAt).toBeLessThan(before);
  });

  test.each([0, 1])("calls once after %i ms, and not when it was cancelled", async (delayMs) => {
    const called: string[] = [];
    const cancel = systemClock.after(delayMs, () => called.push("cancelled"));
    cancel();
    await new Promise<void>((resolve) => {
      systemClock.after(delayMs, () => called.push("due"));
      systemClock.after(delayMs, resolve);
    });
    expect(called).toEqual(["due"]);
  });

  test("waits by a timer of the length asked for", () => {
    const timers = jest.spyOn(globalThis, "setTimeout");
    try {
      const callback = () => undefined;
      systemClock.after(250, callback)();
      expect(timers.mock.calls).toEqual([[callback, 250]]);
    } finally {
      timers.mockRestore();
    }
  });

  test("who only gives way to others goes on in the next turn, without a timer", async () => {
    const timers = jest.spyOn(globalThis, "setTimeout");
    try {
      await new Promise<void>((resolve) => systemClock.after(0, resolve));
      expect(timers).not.toHaveBeenCalled();
    } finally {
      timers.mockRestore();
    }
  });
});

test("chance is a number from 0 up to, but not including, 1", () => {
  const drawn = Array.from({ length: 1_000 }, () => systemRandom());
  expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
  expect(new Set(drawn).size).toBeGreaterThan(900);
});

test("a back-off doubles with each step up to its longest, and chance takes away up to half of it", () => {
  const steps = (chance: number) => [1, 2, 3, 4, 100].map((step) => backoffMs(step, 10, () => chance, 50));
  expect(steps(0)).toEqual([5, 10, 20, 25, 25]);
  expect(steps(0.5)).toEqual([7.5, 15, 30, 37.5, 37.5]);
});
