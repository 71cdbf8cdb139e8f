/**
 * The gap between the last proof and now, by `maxGapMs`: when it is too long to be read, and when it is about to be. Whoever
 * asks whether a proof is too old to be read on from, or to be served from after a failure, asks here.
 */
import { ageMs, type Instant } from "../moment.js";

/** What is stored is flushed, and the backlog left unread. */
export function isGapTooLong(proven: Instant, now: Instant, maxGapMs: number): boolean {
  return ageMs(proven, now) > maxGapMs;
}

/** Time to read on, though nothing is asked for: what is stored would soon have to be given up. */
export function isHalfGapOver(proven: Instant, now: Instant, maxGapMs: number): boolean {
  return ageMs(proven, now) >= maxGapMs / 2;
}

/** Whether `onRefreshError: "serve"` may serve what was proven so long ago. */
export function mayBeServedStale(proofAgeMs: number, maxGapMs: number): boolean {
  return proofAgeMs <= maxGapMs;
}
