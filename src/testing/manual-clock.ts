/**
 * A clock moved by hand, for tests: time stands still until `advance` is called.
 * It exists so that a test of hours takes milliseconds and gives the same result every time. It must never read the
 * system's clock.
 */
import type { Clock } from "../core/clock.js";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #wallMs: number;
  #elapsedMs = 0;
  /** The next to fire is last; of two due at once, the one set first fires first. */
  readonly #timers: Timer[] = [];

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startMs;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), callback };
    this.#timers.splice(this.#firstDueBy(timer.dueMs), 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** How many timers are waiting. Nothing should be, once an invocation has ended. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer is due, or undefined when none is waiting. */
  get nextTimerMs(): number | undefined {
    const next = this.#timers.at(-1);
    return next === undefined ? undefined : Math.max(0, next.dueMs - this.#elapsedMs);
  }

  /** Lets `ms` pass. Timers fire in order, each at its own time, and promises settle before the next one fires. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#elapsedMs + ms;
    await settled();
    for (let next = this.#timers.at(-1); next !== undefined && next.dueMs <= endMs; next = this.#timers.at(-1)) {
      this.#move(next.dueMs - this.#elapsedMs);
      this.#timers.pop();
      next.callback();
      await settled();
    }
    this.#move(endMs - this.#elapsedMs);
  }

  /** As if the execution environment were frozen: the wall clock moves on, but no timer and no duration does. */
  freeze(ms: number): void {
    this.#wallMs += ms;
  }

  #move(ms: number): void {
    this.#elapsedMs += ms;
    this.#wallMs += ms;
  }

  /** The index of the first timer that is due no later than `dueMs`. */
  #firstDueBy(dueMs: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle]?.dueMs ?? 0) > dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Resolves when every promise that can settle without time passing has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
