/**
 * Lets the publications of one environment share appends: one append under way, and what comes meanwhile goes into the next.
 * So a burst of publications costs few writes, and the order of one caller's records is kept.
 *
 * An append that is not answered for a while does not hold up the others: its connection may have died while the
 * environment was frozen. An append is given up only when nobody waits for it any more, so one caller that leaves never
 * takes away another's record. It knows nothing of tables, and never retries.
 */
import type { Clock, Random } from "../core/clock.js";
import { type Appended, LogFailure } from "../core/log.js";

/**
 * Appends records in one call, and ends when whatever has to follow is done. Never rejects.
 * @param answered is called once, as soon as the fates are known
 * @returns whether fewer calls were asked for
 */
export type Commit = (
  records: readonly Uint8Array[],
  signal: AbortSignal,
  answered: (fates: readonly Appended[]) => void,
) => Promise<"throttled" | "done">;

export interface GroupCommit {
  append(records: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Appended[]>;
}

/** An append unanswered for this long does not keep the next one from beginning. */
const UNANSWERED_MS = 200;
/** How long to gather records after a throttled append: doubled with each in a row, halved with each that is not. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 400;

interface Caller {
  readonly fates: (Appended | undefined)[];
  /** Records whose append has not ended. */
  open: number;
  readonly leave: () => void;
}

interface Entry {
  readonly record: Uint8Array;
  readonly caller: Caller;
  /** Among the caller's records. */
  readonly index: number;
}

interface Batch {
  readonly entries: readonly Entry[];
  /** Those who wait for it. */
  readonly callers: Set<Caller>;
  readonly abort: AbortController;
}

/** @param maxBytes of records in one append; a larger record goes alone */
export function createGroupCommit(clock: Clock, random: Random, maxBytes: number, commit: Commit): GroupCommit {
  let queue: Entry[] = [];
  const underWay = new Set<Batch>();
  /** When the latest one was begun, by the monotonic clock. */
  let begunAtMs = 0;
  let pauseMs = 0;
  let pausedUntilMs = 0;
  let stopTimer: (() => void) | undefined;

  function begin(): void {
    stopTimer?.();
    stopTimer = undefined;
    while (queue.length > 0) {
      const freeAtMs = underWay.size === 0 ? 0 : begunAtMs + UNANSWERED_MS;
      const waitMs = Math.max(freeAtMs, pausedUntilMs) - clock.monotonic();
      if (waitMs > 0) {
        // Whole milliseconds: a wait too short for the clock to tell would never be over.
        stopTimer = clock.after(Math.ceil(waitMs), begin);
        return;
      }
      const count = countWithin(queue, maxBytes);
      const entries = queue.slice(0, count);
      queue = queue.slice(count);
      void send(entries);
    }
  }

  async function send(entries: readonly Entry[]): Promise<void> {
    const callers = new Set(entries.map(({ caller }) => caller));
    const batch: Batch = { entries, callers, abort: new AbortController() };
    underWay.add(batch);
    begunAtMs = clock.monotonic();
    const records = entries.map(({ record }) => record);
    const outcome = await commit(records, batch.abort.signal, (fates) => {
      entries.forEach(({ caller, index }, position) => {
        caller.fates[index] = fates[position];
      });
    });
    underWay.delete(batch);
    pace(outcome === "throttled");
    for (const { caller } of entries) {
      caller.open--;
      if (caller.open === 0) caller.leave();
    }
    begin();
  }

  /** Fewer and fuller appends after a throttled one: what is asked for is fewer calls, and the records come all the same. */
  function pace(wasThrottled: boolean): void {
    const nextMs = wasThrottled ? Math.max(FIRST_PAUSE_MS, pauseMs * 2) : pauseMs / 2;
    pauseMs = nextMs < FIRST_PAUSE_MS ? 0 : Math.min(LONGEST_PAUSE_MS, nextMs);
    pausedUntilMs = clock.monotonic() + pauseMs * (0.5 + random() / 2);
  }

  /** Nobody waits for these any more: not begun, they never will be; under way, they go on for others' sake alone. */
  function abandon(caller: Caller): void {
    queue = queue.filter((entry) => entry.caller !== caller);
    for (const { callers, abort } of underWay) {
      if (callers.delete(caller) && callers.size === 0) abort.abort();
    }
    if (queue.length === 0) stopTimer?.();
  }

  return {
    append(records, signal) {
      return new Promise((resolve) => {
        const caller: Caller = {
          fates: new Array(records.length).fill(undefined),
          open: records.length,
          leave() {
            signal.removeEventListener("abort", caller.leave);
            abandon(caller);
            resolve(caller.fates.map((fate) => fate ?? givenUp()));
          },
        };
        if (records.length === 0 || signal.aborted) return caller.leave();
        signal.addEventListener("abort", caller.leave);
        records.forEach((record, index) => {
          queue.push({ record, caller, index });
        });
        begin();
      });
    },
  };
}

function givenUp(): Appended {
  return { written: false, failure: new LogFailure("unavailable", "the append was given up") };
}

/** How many go into one append: at least one. */
function countWithin(entries: readonly Entry[], maxBytes: number): number {
  let bytes = 0;
  const end = entries.findIndex(({ record }, index) => {
    bytes += record.byteLength;
    return index > 0 && bytes > maxBytes;
  });
  return end === -1 ? entries.length : end;
}
