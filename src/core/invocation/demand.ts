/**
 * What the invocations of an environment want of its cache, seen over several of them: whether a reading begun with the next
 * one would pay, and what has been lost by making none. Decisions only: no clock.
 */

const KEPT = 9;

/** What one invocation would have had of a reading. */
export interface Wanted {
  /** What loading the entries it found would cost, and did where they were loaded. */
  readonly foundMs: number;
  /** How long after it began it found the first; undefined when it found none before the reading had ended. */
  readonly firstAfterMs: number | undefined;
  /** Of that, what it has spent on loading. */
  readonly spentMs: number;
  /** Whether a reading has told what may be served. */
  readonly wasRead: boolean;
}

export interface Demand {
  /** Whether a reading begun with the next invocation would probably spare it more than it makes it wait. */
  pays(expectedMs: number): boolean;
  /** The same of one begun when the first entry is found. */
  paysOnceFound(expectedMs: number): boolean;
  /** What was paid for want of a reading that would have been worth its time, had the connections been warm. */
  readonly carriedMs: number;
  /** Whether anything was found since the last reading: else it is no loss when the cache grows too old. */
  readonly isWanted: boolean;
  /** How probable it is that an entry which is found is still there once the log was read, by those that were waited for. */
  readonly keptShare: number;
  /** An entry was waited for, and was still there, or was not. */
  waited(wasKept: boolean): void;
  /** @param warmMs what a reading takes as a rule */
  ended(wanted: Wanted, warmMs: number): void;
}

export function createDemand(): Demand {
  let last: Wanted[] = [];
  let carriedMs = 0;
  let isWanted = false;
  let kept: boolean[] = [];
  let sinceWait = 0;

  /** Whether half of the invocations would have gained by it. */
  function paid(gainOf: (wanted: Wanted) => number): boolean {
    const paying = last.filter((wanted) => gainOf(wanted) > 0).length;
    return paying * 2 >= last.length;
  }

  return {
    pays: (expectedMs) =>
      paid(({ foundMs, firstAfterMs = Infinity }) => foundMs - Math.max(0, expectedMs - firstAfterMs)),

    paysOnceFound: (expectedMs) => paid(({ foundMs }) => foundMs - expectedMs),

    get carriedMs() {
      return carriedMs;
    },

    get isWanted() {
      return isWanted;
    },

    get keptShare() {
      return (kept.filter(Boolean).length + 1) / (kept.length + 1);
    },

    waited(wasKept) {
      kept = [...kept.slice(1 - KEPT), wasKept];
      sinceWait = 0;
    },

    ended(wanted, warmMs) {
      // Where nobody waits nothing is learnt: what was learnt before is forgotten bit by bit, until somebody does.
      if (++sinceWait % KEPT === 0) kept = kept.slice(1);
      last = [...last.slice(1 - KEPT), wanted];
      isWanted = !wanted.wasRead && (isWanted || wanted.foundMs > 0);
      carriedMs = wanted.wasRead ? 0 : carriedMs + Math.max(0, wanted.spentMs - warmMs);
    },
  };
}
