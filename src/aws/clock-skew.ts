/**
 * How far this machine's clock is from the service's, by the `Date` of its answers. It exists because the service refuses
 * requests dated more than five minutes from its own time. Within a minute nothing is corrected: the header has whole
 * seconds, and the answer was under way for a while.
 */
import type { Clock } from "../core/clock.js";

const NOTICED_MS = 60_000;
/** An answer that took longer may have been written long ago: the environment was frozen while it waited. */
const LONGEST_ANSWER_MS = 30_000;

export interface ClockSkew {
  /** To be added to the wall clock. */
  readonly offsetMs: number;
  /** What was sent at `sentAtMs` (wall clock) has been answered. Returns the service's time, if the header says it. */
  observe(date: string | undefined, sentAtMs: number): number | undefined;
}

export function createClockSkew(clock: Clock): ClockSkew {
  const skew = {
    offsetMs: 0,
    observe(date: string | undefined, sentAtMs: number) {
      const serverTimeMs = Date.parse(date ?? "");
      if (Number.isNaN(serverTimeMs)) return undefined;
      const nowMs = clock.now();
      const offsetMs = serverTimeMs - nowMs;
      if (isOfNow(sentAtMs, nowMs)) skew.offsetMs = isNoticed(offsetMs) ? offsetMs : 0;
      return serverTimeMs;
    },
  };
  return skew;
}

/** Whether an answer that came at `nowMs` can tell the service's time by then, going by when its call was sent. */
export function isOfNow(sentAtMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - sentAtMs) <= LONGEST_ANSWER_MS;
}

/**
 * The call, and once more at once if it was refused and its answer showed that it had been dated wrongly.
 * @param make dates the call by `skew` when it is made
 */
export async function repeatedIfMisdated<T>(skew: ClockSkew, make: () => Promise<T>): Promise<T> {
  const { offsetMs } = skew;
  try {
    return await make();
  } catch (error) {
    if (!isRefusal(error) || !isNoticed(skew.offsetMs - offsetMs)) throw error;
    return make();
  }
}

function isNoticed(differenceMs: number): boolean {
  return Math.abs(differenceMs) >= NOTICED_MS;
}

function isRefusal(error: unknown): boolean {
  const { $metadata } = (error ?? {}) as { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= 400 && status < 500;
}
