/**
 * How long a reading of the log is going to take, by how long others took, and when not to begin one that will probably be
 * left behind: for those who read while they work. Decisions only: no calls, no clock.
 *
 * Cold readings (the first, one after a long pause, one on a new connection) are told apart, since they take several times as
 * long as warm ones. A reading that was left behind counts too: without it, those that hang would never be expected to.
 */

/** An odd number, so that the median is one of them, and so few that a change of the log is seen within seconds. */
const EXPECTED_BY = 9;
/** So many that few readings take longer than all of them, unless they hang: each that does costs a load for nothing. */
const PATIENT_BY = 30;
/** A little longer than the longest of them; but that may have hung, and nobody is more patient than twice what is expected. */
const MARGIN = 1.25;
const MOST_PATIENCE = 2;
/** What is older says little of now, and an hour in which the log was slow must not be remembered for ever. */
const FADES_MS = 5 * 60_000;
/**
 * Where nothing is known: what a log in the same region takes at best. Too low a guess costs one wait, and is corrected by it; with
 * too high a one a cache before a fast source might never begin a reading, and never learn better.
 */
const GUESS_MS = { warm: 5, cold: 15 } as const;
/** So many in a row that were left behind are a sign that the next one will be, too. */
const IN_VAIN = 2;
const PAUSE_MS = 10_000;

export interface ReadingPace {
  /** @param cold whether its log says that it takes several round trips. @param nowMs by a clock that only moves on, as below */
  expectedMs(cold: boolean, nowMs: number): number;
  /** For how long to wait for it at most, before something else is done as well: half of all take longer than is expected. */
  patienceMs(cold: boolean, nowMs: number): number;
  /** What it takes as a rule, whatever the next one will. */
  warmMs(nowMs: number): number;
  /** Whether to begin one that may be left behind. One that is certainly waited for may always begin. */
  mayBegin(nowMs: number): boolean;
  /** One has ended, at the tip or at its deadline, after `tookMs`. */
  took(tookMs: number, cold: boolean, nowMs: number): void;
  /** Nobody waited for it any more when it was `ageMs` old. Its connections are lost. */
  leftBehind(ageMs: number, cold: boolean, nowMs: number): void;
}

interface Taken {
  readonly ms: number;
  readonly atMs: number;
}

export function createReadingPace(): ReadingPace {
  const taken = { warm: [] as Taken[], cold: [] as Taken[] };
  let inVain = 0;
  let pausedUntilMs = Number.NEGATIVE_INFINITY;

  /** An aborted call takes its connection with it: the next reading has to connect anew. */
  const kindOf = (cold: boolean) => (cold || inVain > 0 ? "cold" : "warm");

  function note(kind: keyof typeof taken, ms: number, atMs: number): void {
    taken[kind] = [...taken[kind].slice(1 - PATIENT_BY), { ms, atMs }];
  }

  const all = (kind: keyof typeof taken) => taken[kind].map(({ ms }) => ms);

  /** Those of the last minutes, the latest last. */
  function recentOf(kind: keyof typeof taken, nowMs: number): number[] {
    return taken[kind].filter(({ atMs }) => nowMs - atMs <= FADES_MS).map(({ ms }) => ms);
  }

  function expected(kind: keyof typeof taken, nowMs: number): number {
    const recent = recentOf(kind, nowMs);
    // Where nothing is known of now, expecting the best leads to a reading, which then tells.
    return recent.length > 0 ? median(recent.slice(-EXPECTED_BY)) : Math.min(GUESS_MS[kind], ...all(kind));
  }

  return {
    expectedMs: (cold, nowMs) => expected(kindOf(cold), nowMs),

    patienceMs(cold, nowMs) {
      const kind = kindOf(cold);
      const recent = recentOf(kind, nowMs);
      if (recent.length > 0) return Math.min(MOST_PATIENCE * expected(kind, nowMs), MARGIN * Math.max(...recent));
      // Where nothing is known of now, that the best is expected must not make it late at once.
      const known = all(kind);
      return MOST_PATIENCE * (known.length > 0 ? Math.min(...known) : GUESS_MS[kind]);
    },

    warmMs: (nowMs) => expected("warm", nowMs),

    mayBegin: (nowMs) => nowMs >= pausedUntilMs,

    took(tookMs, cold, nowMs) {
      note(kindOf(cold), tookMs, nowMs);
      inVain = 0;
      // The log answers: what was left behind before says no more than that those invocations were short.
      pausedUntilMs = Number.NEGATIVE_INFINITY;
    },

    leftBehind(ageMs, cold, nowMs) {
      const kind = kindOf(cold);
      // It would have taken longer than that. How much longer is not known: as long as was expected, at least.
      note(kind, Math.max(ageMs, expected(kind, nowMs)), nowMs);
      inVain++;
      if (inVain % IN_VAIN === 0) pausedUntilMs = nowMs + PAUSE_MS;
    },
  };
}

/** Of an even number, the smaller of the two in the middle. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}
