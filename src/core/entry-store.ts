/**
 * The entries of one environment: bounded in number and in bytes, least recently used out first, each with its own
 * lifetime. It knows nothing of streams or invocations; whether an entry may be stored or served is decided above.
 * No operation walks over all entries, whatever the number of them, except `clear`.
 */
import { LRUCache } from "lru-cache";
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

/** A stored entry. Its fields are flat, and an object per entry is all the memory it costs over the LRU's own. */
interface Stored extends Entry {
  readonly group: Group;
}

export interface StoreBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export class EntryStore {
  readonly #lru: LRUCache<string, Stored>;
  readonly #groups = new Map<string, Group>();
  #live = 0;
  #evictions = 0;
  /** When the last entry to expire does so. */
  #lastExpiryMs = Number.NEGATIVE_INFINITY;

  constructor(bounds: StoreBounds) {
    this.#lru = new LRUCache({
      max: bounds.maxEntries,
      maxSize: bounds.maxBytes,
      dispose: (stored, _key, reason) => this.#disposed(stored, reason),
    });
  }

  /** Entries that a `get` could return. */
  get size(): number {
    return this.#live;
  }

  get bytes(): number {
    return this.#lru.calculatedSize;
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
    const stored = this.#lru.get(key);
    if (stored === undefined) return undefined;
    const alive = stored.expiresAtMs > notLaterThanMs || clock.now() < stored.expiresAtMs;
    if (alive && !stored.group.dead) return stored;
    this.#lru.delete(key);
    return undefined;
  }

  /** Stores an entry of `bytes`; returns false when it is larger than the cache may be. */
  set(key: string, source: string, entry: Entry, bytes: number): boolean {
    const group = this.#group(source);
    group.size++;
    this.#live++;
    // Spelled out: an object made by spreading keeps what is added to it elsewhere, and every hit then misses the CPU's cache.
    const { value, expiresAtMs, savedMs, loadEpoch } = entry;
    this.#lru.set(key, { value, expiresAtMs, savedMs, loadEpoch, group }, { size: Math.max(1, Math.ceil(bytes)) });
    if (this.#lru.peek(key) === undefined) {
      this.#leave(group);
      return false;
    }
    this.#lastExpiryMs = Math.max(this.#lastExpiryMs, entry.expiresAtMs);
    return true;
  }

  /** Returns how many entries were dropped: 0 or 1. */
  drop(key: string): number {
    const before = this.#live;
    this.#lru.delete(key);
    return before - this.#live;
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
    this.#lru.clear();
    this.#groups.clear();
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

  #disposed(stored: Stored, reason: string): void {
    if (stored.group.dead) return;
    this.#leave(stored.group);
    if (reason === "evict") this.#evictions++;
  }

  #leave(group: Group): void {
    this.#live--;
    if (--group.size === 0) this.#groups.delete(group.source);
  }
}
