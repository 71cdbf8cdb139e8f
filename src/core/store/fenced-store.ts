/**
 * What is stored, together with what keeps older values out. Every drop goes through here, so that an entry can never be
 * dropped without its loads under way being refused as well.
 */
import { type Changed, EVERYTHING } from "../changed.js";
import type { Clock } from "../clock.js";
import type { DataId } from "../data-id.js";
import type { Epoch, Moment } from "../moment.js";
import type { ResolvedOptions } from "../settings.js";
import { EntryStore } from "./entry-store.js";
import { createFillFence } from "./fill-fence.js";

export type FencedStore = ReturnType<typeof createFencedStore>;

/** @param isPlaced whether invalidations from now on will be read: until then nothing may be stored */
export function createFencedStore(clock: Clock, options: ResolvedOptions, isPlaced: () => boolean) {
  const { sizeOf, holdOffMs } = options;
  const entries = new EntryStore(clock, options);
  /** In epochs: a load may be stored only if nothing that names its id was invalidated in a later one. */
  const fence = createFillFence();
  /**
   * In wall-clock time, for sources read from a replica that lags: a load may still have read the old row for a while. The
   * replica catches up while the environment is frozen, too.
   */
  const heldOff = createFillFence();
  let epoch: Epoch = 0;
  let lastLoad: Epoch = 0;
  let oldestLoad: Epoch = 0;

  /** The moment a load that begins now is said to have begun. */
  function loadStart(): Moment {
    lastLoad = epoch;
    return { epoch, atMs: clock.now(), monotonicMs: clock.monotonic() };
  }

  function holdOff(changed: Changed): void {
    if (holdOffMs > 0) heldOff.raise(changed, clock.now() + holdOffMs);
  }

  /** Whether nothing that names this id was invalidated since the load began. */
  function permits(id: DataId, load: Moment): boolean {
    const key = id.toString();
    return (
      load.epoch >= oldestLoad &&
      fence.permits(key, id.source, load.epoch) &&
      heldOff.permits(key, id.source, load.atMs)
    );
  }

  return {
    /** What is stored, to look at: only this module changes it. */
    held: entries as Pick<EntryStore, "size" | "bytes" | "evictions" | "isEmpty" | "get">,

    /** This moment, after everything before it and before everything after it. */
    now(): Moment {
      epoch++;
      return loadStart();
    },

    loadStart,

    /** No load from before this moment will be offered any more; should one be all the same, it is refused. */
    forgetBefore(oldest: Moment): void {
      oldestLoad = Math.max(oldestLoad, oldest.epoch);
      fence.forgetBefore(oldestLoad);
      heldOff.forgetBefore(oldest.atMs);
    },

    permits,

    /** Stores what a load that began at `load` returned, unless it may be older than an invalidation or than what is there. */
    put(id: DataId, value: unknown, load: Moment, savedMs: number, ttlMs: number): boolean {
      if (!isPlaced() || !permits(id, load)) return false;
      const key = id.toString();
      const nowMs = clock.now();
      const present = entries.get(key);
      if (present !== undefined && present.loadEpoch > load.epoch) return false;
      const bytes = sizeOf(value, id);
      if (!Number.isFinite(bytes) || bytes < 0) return false;
      return entries.set(key, id.source, { value, expiresAtMs: nowMs + ttlMs, savedMs, loadEpoch: load.epoch }, bytes);
    },

    /** Applies an invalidation: what it names is dropped, and loads of it under way are refused. Returns how many entries went. */
    drop(changed: Changed): number {
      epoch++;
      // Where every load there is has been refused already, a backlog of a million is not worth remembering.
      if (fence.floor <= lastLoad) fence.raise(changed, epoch);
      holdOff(changed);
      let dropped = 0;
      for (const source of changed.sources) dropped += entries.dropSource(source);
      for (const key of changed.keys) dropped += entries.drop(key);
      if (changed.all) dropped += entries.clear();
      return dropped;
    },

    /** Forgets everything, loads under way included. */
    flush(): void {
      fence.raise(EVERYTHING, ++epoch);
      entries.clear();
    },

    /** For `holdOffMs` from now on, loads of what is named may still have read the value of before. */
    holdOff,
  };
}
