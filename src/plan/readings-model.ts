/** How often a fleet reads its log, when what the log refuses has come into balance with what is tried again. */

export interface ReadingFigures {
  readonly environments: number;
  readonly maxStalenessMs: number;
  /** Of one environment, a second. */
  readonly invocationsPerSecond: number;
}

export interface Readings {
  /** If nothing were refused. */
  readonly wantedPerSecond: number;
  readonly attemptsPerSecond: number;
  readonly refusedPerSecond: number;
  /** Of all invocations, those that have to do without the cache. */
  readonly bypassedShare: number;
}

/** As the shipped code backs off when it is throttled: twice as long each time, spread by chance. */
const FIRST_PAUSE_SECONDS = 0.2;
const LONGEST_PAUSE_SECONDS = 5;
const MEAN_SPREAD = 0.75;
/** So many failures in a row are looked at. */
const MAX_FAILURES = 1_000;
const BISECTIONS = 50;

/** @param refusedAt the share of calls refused, when so many are made a second */
export function settledReadings(figures: ReadingFigures, refusedAt: (perSecond: number) => number): Readings {
  const { environments, maxStalenessMs, invocationsPerSecond } = figures;
  const everySeconds = maxStalenessMs / 1_000 + 1 / invocationsPerSecond;
  const attemptsWhen = (refused: number) => {
    const { pauses, attempts } = untilAnswered(refused, invocationsPerSecond);
    const seconds = everySeconds + pauses;
    return { perSecond: (environments * attempts) / seconds, bypassedShare: pauses / seconds };
  };
  // The more is refused, the longer are the pauses: so there is one share at which both agree.
  let [low, high] = [0, 1];
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (refusedAt(attemptsWhen(middle).perSecond) > middle) low = middle;
    else high = middle;
  }
  const { perSecond, bypassedShare } = attemptsWhen(low);
  return {
    wantedPerSecond: environments / everySeconds,
    attemptsPerSecond: perSecond,
    refusedPerSecond: perSecond * refusedAt(perSecond),
    bypassedShare,
  };
}

/** Where a share of the calls is refused: how many an environment makes until one is answered, and how long it pauses. */
function untilAnswered(refused: number, invocationsPerSecond: number): { attempts: number; pauses: number } {
  let [attempts, pauses, likely] = [1, 0, refused];
  for (let failures = 1; failures <= MAX_FAILURES && likely > 1e-6; failures++) {
    const pause = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (failures - 1)) * MEAN_SPREAD;
    attempts += likely;
    pauses += likely * (pause + 1 / invocationsPerSecond);
    likely *= refused;
  }
  return { attempts, pauses };
}

/** The share of calls refused, where so many may be answered within any second. */
export function erlangB(perSecond: number, answered: number): number {
  let refused = 1;
  for (let line = 1; line <= answered; line++) refused = (perSecond * refused) / (line + perSecond * refused);
  return refused;
}
