/**
 * When to leave a stream alone that does not answer well. Throttling backs off from the first refusal, since the calls
 * are shared by the whole fleet; any other failure only from the second in a row, so that one lost connection costs one
 * invocation. While it holds, invocations do not wait for the stream at all.
 */
import { backoffMs, type Random } from "./clock.js";

const FIRST_MS = 200;
const LONGEST_MS = 5_000;

export class RefreshBackoff {
  readonly #random: Random;
  #failures = 0;
  #untilMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether to leave the stream alone now. A clock that was set back ends it. */
  holds(nowMs: number): boolean {
    return nowMs < this.#untilMs && this.#untilMs - nowMs <= LONGEST_MS;
  }

  failed(nowMs: number, throttled: boolean): void {
    this.#failures++;
    const steps = throttled ? this.#failures : this.#failures - 1;
    if (steps === 0) return;
    this.#untilMs = nowMs + backoffMs(steps, FIRST_MS, this.#random, LONGEST_MS);
  }

  reset(): void {
    this.#failures = 0;
    this.#untilMs = 0;
  }
}
