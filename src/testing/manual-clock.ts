/**
 * A clock moved by hand, for tests: time stands still until `advance` is called.
 * It exists so that a test of hours takes milliseconds and gives the same result every time. It must never read the
 * system's clock.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../core/clock.js";
import { check, type Rule } from "../option-rules.js";
import { DURATION } from "./argument-rules.js";

/**
 * Held from the beginning: a test runner's fake timers replace the global one, and sinon's that of `node:timers` as well, and
 * what those are given is never called while a test awaits this clock.
 */
const inNextTurn = setImmediate;

const FINITE: Rule = { expected: "a number of milliseconds", fits: Number.isFinite };

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
    check("startMs", startMs, FINITE);
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

  /** Lets `ms` pass. Timers fire in order, each at its own time, and promises settle before the next one fires. */
  async advance(ms: number): Promise<void> {
    check("ms", ms, DURATION);
    const endMs = this.#elapsedMs + ms;
    await settled();
    while ((this.#timers.at(-1)?.dueMs ?? Number.POSITIVE_INFINITY) <= endMs) await this.next();
    this.#move(endMs - this.#elapsedMs);
  }

  /** Lets time pass until the next timer fires, and promises settle. False when no timer is waiting. */
  async next(): Promise<boolean> {
    const fired = this.fireNext();
    if (fired) await settled();
    return fired;
  }

  /** Lets time pass until the next timer fires, and waits for nothing. False when no timer is waiting. */
  fireNext(): boolean {
    const timer = this.#timers.pop();
    if (timer === undefined) return false;
    this.#move(timer.dueMs - this.#elapsedMs);
    timer.callback();
    return true;
  }

  /** As if the execution environment were frozen: the wall clock moves on, but no timer and no duration does. */
  freeze(ms: number): void {
    check("ms", ms, FINITE);
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
  return new Promise((resolve) => inNextTurn(resolve));
}
