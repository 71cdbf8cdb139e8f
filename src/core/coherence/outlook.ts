/**
 * What is to be expected of the next reading, and whether it should be made: for invocations that read while they work. It
 * looks at the reader and the clock for `ReadingPace`, which decides. Nothing here reads, and nothing safety rests on is here.
 */
import type { Clock } from "../clock.js";
import type { LogReader } from "../log.js";
import type { Moment } from "../moment.js";
import type { ReadingResult } from "./reading.js";
import { createReadingPace } from "./reading-pace.js";

export interface Outlook {
  /** How long a reading that began now would take, by how long others took. */
  expectedMs(): number;
  /** For how long to wait for it at most, before something else is done as well. */
  patienceMs(): number;
  /** How long one takes with connections and place as they should be. */
  warmMs(): number;
  /** Whether to begin one that may be left behind before it has ended. */
  mayBegin(): boolean;
  /** Whether what is cached, or the place, will soon be too old to read on from at once. */
  growsOld(): boolean;
}

export interface KeptOutlook extends Outlook {
  /** A reading begins. Call what it returns when that has ended: nothing is learnt from a failure of the log's. */
  begins(start: Moment): (outcome: ReadingResult["outcome"] | "failed") => void;
}

/** A place that cannot be read on from at once in so long is about to grow too old. */
const AGEING_MS = 60_000;

/**
 * @param isHalfGapOver whether half of the time has passed after which what is cached would be given up
 * @param mayJoin whether a reading that is under way may do for an invocation that began after it
 */
export function createOutlook(
  reader: Pick<LogReader, "isWarm">,
  clock: Clock,
  isHalfGapOver: () => boolean,
  mayJoin: boolean,
): KeptOutlook {
  const pace = createReadingPace();
  const isCold = () => !reader.isWarm(clock.now());
  let underWaySinceMs: number | undefined;

  /** One that has to be waited for first, since it began too early. */
  function queuedMs(): number {
    if (underWaySinceMs === undefined || mayJoin) return 0;
    const nowMs = clock.monotonic();
    return Math.max(0, underWaySinceMs + pace.expectedMs(isCold(), nowMs) - nowMs);
  }

  return {
    expectedMs: () => queuedMs() + pace.expectedMs(isCold(), clock.monotonic()),
    patienceMs: () => queuedMs() + pace.patienceMs(isCold(), clock.monotonic()),
    warmMs: () => pace.warmMs(clock.monotonic()),
    mayBegin: () => pace.mayBegin(clock.monotonic()),
    growsOld: () => isHalfGapOver() || (!isCold() && !reader.isWarm(clock.now() + AGEING_MS)),

    begins({ monotonicMs }) {
      const wasCold = isCold();
      underWaySinceMs = monotonicMs;
      return (outcome) => {
        underWaySinceMs = undefined;
        if (outcome === "failed") return;
        const nowMs = clock.monotonic();
        const note = outcome === "incomplete" ? pace.leftBehind : pace.took;
        note(nowMs - monotonicMs, wasCold, nowMs);
      };
    },
  };
}
