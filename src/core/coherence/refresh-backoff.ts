/**
 * When to leave a stream alone that does not answer well. Throttling backs off from the first refusal, since the calls
 * are shared by the whole fleet; any other failure only from the second in a row, so that one lost connection costs one
 * invocation. While it holds, invocations do not wait for the stream at all.
 */
import { backoffMs, type Random } from "../clock.js";
import { ageMs, type Instant } from "../moment.js";

const FIRST_MS = 200;
const LONGEST_MS = 5_000;

export function createRefreshBackoff(random: Random) {
  let failures = 0;
  let last: { readonly at: Instant; readonly holdsMs: number } | undefined;

  return {
    /** Whether to leave the stream alone now: not by a clock that was set back, nor by one that stood still. */
    holds: (now: Instant): boolean => last !== undefined && ageMs(last.at, now) < last.holdsMs,

    failed(now: Instant, throttled: boolean): void {
      failures++;
      const steps = throttled ? failures : failures - 1;
      if (steps > 0) last = { at: now, holdsMs: backoffMs(steps, FIRST_MS, random, LONGEST_MS) };
    },

    reset(): void {
      failures = 0;
      last = undefined;
    },
  };
}
