/**
 * A `getOrAddMany` that finds entries before the log was read for its invocation, as one whole: it waits for the reading, or loads,
 * for all of them at once. What may be served of each is decided elsewhere.
 */
import type { DataId } from "../data-id.js";
import { type Hit, savedMsOf } from "../store/entry-store.js";
import { requireDataId } from "./arguments.js";
import { byGiven } from "./many.js";
import type { Served, Tally, Ways } from "./unread.js";

/** What is known of one at a time. */
export interface LookUp {
  /** The entry, if it may be served; not counted. */
  servable(key: string): Hit | undefined;
  /** The entry, if it may be served once the log was read, and not before. */
  found(key: string): Hit | undefined;
  /** The value of an entry that may be served, counted as a hit. */
  served<T>(key: string): Served<T> | undefined;
}

/** Undefined where nothing was found that may be served only once the log was read. */
export function waysForSeveral<T>(
  ids: readonly DataId<T>[],
  { servable, found, served }: LookUp,
  load: () => Promise<Map<DataId<T>, T>>,
  tally: Tally,
): Ways<Map<DataId<T>, T>> | undefined {
  const keys = [...new Set(ids.map((id) => requireDataId(id).toString()))];
  const unread = keys.filter((key) => servable(key) === undefined && found(key) !== undefined);
  if (unread.length === 0) return undefined;
  const mayBeServed = (key: string) => servable(key) !== undefined;
  return {
    costMs: unread.reduce((sum, key) => sum + savedMsOf(found(key)), 0),
    areKept: () => unread.every(mayBeServed),
    look() {
      if (!keys.every(mayBeServed)) return undefined;
      const values = new Map<string, T>();
      let savedMs = 0;
      for (const key of keys) {
        const one = served<T>(key);
        if (one === undefined) continue;
        values.set(key, one.value);
        savedMs += one.savedMs;
      }
      return { value: byGiven(ids, values), savedMs };
    },
    load,
    tally,
  };
}
