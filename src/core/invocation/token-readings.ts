/**
 * How often an environment reads for tokens that turn out to mean nothing to it. Tokens come back from browsers, so anybody
 * can make one; a fleet's reads are shared by all, so nobody may spend them. Decisions only.
 */

/** After a reading that did not cover its token. */
const PAUSE_MS = 1_000;

export interface TokenReadings {
  /** Whether a token that is not covered may make a reading now. By a clock that only moves on. */
  mayRead(nowMs: number): boolean;
  /** A reading was made, and its token is still not covered: it was of another log, or nobody's. */
  wasInVain(nowMs: number): void;
}

export function createTokenReadings(): TokenReadings {
  let untilMs = Number.NEGATIVE_INFINITY;
  return {
    mayRead: (nowMs) => nowMs >= untilMs,
    wasInVain(nowMs) {
      untilMs = nowMs + PAUSE_MS;
    },
  };
}
