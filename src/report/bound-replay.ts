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
 */

import { type MetricLine, waitedMsOf } from "./metric-line.js";

export const LADDER_MS: readonly number[] = [
  ...[0, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000],
  ...[30_000, 60_000, 120_000, 300_000, 600_000, 900_000],
];

/** Caches remembered at once. Of more, the oldest are forgotten and then begin as if new, which costs a wait. */
const MAX_CACHES = 2_000;

export interface BoundOutcome {
  readonly maxStalenessMs: number;
  /** Invocations that would have waited for the log. */
  readonly waits: number;
  readonly waitedMs: number;
  readonly netTimeSavedMs: number;
}

export class BoundReplay {
  readonly #provenMs = new Map<string, Float64Array>();
  readonly #waits = new Float64Array(LADDER_MS.length);
  readonly #knownMs = new Float64Array(LADDER_MS.length);
  /** Waits that did not happen, and so have no length of their own. */
  readonly #unknown = new Float64Array(LADDER_MS.length);
  #realWaits = 0;
  #realMs = 0;
  #savedMs = 0;

  add(line: MetricLine): void {
    const waitedMs = waitedMsOf(line.counts);
    this.#savedMs += line.counts.timeSavedMs;
    if (waitedMs > 0) {
      this.#realWaits += 1;
      this.#realMs += waitedMs;
    }
    const proven = line.environment === undefined ? undefined : this.#cache(line);
    for (const [step, boundMs] of LADDER_MS.entries()) {
      const last = proven?.[step];
      const wouldWait = last === undefined ? waitedMs > 0 : wouldRead(line, boundMs, last);
      if (wouldWait) this.#countWait(step, waitedMs);
      if (proven !== undefined && isProof(line, wouldWait)) proven[step] = Math.max(line.timestampMs, last ?? 0);
    }
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

  #cache(line: MetricLine): Float64Array {
    const name = String(line.environment);
    let proven = this.#provenMs.get(name);
    if (proven === undefined) {
      const [oldest] = this.#provenMs.keys();
      if (this.#provenMs.size >= MAX_CACHES && oldest !== undefined) this.#provenMs.delete(oldest);
      proven = new Float64Array(LADDER_MS.length);
      this.#provenMs.set(name, proven);
    }
    return proven;
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
