/**
 * How long anything in an invocation may take that has to share its time with the handler. All of these limits stand here, side
 * by side, so that one can see that they leave the handler its part. No clock: whoever waits asks here for how long. Where a
 * wait ends early by what is known of the log (core/coherence/reading-pace.ts), no limit of these was needed.
 */

/** Lambda's own maximum, where an invocation does not say how much time it has left. */
export const LONGEST_INVOCATION_MS = 15 * 60_000;

const LONGEST_PUBLISHING_MS = 10_000;
/** The rest is for the handler to deal with a failure. */
const PUBLISHING_SHARE = 0.9;

const LONGEST_AUDIT_MS = 1_000;

/** How long an invocation waits for the log, by its option `refreshTimeoutMs`: at least half of its time is the handler's. */
export function refreshLimitMs(refreshTimeoutMs: number, remainingMs: number): number {
  return Math.min(refreshTimeoutMs, Math.max(0, remainingMs / 2));
}

/** When a call to the log that has not been answered is repeated: early enough for the repeat to take as long. */
export function repeatAfterMs(limitMs: number): number {
  return limitMs / 2;
}

/** How long the invalidations of a handler are tried to be published. */
export function publishLimitMs(remainingMs: number): number {
  return Math.max(1, Math.min(LONGEST_PUBLISHING_MS, remainingMs * PUBLISHING_SHARE));
}

/** How long the hits of an invocation are audited, after its handler has returned. */
export function auditLimitMs(remainingMs: number): number {
  return Math.min(LONGEST_AUDIT_MS, remainingMs / 2);
}

/** A load that takes a millisecond or two is as easily held up by that much more, and must not be left behind for it. */
const LEAST_OUTRUN_MS = 20;

/** How long a load that is not needed any more may go on after the handler has returned, by what it took before. */
export function outrunLimitMs(costMs: number): number {
  return Math.max(LEAST_OUTRUN_MS, 2 * costMs);
}
