/**
 * What another staleness bound would have cost: the lines of one log's readers replayed under a ladder of bounds.
 *
 * The model. With `maxStalenessMs: s` a cache reads the log only when its last proof is older than s. So each cache's
 * invocations are gone through in the order they were logged, and for every bound of the ladder one time is kept: that
 * of the last proof under that bound. An invocation that finds it older than s would have waited for the log: as long
 * as it did wait, or, where it did not, as long as such a wait took on average. An invocation that found the cache empty
 * waited for nothing and is a proof; one that failed to catch up waited and is none. What was saved is taken as it was,
 * although a longer bound saves a little more. Invocations are placed at the time their line was written, their end.
 *
 * Lines that do not name their cache count as they were, under every bound: the model then says too little, not too much.
 *
 * It must never tell a bound from lines that are not in the order of their times, newest first or shuffled: each would seem to
 * have been proven by what came after it. Memory is bounded, so they cannot be put in order here: they are noticed.
 */

import { type MetricLine, waitedMsOf } from "./metric-line.js";

export const LADDER_MS: readonly number[] = [
  ...[0, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000],
  ...[30_000, 60_000, 120_000, 300_000, 600_000, 900_000],
];

/** Caches remembered at once. Of more, the oldest are forgotten and then begin as if new, which costs a wait. */
const MAX_CACHES = 2_000;

/** A clock may be set back a little, and lines of one moment may be exported in any order. */
const JITTER_MS = 100;
/** Fewer lines out of order make no difference that shows: those where two files meet, for one. */
const MAX_DISORDER = 0.01;
/** Of a short log one line may be more than that. */
const FEW_LINES = 2;

export interface BoundOutcome {
  readonly maxStalenessMs: number;
  /** Invocations that would have waited for the log. */
  readonly waits: number;
  readonly waitedMs: number;
  readonly netTimeSavedMs: number;
}

interface Cache {
  /** When its last proof was, under each bound of the ladder. */
  readonly provenMs: Float64Array;
  /** Of its lines so far. */
  latestMs: number;
}

export class BoundReplay {
  readonly #caches = new Map<string, Cache>();
  readonly #waits = new Float64Array(LADDER_MS.length);
  readonly #knownMs = new Float64Array(LADDER_MS.length);
  /** Waits that did not happen, and so have no length of their own. */
  readonly #unknown = new Float64Array(LADDER_MS.length);
  #realWaits = 0;
  #realMs = 0;
  #savedMs = 0;
  #lines = 0;
  #disordered = 0;

  add(line: MetricLine): void {
    const waitedMs = waitedMsOf(line.counts);
    this.#savedMs += line.counts.timeSavedMs;
    if (waitedMs > 0) {
      this.#realWaits += 1;
      this.#realMs += waitedMs;
    }
    const cache = line.environment === undefined ? undefined : this.#cache(line);
    const proven = cache?.provenMs;
    this.#lines += 1;
    if (cache !== undefined) {
      if (line.timestampMs < cache.latestMs - JITTER_MS) this.#disordered += 1;
      cache.latestMs = Math.max(cache.latestMs, line.timestampMs);
    }
    for (const [step, boundMs] of LADDER_MS.entries()) {
      const last = proven?.[step];
      const wouldWait = last === undefined ? waitedMs > 0 : wouldRead(line, boundMs, last);
      if (wouldWait) this.#countWait(step, waitedMs);
      if (proven !== undefined && isProof(line, wouldWait)) proven[step] = Math.max(line.timestampMs, last ?? 0);
    }
  }

  /** Whether each cache's lines came in the order of their times, so that the outcomes mean something. */
  get isInOrder(): boolean {
    return this.#disordered <= Math.max(FEW_LINES, MAX_DISORDER * this.#lines);
  }

  outcomes(): BoundOutcome[] {
    const meanMs = this.#realWaits === 0 ? 0 : this.#realMs / this.#realWaits;
    return LADDER_MS.map((maxStalenessMs, step) => {
      const waitedMs = (this.#knownMs[step] ?? 0) + (this.#unknown[step] ?? 0) * meanMs;
      const waits = this.#waits[step] ?? 0;
      return { maxStalenessMs, waits, waitedMs, netTimeSavedMs: this.#savedMs - waitedMs };
    });
  }

  #countWait(step: number, waitedMs: number): void {
    this.#waits[step] = (this.#waits[step] ?? 0) + 1;
    if (waitedMs > 0) this.#knownMs[step] = (this.#knownMs[step] ?? 0) + waitedMs;
    else this.#unknown[step] = (this.#unknown[step] ?? 0) + 1;
  }

  #cache(line: MetricLine): Cache {
    const name = String(line.environment);
    let cache = this.#caches.get(name);
    if (cache === undefined) {
      const [oldest] = this.#caches.keys();
      if (this.#caches.size >= MAX_CACHES && oldest !== undefined) this.#caches.delete(oldest);
      cache = { provenMs: new Float64Array(LADDER_MS.length), latestMs: 0 };
      this.#caches.set(name, cache);
    }
    return cache;
  }
}

/** Bound 0 reads whenever something is cached, even twice in one millisecond. */
function wouldRead(line: MetricLine, boundMs: number, provenMs: number): boolean {
  if (line.state === "empty") return false;
  return boundMs === 0 || line.timestampMs - provenMs > boundMs;
}

function isProof(line: MetricLine, waited: boolean): boolean {
  return line.state === "empty" || (waited && line.state === "fresh");
}

/** The smallest bound of the ladder under which at least as much was saved as waited; undefined if there is none. */
export function breakEvenMs(outcomes: readonly BoundOutcome[], savedMs: number): number | undefined {
  if (savedMs <= 0) return undefined;
  return outcomes.find((outcome) => outcome.netTimeSavedMs >= 0)?.maxStalenessMs;
}
