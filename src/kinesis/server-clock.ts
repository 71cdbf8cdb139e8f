/**
 * This environment's times as timestamps for Kinesis, which goes by a clock of its own. Timestamps are only ever made earlier
 * (reading a little twice is harmless), so that none is late on the server's clock or in its future.
 */
import type { Clock } from "../core/clock.js";

export interface ServerClock {
  /** A time of ours as a timestamp that is not later on the server's clock. */
  timestamp(timeMs: number): number;
  /** Call with what each answer says of the server's time (`Date` header, whole seconds). */
  says(serverTimeMs: number | undefined): void;
}

/** @param marginMs how far the two clocks may be apart where no answer has told */
export function createServerClock(clock: Pick<Clock, "now">, marginMs: number): ServerClock {
  /**
   * How far our clock was ever seen to run ahead of the server's. Times noted then are still in use when it has been set
   * right, so this never shrinks.
   */
  let aheadMs = 0;
  return {
    timestamp: (timeMs) => timeMs - marginMs - aheadMs,
    says(serverTimeMs) {
      if (serverTimeMs !== undefined) aheadMs = Math.max(aheadMs, clock.now() - serverTimeMs);
    },
  };
}
