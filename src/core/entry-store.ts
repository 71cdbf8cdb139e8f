/**
 * The entries of one environment: bounded in number and in bytes, least recently used out first, each with its own
 * lifetime. A map finds them, and a list through the entries themselves keeps the order of their use: one object for an
 * entry, so that a hit touches little memory. It knows nothing of streams or invocations; whether an entry may be stored
 * or served is decided above. No operation walks over all entries, whatever the number of them, except `clear`.
 */
import type { Clock } from "./clock.js";
import type { Epoch } from "./fill-fence.js";

export interface Entry {
  readonly value: unknown;
  /** Wall clock. */
  readonly expiresAtMs: number;
  /** What loading it cost. */
  readonly savedMs: number;
  /** When its load may have begun. */
  readonly loadEpoch: Epoch;
}

/** All entries of one source, until the source is invalidated: then the group is dead and a new one takes its place. */
interface Group {
  readonly source: string;
  size: number;
  dead: boolean;
}

/** A stored entry, and its place in the order of use. One object, so that a hit reads one piece of memory. */
interface Stored extends Entry {
  readonly key: string;
  readonly bytes: number;
  readonly group: Group;
  older: Stored | undefined;
  newer: Stored | undefined;
}

export interface StoreBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export class EntryStore {
  readonly #bounds: StoreBounds;
  readonly #stored = new Map<string, Stored>();
  readonly #groups = new Map<string, Group>();
  #newest: Stored | undefined;
  #oldest: Stored | undefined;
  #bytes = 0;
  #live = 0;
  #evictions = 0;
  /** When the last entry to expire does so. */
  #lastExpiryMs = Number.NEGATIVE_INFINITY;

  constructor(bounds: StoreBounds) {
    this.#bounds = bounds;
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

  /** True when there is nothing left to serve; what has merely expired is then cleared away at once. */
  isEmpty(nowMs: number): boolean {
    if (this.#live > 0 && nowMs >= this.#lastExpiryMs) this.clear();
    return this.#live === 0;
  }

  /**
   * The clock is read only when there is something to judge by it: reading it costs more than the rest.
   * @param notLaterThanMs a time that is certainly not past: what lives longer is not judged by the clock
   */
  get(key: string, clock: Clock, notLaterThanMs = Number.POSITIVE_INFINITY): Entry | undefined {
    const stored = this.#stored.get(key);
    if (stored === undefined) return undefined;
    const alive = stored.expiresAtMs > notLaterThanMs || clock.now() < stored.expiresAtMs;
    if (!alive || stored.group.dead) {
      this.#remove(stored);
      return undefined;
    }
    if (stored !== this.#newest) {
      this.#unlink(stored);
      this.#link(stored);
    }
    return stored;
  }

  /** Stores an entry of `bytes`; returns false when it is larger than the cache may be. */
  set(key: string, source: string, entry: Entry, bytes: number): boolean {
    this.drop(key);
    const counted = Math.max(1, Math.ceil(bytes));
    if (counted > this.#bounds.maxBytes) return false;
    const group = this.#group(source);
    // Spelled out: an object made by spreading keeps what is added to it elsewhere, and every hit then misses the CPU's cache.
    const { value, expiresAtMs, savedMs, loadEpoch } = entry;
    this.#add({
      key,
      value,
      expiresAtMs,
      savedMs,
      loadEpoch,
      bytes: counted,
      group,
      older: undefined,
      newer: undefined,
    });
    this.#pushOut();
    this.#lastExpiryMs = Math.max(this.#lastExpiryMs, entry.expiresAtMs);
    return true;
  }

  /** Returns how many entries were dropped: 0 or 1. */
  drop(key: string): number {
    const stored = this.#stored.get(key);
    if (stored === undefined) return 0;
    this.#remove(stored);
    return stored.group.dead ? 0 : 1;
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
    this.#stored.clear();
    this.#groups.clear();
    this.#newest = undefined;
    this.#oldest = undefined;
    this.#bytes = 0;
    this.#live = 0;
    this.#lastExpiryMs = Number.NEGATIVE_INFINITY;
    return dropped;
  }

  #group(source: string): Group {
    let group = this.#groups.get(source);
    if (group === undefined) {
      group = { source, size: 0, dead: false };
      this.#groups.set(source, group);
    }
    return group;
  }

  #add(stored: Stored): void {
    this.#stored.set(stored.key, stored);
    this.#link(stored);
    this.#bytes += stored.bytes;
    this.#live++;
    stored.group.size++;
  }

  /** Removes the least recently used until the bounds are kept. */
  #pushOut(): void {
    const { maxEntries, maxBytes } = this.#bounds;
    while (this.#oldest !== undefined && (this.#stored.size > maxEntries || this.#bytes > maxBytes)) {
      if (!this.#oldest.group.dead) this.#evictions++;
      this.#remove(this.#oldest);
    }
  }

  #remove(stored: Stored): void {
    const { key, bytes, group } = stored;
    this.#stored.delete(key);
    this.#unlink(stored);
    // What is gone must not keep its neighbours from being collected.
    stored.older = undefined;
    stored.newer = undefined;
    this.#bytes -= bytes;
    if (group.dead) return;
    this.#live--;
    if (--group.size === 0) this.#groups.delete(group.source);
  }

  /** Makes it the most recently used. */
  #link(stored: Stored): void {
    const before = this.#newest;
    stored.older = before;
    stored.newer = undefined;
    if (before === undefined) this.#oldest = stored;
    else before.newer = stored;
    this.#newest = stored;
  }

  #unlink({ older, newer }: Stored): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }
}
