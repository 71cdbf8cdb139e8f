/**
 * The entries of one environment: bounded in number and in bytes, least recently used out first, each with its own
 * lifetime. It knows nothing of streams or invocations; whether an entry may be stored or served is decided above.
 * No operation walks over all entries, whatever the number of them, except `clear`.
 */
import type { Clock } from "./clock.js";
import type { Epoch } from "./moment.js";

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

/** An entry, and its place in the order of use. */
interface Stored extends Entry {
  readonly group: Group;
  lessRecent: Stored;
  moreRecent: Stored;
  readonly key: string;
  readonly bytes: number;
}

export interface StoreBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

export type EntryStore = ReturnType<typeof createEntryStore>;

export function createEntryStore(clock: Pick<Clock, "now">, { maxEntries, maxBytes }: StoreBounds) {
  const entries = new Map<string, Stored>();
  const groups = new Map<string, Group>();
  /** The order of use is a ring; this is where it begins and ends, and no entry. */
  const ends = newStored("", newGroup(""), 0, { value: null, expiresAtMs: 0, savedMs: 0, loadEpoch: 0 });
  let live = 0;
  let bytes = 0;
  let evictions = 0;
  /** When the last entry to expire does so. */
  let lastExpiryMs = 0;

  /** Makes it the most recently used. */
  function append(stored: Stored): void {
    const latest = ends.lessRecent;
    stored.lessRecent = latest;
    stored.moreRecent = ends;
    latest.moreRecent = stored;
    ends.lessRecent = stored;
  }

  /** Returns how many entries that a `get` could return are gone with it: 0 or 1. */
  function remove(stored: Stored): number {
    const { group } = stored;
    entries.delete(stored.key);
    unlink(stored);
    bytes -= stored.bytes;
    if (group.dead) return 0;
    live--;
    if (--group.size === 0) groups.delete(group.source);
    return 1;
  }

  /** Returns how many entries were dropped: 0 or 1. */
  function drop(key: string): number {
    const stored = entries.get(key);
    return stored === undefined ? 0 : remove(stored);
  }

  function clear(): number {
    const dropped = live;
    entries.clear();
    groups.clear();
    ring(ends);
    live = 0;
    bytes = 0;
    lastExpiryMs = 0;
    return dropped;
  }

  return {
    /** Entries that a `get` could return. */
    get size(): number {
      return live;
    },

    get bytes(): number {
      return bytes;
    },

    /** How many entries the bounds have pushed out, ever. */
    get evictions(): number {
      return evictions;
    },

    /** True when there is nothing left to serve; what has merely expired is then cleared away at once. */
    isEmpty(nowMs: number): boolean {
      if (live > 0 && nowMs >= lastExpiryMs) clear();
      return live === 0;
    },

    /**
     * The clock is read only when there is something to judge by it: reading it costs more than the rest.
     * @param notLaterThanMs a time that is certainly not past: what lives longer is not judged by the clock
     */
    get(key: string, notLaterThanMs = Number.POSITIVE_INFINITY): Entry | undefined {
      const stored = entries.get(key);
      if (stored === undefined) return undefined;
      const alive = stored.expiresAtMs > notLaterThanMs || clock.now() < stored.expiresAtMs;
      if (!alive || stored.group.dead) {
        remove(stored);
        return undefined;
      }
      if (ends.lessRecent !== stored) {
        unlink(stored);
        append(stored);
      }
      return stored;
    },

    /** Stores an entry of `size` bytes in place of an older one; returns false when it is larger than the cache may be. */
    set(key: string, source: string, entry: Entry, size: number): boolean {
      drop(key);
      const whole = Math.max(1, Math.ceil(size));
      if (whole > maxBytes) return false;
      while (entries.size >= maxEntries || bytes + whole > maxBytes) evictions += remove(ends.moreRecent);
      const group = groups.get(source) ?? newGroup(source);
      groups.set(source, group);
      const stored = newStored(key, group, whole, entry);
      entries.set(key, stored);
      append(stored);
      group.size++;
      live++;
      bytes += whole;
      lastExpiryMs = Math.max(lastExpiryMs, entry.expiresAtMs);
      return true;
    },

    drop,

    /** Drops every entry of a source at once; their memory is freed as they are met or pushed out. */
    dropSource(source: string): number {
      const group = groups.get(source);
      if (group === undefined) return 0;
      group.dead = true;
      groups.delete(source);
      live -= group.size;
      if (live === 0) clear();
      return group.size;
    },

    clear,
  };
}

function newGroup(source: string): Group {
  return { source, size: 0, dead: false };
}

/**
 * One object for an entry and its place, what a hit needs of it in front: among many entries a hit costs what it has to
 * fetch from memory, not its instructions.
 */
function newStored(key: string, group: Group, bytes: number, entry: Entry): Stored {
  const { value, expiresAtMs, savedMs, loadEpoch } = entry;
  const nowhere = undefined as unknown as Stored;
  const stored = {
    group,
    value,
    expiresAtMs,
    savedMs,
    lessRecent: nowhere,
    moreRecent: nowhere,
    loadEpoch,
    key,
    bytes,
  };
  return ring(stored);
}

/** A ring of one. */
function ring(stored: Stored): Stored {
  stored.lessRecent = stored;
  stored.moreRecent = stored;
  return stored;
}

function unlink(stored: Stored): void {
  stored.lessRecent.moreRecent = stored.moreRecent;
  stored.moreRecent.lessRecent = stored.lessRecent;
}
