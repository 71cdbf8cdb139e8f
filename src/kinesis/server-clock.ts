/**
 * This environment's times as timestamps for Kinesis, which goes by a clock of its own. Timestamps are only ever made earlier
 * (reading a little twice is harmless), so that none is late on the server's clock or in its future.
 */
import { isOfNow } from "../aws/clock-skew.js";
import type { Clock } from "../core/clock.js";
import { LogFailure } from "../core/log.js";

export interface ServerClock {
  /** A time of ours as a timestamp that is not later on the server's clock. */
  timestamp(timeMs: number): number;
  /**
   * A call whose answer tells the server's time (`Date` header, whole seconds).
   * @throws LogFailure where its answer was under way for so long that it tells nothing: whether the call was made early
   * enough, by the server's clock, is not known then
   */
  timed<Answer extends Timed>(call: () => Promise<Answer>): Promise<Answer>;
  /** No time noted before is in use any more. */
  startOver(): void;
}

export interface Timed {
  readonly serverTimeMs?: number | undefined;
}

/** @param marginMs how far the two clocks may be apart where no answer has told */
export function createServerClock(clock: Pick<Clock, "now">, marginMs: number): ServerClock {
  /** How far our clock ran ahead of the server's by the last answer. */
  let latestMs = 0;
  /** The furthest that was. Times noted then may still be in use when the clock has been set right. */
  let aheadMs = 0;
  return {
    timestamp: (timeMs) => timeMs - marginMs - aheadMs,

    async timed(call) {
      const askedAtMs = clock.now();
      const answer = await call();
      if (answer.serverTimeMs === undefined) return answer;
      const nowMs = clock.now();
      if (!isOfNow(askedAtMs, nowMs)) {
        throw new LogFailure(
          "unavailable",
          "the environment was frozen, or its clock set, while an answer was under way",
        );
      }
      latestMs = Math.max(0, nowMs - answer.serverTimeMs);
      aheadMs = Math.max(aheadMs, latestMs);
      return answer;
    },

    startOver() {
      aheadMs = latestMs;
    },
  };
}
