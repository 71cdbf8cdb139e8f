/**
 * The entries of one environment: bounded in number and in bytes, each with its own lifetime. What has to make room is
 * chosen by second chance (the CLOCK algorithm): the oldest goes, unless it was used since it was put there; then it is put
 * last. That keeps as much as the order of use would, and a hit has nothing to reorder.
 *
 * It knows nothing of streams or invocations; whether an entry may be stored or served is decided above. No operation
 * walks over all entries, whatever the number of them, except `clear`.
 *
 * A class, as an invocation is: a hit passes through both, and V8 reads a field faster than a closure's variable.
 */
import type { Clock } from "../clock.js";
import type { Epoch } from "../moment.js";

export interface Entry {
  readonly value: unknown;
  /** Wall clock. */
  readonly expiresAtMs: number;
  /** What loading it cost. */
  readonly savedMs: number;
  /** When its load may have begun. */
  readonly loadEpoch: Epoch;
}

/** What a `get` finds. */
export interface Hit extends Pick<Entry, "value" | "loadEpoch"> {
  /** What loading it cost, in whole microseconds. */
  readonly savedUs: number;
}

export const savedMsOf = (entry: Hit | undefined): number => (entry?.savedUs ?? 0) / 1_000;

/** All entries of one source, until the source is invalidated: then the group is dead and a new one takes its place. */
interface Group {
  readonly source: string;
  size: number;
  dead: boolean;
}

/**
 * An entry and its place in the queue: one object, what a hit needs of it in front. Among many entries a hit costs what it
 * has to fetch from memory, not its instructions: so it touches no neighbour, and its figures are whole numbers, which V8
 * keeps in the object while they are below 2^31, as it does with no other number.
 */
class Stored implements Hit {
  // Declared: the constructor sets them, in the order in which they are to lie, and fields would only be bytes in a bundle.
  declare readonly group: Group;
  declare readonly value: unknown;
  /** Counted from the store's origin. */
  declare readonly expiresAfterMs: number;
  declare readonly savedUs: number;
  declare readonly loadEpoch: Epoch;
  /** Since it was put last in the queue. */
  declare used: boolean;
  declare older: Stored;
  declare newer: Stored;
  declare readonly key: string;
  declare readonly bytes: number;

  constructor(key: string, group: Group, bytes: number, entry: Entry, originMs: number) {
    this.group = group;
    this.value = entry.value;
    this.expiresAfterMs = Math.floor(entry.expiresAtMs - originMs);
    this.savedUs = Math.round(entry.savedMs * 1_000);
    this.loadEpoch = entry.loadEpoch;
    this.used = false;
    this.older = this;
    this.newer = this;
    this.key = key;
    this.bytes = bytes;
  }
}

/**
 * So many entries are given a second chance before the next one goes all the same: where nearly all are used between two
 * evictions, it matters little which one goes, and an eviction must not walk over all of them.
 */
const MAX_SPARED = 32;

export interface StoreBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export class EntryStore {
  readonly #clock: Pick<Clock, "now">;
  readonly #bounds: StoreBounds;
  /** Lifetimes count from here. */
  #originMs: number;
  readonly #entries = new Map<string, Stored>();
  readonly #groups = new Map<string, Group>();
  /** The queue is a ring; this is where it begins and ends, and no entry. */
  readonly #ends = new Stored("", newGroup(""), 0, { value: null, expiresAtMs: 0, savedMs: 0, loadEpoch: 0 }, 0);
  #live = 0;
  #bytes = 0;
  #evictions = 0;
  /** When the last entry to expire does so. */
  #lastExpiryMs = 0;

  constructor(clock: Pick<Clock, "now">, bounds: StoreBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.#originMs = clock.now();
  }

  /** Entries that a `get` could return. */
  get size(): number {
    return this.#live;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many entries the bounds have pushed out, ever. */
  get evictions(): number {
    return this.#evictions;
  }

  /** The wall clock was set back: what has lived so long must not live so much longer. */
  setBack(ms: number): void {
    this.#originMs -= ms;
    this.#lastExpiryMs -= ms;
  }

  /** True when there is nothing left to serve; what has merely expired is then cleared away at once. */
  isEmpty(nowMs: number): boolean {
    if (this.#live > 0 && nowMs >= this.#lastExpiryMs) this.clear();
    return this.#live === 0;
  }

  /**
   * The clock is read only when there is something to judge by it: reading it costs more than the rest.
   * @param notLaterThanMs a time that is certainly not past: what lives longer is not judged by the clock
   */
  get(key: string, notLaterThanMs = Infinity): Hit | undefined {
    const stored = this.#entries.get(key);
    if (stored === undefined) return undefined;
    const expiresAtMs = this.#originMs + stored.expiresAfterMs;
    const alive = expiresAtMs > notLaterThanMs || this.#clock.now() < expiresAtMs;
    if (!alive || stored.group.dead) {
      this.#remove(stored);
      return undefined;
    }
    stored.used = true;
    return stored;
  }

  /** Stores an entry of `bytes` in place of an older one; returns false when it is larger than the cache may be. */
  set(key: string, source: string, entry: Entry, bytes: number): boolean {
    this.drop(key);
    const { maxEntries, maxBytes } = this.#bounds;
    const size = Math.max(1, Math.ceil(bytes));
    if (size > maxBytes) return false;
    while (this.#entries.size >= maxEntries || this.#bytes + size > maxBytes) {
      this.#evictions += this.#remove(this.#nextToGo());
    }
    const group = this.#groups.get(source) ?? newGroup(source);
    this.#groups.set(source, group);
    const stored = new Stored(key, group, size, entry, this.#originMs);
    this.#entries.set(key, stored);
    this.#append(stored);
    group.size++;
    this.#live++;
    this.#bytes += size;
    this.#lastExpiryMs = Math.max(this.#lastExpiryMs, entry.expiresAtMs);
    return true;
  }

  /** Returns how many entries were dropped: 0 or 1. */
  drop(key: string): number {
    const stored = this.#entries.get(key);
    return stored === undefined ? 0 : this.#remove(stored);
  }

  /** Drops every entry of a source at once; their memory is freed as they are met or pushed out. */
  dropSource(source: string): number {
    const group = this.#groups.get(source);
    if (group === undefined) return 0;
    group.dead = true;
    this.#groups.delete(source);
    this.#live -= group.size;
    if (this.#live === 0) this.clear();
    return group.size;
  }

  clear(): number {
    const dropped = this.#live;
    this.#entries.clear();
    this.#groups.clear();
    this.#ends.older = this.#ends;
    this.#ends.newer = this.#ends;
    this.#live = 0;
    this.#bytes = 0;
    this.#lastExpiryMs = 0;
    return dropped;
  }

  /** Returns how many entries that a `get` could return are gone with it: 0 or 1. */
  #remove(stored: Stored): number {
    const { group } = stored;
    this.#entries.delete(stored.key);
    unlink(stored);
    this.#bytes -= stored.bytes;
    if (group.dead) return 0;
    this.#live--;
    if (--group.size === 0) this.#groups.delete(group.source);
    return 1;
  }

  /** The oldest entry, once those used since they became so have been put last. What is dead has no second chance. */
  #nextToGo(): Stored {
    for (let spared = 0; spared < MAX_SPARED; spared++) {
      const oldest = this.#ends.newer;
      if (!oldest.used || oldest.group.dead) break;
      oldest.used = false;
      unlink(oldest);
      this.#append(oldest);
    }
    return this.#ends.newer;
  }

  /** Puts it last in the queue. */
  #append(stored: Stored): void {
    const last = this.#ends.older;
    stored.older = last;
    stored.newer = this.#ends;
    last.newer = stored;
    this.#ends.older = stored;
  }
}

function newGroup(source: string): Group {
  return { source, size: 0, dead: false };
}

function unlink(stored: Stored): void {
  stored.older.newer = stored.newer;
  stored.newer.older = stored.older;
}
