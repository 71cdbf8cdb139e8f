/**
 * What a contestant of the hit benchmarks must be able to do, and the loops all of them are timed in.
 * Each contestant runs in a process of its own, as it would in a function, so that the loops are compiled for it alone.
 */

import type { DataId } from "../src/core/data-id.js";
import { pick, type User, userOf } from "./keys.js";

export type Operation = "get" | "getOrAdd" | "coalesced";

/** Loads that are under way for one key share one call of this. */
export type Load = (id: string) => Promise<User>;

export interface Contender {
  /** Begins anew with these entries, in a cache with room for them and for those of the coalesced loads. */
  fill(ids: readonly DataId<User>[]): Promise<void>;
  /** One hit for every id in turn; returns how many there were. */
  get?(ids: readonly DataId<User>[]): number | Promise<number>;
  /** One hit for every id in turn, with a loader given; returns how many there were. */
  getOrAdd?(ids: readonly DataId<User>[]): Promise<number>;
  /** The value for this id, loaded by `load` once however many ask. */
  shared?(id: DataId<User>): Promise<unknown>;
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

/** The wire keys of the ids in turn: built once per id, as a handler would have them in hand. */
export function keysOf(ids: readonly DataId<User>[]): string[] {
  return ids.map(String);
}

/** The orders in which entries are asked for; a new slice for each sample. */
export function orders(ids: readonly DataId<User>[]): DataId<User>[][] {
  const picked = pick(ids, 16_384);
  return Array.from({ length: 16 }, (_, slice) => picked.slice(slice * 1_024, (slice + 1) * 1_024));
}
