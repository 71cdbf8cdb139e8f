/**
 * What reading the log at another moment would have cost: the same lines, had `refreshWhen` been another. Lines do not say what it
 * was, but those of invocations that read beside their handlers have figures and a state that others never have.
 *
 * From `before` to `alongside`: an invocation waits for the log only while loading what it finds would take longer, so at most as
 * long as it did, and at most as long as its hits had taken to load; where those took less, they are loaded once more. From
 * `alongside` or `used` to `before`: each invocation with something cached waits for a whole reading. How long that takes is not in
 * the lines: as long as half of those that waited, at least, since they waited for what was left of one.
 */

import { type MetricLine, waitedMsOf } from "./metric-line.js";

/** By fewer waits nothing is said of how long a reading takes. */
const ENOUGH_WAITS = 20;

export interface ReadingOutcome {
  /** How the lines were made. */
  readonly was: "before" | "beside";
  /** Waited for the log, and spent on loads that were made in place of waiting: of several at once, on each. */
  readonly costMs: number;
  /** The same, had it been the other: about so much at most with `alongside`, and about so much at least with `before`. */
  readonly otherMs: number;
}

export class ReadingReplay {
  #isBeside = false;
  #waitedMs = 0;
  #preferredMs = 0;
  /** With `alongside`. */
  #besideMs = 0;
  /** Invocations that read the log, or would have had to. */
  #readings = 0;

  add({ state, counts }: MetricLine): void {
    const waitedMs = waitedMsOf(counts);
    this.#isBeside ||= state === "unread" || counts.loadsPreferred > 0 || counts.sparedMs > 0;
    this.#waitedMs += waitedMs;
    this.#preferredMs += counts.preferredMs;
    // What it finds while the log does not answer is waited for, too.
    const isToWait = counts.timeSavedMs >= waitedMs || counts.refreshFailures > 0;
    this.#besideMs += isToWait ? waitedMs : counts.timeSavedMs;
    if (state !== "empty" && (state === "unread" || waitedMs > 0 || counts.kinesisCalls > 0)) this.#readings++;
  }

  /** @param waits how many invocations waited, and for how long half of them did at most; null where the lines do not tell. */
  outcome(waits: number, waitP50Ms: number | undefined): ReadingOutcome | null {
    if (waits < ENOUGH_WAITS || waitP50Ms === undefined) return null;
    return this.#isBeside
      ? { was: "beside", costMs: this.#waitedMs + this.#preferredMs, otherMs: this.#readings * waitP50Ms }
      : { was: "before", costMs: this.#waitedMs, otherMs: this.#besideMs };
  }
}
