/**
 * A `getOrAdd` or `getOrAddMany` that finds entries before the log was read for its invocation: it loads the values, or waits for the
 * reading and looks again, whichever is likely to be sooner. It must never hand out an entry that was found: only what is
 * looked up anew.
 */
import type { ReadingBeside } from "./reading-beside.js";

/** What the invocation does, one way or the other. */
export interface Ways<T> {
  /** What loading took of the entries that were found. */
  readonly costMs: number;
  /** Whether all of these may be served now. */
  areKept(): boolean;
  /** All that was asked for, counted as hits, if all of it may be served now. */
  look(): Served<T> | undefined;
  /** Loads, as where nothing is cached, and counts its misses at once. */
  load(): Promise<T>;
  readonly tally: Tally;
}

/** A value in a box, since it may be a promise, and what loading it took. */
export interface Served<T> {
  readonly value: T;
  readonly savedMs: number;
}

/** What is counted. */
export interface Tally {
  misses: number;
  /** Entries that were found and loaded in place of waiting, and what loading them took before. */
  loadsPreferred: number;
  preferredMs: number;
  /** What loading took of those that were waited for, and served. */
  sparedMs: number;
}

export function loadOrWait<T>(beside: ReadingBeside, ways: Ways<T>): Promise<T> {
  return beside.isWorthWaiting(ways.costMs) ? waitThenLook(beside, ways) : loadInstead(beside, ways);
}

async function waitThenLook<T>(beside: ReadingBeside, ways: Ways<T>): Promise<T> {
  if ((await beside.wait()) === "late") return firstOf(beside, ways);
  const found = lookAgain(beside, ways);
  return found === undefined ? ways.load() : found.value;
}

function lookAgain<T>(beside: ReadingBeside, { areKept, look, tally }: Ways<T>): Served<T> | undefined {
  beside.waitedFor(areKept());
  const found = look();
  if (found !== undefined) tally.sparedMs += found.savedMs;
  return found;
}

/** What was found is loaded. Should that fail, it is waited for after all: a source that is down must not take the cache with it. */
function loadInstead<T>(beside: ReadingBeside, ways: Ways<T>): Promise<T> {
  const loading = beginLoad(beside, ways);
  return loading.result.catch(async (error: unknown) => {
    const outcome = await beside.waitAfterAll().catch(() => "late");
    const found = outcome === "read" ? lookAgain(beside, ways) : undefined;
    if (found === undefined) throw error;
    loading.uncount();
    return found.value;
  });
}

/** The reading takes longer than was expected: what was found is loaded as well, and the first answer of both counts. */
function firstOf<T>(beside: ReadingBeside, ways: Ways<T>): Promise<T> {
  const loading = beginLoad(beside, ways);
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const answered = () => {
      isAnswered = true;
    };
    loading.result.finally(answered).then(resolve, reject);
    beside.whenRead().then(
      () => {
        const found = isAnswered ? undefined : lookAgain(beside, ways);
        if (found === undefined) return;
        answered();
        loading.uncount();
        beside.outran(loading.result, ways.costMs);
        resolve(found.value);
      },
      (error: unknown) => {
        if (!isAnswered) beside.outran(loading.result, ways.costMs);
        reject(error);
      },
    );
  });
}

interface Loading<T> {
  readonly result: Promise<T>;
  /** Something else is the answer: it is not counted. */
  uncount(): void;
}

function beginLoad<T>(beside: ReadingBeside, { costMs, load, tally }: Ways<T>): Loading<T> {
  const ended = beside.loads(costMs);
  const missesBefore = tally.misses;
  const result = load();
  const misses = tally.misses - missesBefore;
  result.then(ended, ended);
  tally.loadsPreferred++;
  tally.preferredMs += costMs;
  return {
    result,
    uncount() {
      tally.loadsPreferred--;
      tally.preferredMs -= costMs;
      tally.misses -= misses;
    },
  };
}
