/**
 * Virtual time for many thousands of environments: timers in a heap, so that setting one costs the same however many there
 * are. Time stands still while anything can still happen. It must never read the system's clock.
 */
import type { Clock } from "../../src/core/clock.js";

interface Timer {
  readonly dueMs: number;
  /** Of two due at once, the one that was set first fires first. */
  readonly order: number;
  /** Undefined once it was cancelled: it stays in the heap until it would have been due. */
  callback: (() => void) | undefined;
}

/** So many timers, and the event loop turns once. */
const TURN_EVERY = 5_000;
/** Where the wall clock stands when virtual time begins. */
const ORIGIN_MS = Date.UTC(2026, 0, 1);

export class VirtualClock implements Clock {
  #nowMs = 0;
  #timersSet = 0;
  readonly #heap: Timer[] = [];

  now(): number {
    return ORIGIN_MS + this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#timersSet++, callback };
    this.#push(timer);
    return () => {
      timer.callback = undefined;
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets time pass until `untilMs` (monotonic); what is due later stays. */
  async run(untilMs: number): Promise<void> {
    await drained();
    let fired = 0;
    for (let timer = this.#heap[0]; timer !== undefined && timer.dueMs <= untilMs; timer = this.#heap[0]) {
      this.#pop();
      if (timer.callback === undefined) continue;
      this.#nowMs = timer.dueMs;
      timer.callback();
      await drained();
      // Nothing of the process's own happens before the event loop turns, not even its end.
      if (++fired % TURN_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(timer, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  /** Takes away the first. */
  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        below = right;
        child++;
      }
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** Resolves when no promise can settle any more without time passing: Node runs ticks when there is no microtask left. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
