/**
 * How long an entry may live. Lifetimes are spread between two bounds, so that entries loaded together do not all
 * expire in the same invocation. Coherence does not rest on them: they bound what is not published.
 */
import type { Random } from "../clock.js";

export interface TtlRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Uniform between both bounds. */
export function randomTtlMs(range: TtlRange, random: Random): number {
  return range.minMs + random() * (range.maxMs - range.minMs);
}
