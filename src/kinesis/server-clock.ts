/**
 * This environment's times as timestamps for Kinesis, which goes by a clock of its own. Timestamps are only ever made earlier
 * (reading a little twice is harmless), so that none is late on the server's clock or in its future.
 */
import { isOfNow } from "../aws/clock-skew.js";
import type { Clock } from "../core/clock.js";

export interface ServerClock {
  /** A time of ours as a timestamp that is not later on the server's clock. */
  timestamp(timeMs: number): number;
  /**
   * Call with what each answer says of the server's time (`Date` header, whole seconds) and when it was asked for. False when
   * it was under way for so long that it tells nothing of the two clocks: what it holds must not be relied on.
   */
  says(serverTimeMs: number | undefined, askedAtMs: number): boolean;
  /** Call when no time noted before is in use any more. */
  startOver(): void;
}

/** @param marginMs how far the two clocks may be apart where no answer has told */
export function createServerClock(clock: Pick<Clock, "now">, marginMs: number): ServerClock {
  /** How far our clock ran ahead of the server's by the last answer that could tell. */
  let latestMs = 0;
  /** The furthest that was. Times noted then may still be in use when the clock has been set right. */
  let aheadMs = 0;
  return {
    timestamp: (timeMs) => timeMs - marginMs - aheadMs,

    says(serverTimeMs, askedAtMs) {
      if (serverTimeMs === undefined) return true;
      const nowMs = clock.now();
      if (!isOfNow(askedAtMs, nowMs)) return false;
      latestMs = Math.max(0, nowMs - serverTimeMs);
      aheadMs = Math.max(aheadMs, latestMs);
      return true;
    },

    startOver() {
      aheadMs = latestMs;
    },
  };
}
