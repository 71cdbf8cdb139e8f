/**
 * When to leave a stream alone that does not answer well. Throttling backs off from the first refusal, since the calls
 * are shared by the whole fleet; any other failure only from the second in a row, so that one lost connection costs one
 * invocation. While it holds, invocations do not wait for the stream at all.
 */
import { backoffMs, type Random } from "../clock.js";

const FIRST_MS = 200;
const LONGEST_MS = 5_000;

export function createRefreshBackoff(random: Random) {
  let failures = 0;
  let untilMs = 0;

  return {
    /** Whether to leave the stream alone now. A clock that was set back ends it. */
    holds: (nowMs: number): boolean => nowMs < untilMs && untilMs - nowMs <= LONGEST_MS,

    failed(nowMs: number, throttled: boolean): void {
      failures++;
      const steps = throttled ? failures : failures - 1;
      if (steps > 0) untilMs = nowMs + backoffMs(steps, FIRST_MS, random, LONGEST_MS);
    },

    reset(): void {
      failures = 0;
      untilMs = 0;
    },
  };
}
