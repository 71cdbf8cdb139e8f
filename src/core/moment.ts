/**
 * When something happened in this environment.
 *
 * One counter, the epoch, orders everything: each invocation that begins and each invalidation that is applied gets the
 * next one. No clock can do that: several things happen within a millisecond, and the wall clock can be set back.
 */

/** Larger is later, within one environment. */
export type Epoch = number;

/** What both clocks said. */
export interface Instant {
  /** Wall clock. */
  readonly atMs: number;
  readonly monotonicMs: number;
}

export interface Moment extends Instant {
  readonly epoch: Epoch;
}

/**
 * How long before `now` that was, at least as far as the clocks can tell: the wall clock may have been set back since, and
 * the monotonic one may stand still while the environment is frozen.
 */
export function ageMs(then: Instant, now: Instant): number {
  return Math.max(now.atMs - then.atMs, now.monotonicMs - then.monotonicMs);
}

/** The earliest time that may have been `then`, by the wall clock as it goes now: it may have been set since. */
export function earliestMs(then: Instant, now: Instant): number {
  return now.atMs - ageMs(then, now);
}
