/**
 * A `getOrAdd` that finds an entry before the log was read for its invocation: it loads the value, or waits for the reading and
 * looks again, whichever is likely to be sooner. It must never hand out the entry that was found: only what is looked up anew.
 */
import type { ReadingBeside } from "./reading-beside.js";

/** What the invocation does, one way or the other. */
export interface Ways<T> {
  /** What loading the entry took. */
  readonly costMs: number;
  /** The entry as it may be served now, counted as a hit; undefined if it may not. In a box: a value may be a promise. */
  look(): { readonly value: T } | undefined;
  /** Loads, as where nothing is cached; not counted. */
  load(): Promise<T>;
  readonly tally: Tally;
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
  if (beside.isWorthWaiting(ways.costMs)) return waitThenLook(beside, ways);
  ways.tally.misses++;
  return loadInstead(beside, ways);
}

function loadInstead<T>(beside: ReadingBeside, { costMs, load, tally }: Ways<T>): Promise<T> {
  tally.loadsPreferred++;
  tally.preferredMs += costMs;
  const ended = beside.loads(costMs);
  const loaded = load();
  loaded.then(ended, ended);
  return loaded;
}

async function waitThenLook<T>(beside: ReadingBeside, ways: Ways<T>): Promise<T> {
  if ((await beside.wait()) === "late") return firstOf(beside, ways);
  const { look, load, costMs, tally } = ways;
  const found = look();
  beside.waitedFor(found !== undefined);
  if (found !== undefined) {
    tally.sparedMs += costMs;
    return found.value;
  }
  tally.misses++;
  return load();
}

/** The reading takes longer than was expected: the value is loaded as well, and the first answer of both counts. */
function firstOf<T>(beside: ReadingBeside, ways: Ways<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const loaded = loadInstead(beside, ways);
    loaded
      .finally(() => {
        if (!isAnswered) ways.tally.misses++;
        isAnswered = true;
      })
      .then(resolve, reject);
    beside.whenRead().then(() => {
      if (isAnswered) return;
      const found = ways.look();
      beside.waitedFor(found !== undefined);
      if (found === undefined) return;
      isAnswered = true;
      beside.outran(loaded, ways.costMs);
      resolve(found.value);
    }, reject);
  });
}

/** The same for several with one load, of which those that were found took `costMs`: waits at most, before they are looked up. */
export async function loadOrWaitMany<T>(
  beside: ReadingBeside,
  { costMs, load, tally }: Pick<Ways<T>, "costMs" | "load" | "tally">,
): Promise<T> {
  if (beside.isWorthWaiting(costMs)) await beside.wait();
  else {
    tally.loadsPreferred++;
    tally.preferredMs += costMs;
    const ended = beside.loads(costMs);
    return load().finally(ended);
  }
  return load();
}
