/**
 * What a contestant of the hit benchmarks must be able to do, and the loops all of them are timed in.
 * Each contestant runs in a process of its own, as it would in a function, so that the loops are compiled for it alone.
 */

import type { DataId } from "../src/core/data-id.js";
import { type User, userOf } from "./keys.js";

export type Operation = "get" | "get anew" | "getOrAdd" | "coalesced";

/** Loads that are under way for one key share one call of this. */
export type Load = (id: string) => Promise<User>;

/** `Key` is what it is asked by. */
export interface Contender<Key> {
  keyOf(id: DataId<User>): Key;
  /** The same key, made as a handler makes it of what it was asked. */
  newKey(id: string): Key;
  /** Begins anew with these entries, in a cache with room for them and for those of the coalesced loads. */
  fill(ids: readonly DataId<User>[]): Promise<void>;
  /** One hit for every key in turn; returns how many there were. */
  get(keys: readonly Key[]): number | Promise<number>;
  /** One hit for every key in turn, with a loader given; returns how many there were. */
  getOrAdd(keys: readonly Key[]): Promise<number>;
  /** The value for this key, loaded by `load` once however many ask. */
  shared(key: Key): Promise<unknown>;
}

/** Room for the entries coalesced loads add; they are evicted as more come. */
export const SPARE_ENTRIES = 10_000;
export const TTL_MS = 3_600_000;

let loads = 0;

/** The source: answers in a later turn of the event loop, and counts how often it was asked. */
export const load: Load = (id) => {
  loads += 1;
  return new Promise((resolve) => {
    setImmediate(() => resolve(userOf(id)));
  });
};

export function loadCount(): number {
  return loads;
}

/** One hit for every key in turn, for caches that answer at once. */
export function hitAll<Key>(keys: readonly Key[], get: (key: Key) => unknown): number {
  let found = 0;
  for (const key of keys) if (get(key) !== undefined) found += 1;
  return found;
}

/** One hit for every key in turn, for caches that answer with a promise. */
export async function awaitAll<Key>(keys: readonly Key[], get: (key: Key) => unknown): Promise<number> {
  let found = 0;
  for (const key of keys) if ((await get(key)) !== undefined) found += 1;
  return found;
}
