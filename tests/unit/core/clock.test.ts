/** The system's time and chance behind their ports, and waiting that an abort ends. */
import { getEventListeners } from "node:events";
import { describe, expect, jest, test } from "@jest/globals";
import { pause, systemClock, systemRandom } from "../../../src/core/clock.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";

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

describe("pause", () => {
  const start = (signal: AbortSignal) => {
    const clock = new ManualClock();
    let over = false;
    const paused = pause(clock, 100, signal).then(() => {
      over = true;
    });
    return { clock, paused, isOver: () => over };
  };

  test("is over when its time is, and not before", async () => {
    const { clock, paused, isOver } = start(new AbortController().signal);
    await clock.advance(99);
    expect(isOver()).toBe(false);
    await clock.advance(1);
    await paused;
    expect(clock.pendingTimers).toBe(0);
  });

  test("leaves no listener behind: one signal may see many pauses", async () => {
    const { signal } = new AbortController();
    const { clock, paused } = start(signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await clock.advance(100);
    await paused;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("is over at once when aborted, and leaves no timer behind", async () => {
    const abort = new AbortController();
    const { clock, paused, isOver } = start(abort.signal);
    await settled();
    expect(isOver()).toBe(false);
    abort.abort();
    await paused;
    expect(clock.pendingTimers).toBe(0);
  });

  test("of what was aborted before does not begin", async () => {
    const { clock, paused } = start(AbortSignal.abort());
    await paused;
    expect(clock.pendingTimers).toBe(0);
  });
});
