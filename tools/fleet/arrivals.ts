/**
 * When invocations come to an environment. A fleet is a mixture: a few environments do most of the work, some are called in
 * bursts, and many are frozen nearly all the time.
 */
import type { Random } from "../../src/core/clock.js";

/** - `mixed`: a fifth busy, others bursty, half of them mostly frozen. - `busy`: all of them. */
export type FleetKind = "mixed" | "busy";

export interface Arrivals {
  /** On average. */
  readonly perSecond: number;
  /** How long after one invocation came the next one comes. */
  gapMs(): number;
}

/** Invocations a second of a busy environment, at random. */
export const BUSY_PER_SECOND = 5;
/** A burst has so many invocations on average, */
const BURST_INVOCATIONS = 20;
/** so far apart, */
const BURST_GAP_MS = 100;
/** and then nothing comes for so long. */
const BURST_PAUSE_MS = 20_000;
const BURST_CYCLE_SECONDS = (BURST_INVOCATIONS * BURST_GAP_MS + BURST_PAUSE_MS) / 1_000;
const FROZEN_GAP_MS = 60_000;

export const MIXTURE = { busy: 0.2, bursty: 0.3, frozen: 0.5 } as const;

export const BURST_SAID = `${BURST_INVOCATIONS} invocations ${BURST_GAP_MS} ms apart, then none for ${BURST_PAUSE_MS / 1_000} s, on average`;

/** Of environment number `index`: any slice of a fleet is mixed as the whole. */
export function arrivalsOf(fleet: FleetKind, index: number, random: Random): Arrivals {
  const place = (index * 0.618_033_988_75) % 1;
  if (fleet === "busy" || place < MIXTURE.busy) return atRandom(BUSY_PER_SECOND, random);
  if (place >= MIXTURE.busy + MIXTURE.bursty) return atRandom(1_000 / FROZEN_GAP_MS, random);
  return {
    perSecond: BURST_INVOCATIONS / BURST_CYCLE_SECONDS,
    gapMs: () => exponential(random() < 1 / BURST_INVOCATIONS ? BURST_PAUSE_MS : BURST_GAP_MS, random),
  };
}

function atRandom(perSecond: number, random: Random): Arrivals {
  return { perSecond, gapMs: () => exponential(1_000 / perSecond, random) };
}

/** What one environment of the fleet is called on average, a second. */
export function invocationsPerSecond(fleet: FleetKind): number {
  if (fleet === "busy") return BUSY_PER_SECOND;
  const bursty = BURST_INVOCATIONS / BURST_CYCLE_SECONDS;
  return MIXTURE.busy * BUSY_PER_SECOND + MIXTURE.bursty * bursty + (MIXTURE.frozen * 1_000) / FROZEN_GAP_MS;
}

/** How often one of them reads the log on average, a second, as far as the log lets it. */
export function readingsPerSecond(fleet: FleetKind, maxStalenessMs: number): number {
  const seconds = maxStalenessMs / 1_000;
  const busy = BUSY_PER_SECOND / (1 + BUSY_PER_SECOND * seconds);
  if (fleet === "busy") return busy;
  const inBurst = BURST_INVOCATIONS / (1 + (1_000 / BURST_GAP_MS) * seconds);
  const bursty = Math.max(1, inBurst) / BURST_CYCLE_SECONDS;
  return MIXTURE.busy * busy + MIXTURE.bursty * bursty + (MIXTURE.frozen * 1_000) / FROZEN_GAP_MS;
}

/** A gap of a Poisson process. */
export function exponential(meanMs: number, random: Random): number {
  return -Math.log(1 - random()) * meanMs;
}

/** A small, fast generator: the same seed, the same fleet. (mulberry32) */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** As long as the shipped ones. */
export function nonceOf(random: Random): string {
  return Array.from({ length: 18 }, () => Math.floor(random() * 16).toString(16)).join("");
}
