/**
 * What is stored, together with what keeps older values out. Every drop goes through here, so that an entry can never be
 * dropped without its loads under way being refused as well.
 */
import { type Changed, EVERYTHING } from "../changed.js";
import type { Clock } from "../clock.js";
import type { DataId } from "../data-id.js";
import { ignoreRejection } from "../ignore-rejection.js";
import type { Epoch, Moment } from "../moment.js";
import type { ResolvedOptions } from "../settings.js";
import { EntryStore } from "./entry-store.js";
import { createFillFence } from "./fill-fence.js";

/** All entries of an environment. Whoever stores, serves or drops does it through here. */
export interface FencedStore {
  /** What is stored, to look at: only the store itself changes it. */
  readonly held: Pick<EntryStore, "size" | "bytes" | "evictions" | "isEmpty" | "get">;
  /** This moment, after everything before it and before everything after it. */
  now(): Moment;
  /** The moment a load that begins now is said to have begun. */
  loadStart(): Moment;
  /** No load from before this moment will be offered any more; should one be all the same, it is refused. */
  forgetBefore(oldest: Moment): void;
  /** Nothing is under way any more: from now on the environment may be frozen. */
  rests(): void;
  /** Something is to begin. By `forgetBefore`, loads from before the rest will be refused. */
  wakes(): void;
  /** Whether nothing that names this id was invalidated since the load began. */
  permits(id: DataId, load: Moment): boolean;
  /** Stores what a load that began at `load` returned, unless it may be older than an invalidation or than what is there. */
  put(id: DataId, value: unknown, load: Moment, savedMs: number, ttlMs: number): boolean;
  /** Applies an invalidation: what it names is dropped, and loads of it under way are refused. Returns how many entries went. */
  drop(changed: Changed): number;
  /** For `holdOffMs` from now on, loads of what is named may still have read the value of before: they are refused. */
  holdOff(changed: Changed): void;
  /** Forgets everything, loads under way included. */
  flush(): void;
}

/** A freeze that is shorter is not told from clocks that are not read at once, or set a little; nor is a smaller setting back. */
const SHORTEST_FREEZE_MS = 1_000;

export interface FencedStoreDeps {
  /** Whether invalidations from now on will be read: until then nothing may be stored. */
  isPlaced(): boolean;
  /** Told of each invalidation that is made or applied, and of each flush. */
  onChanged?(changed: Changed): void;
  /** Told of each value that is larger than the cache may be, and how many bytes it has at least. */
  onTooLarge?(id: DataId, bytes: number): void;
}

export function createFencedStore(
  clock: Clock,
  options: ResolvedOptions,
  { isPlaced, onChanged, onTooLarge = () => undefined }: FencedStoreDeps,
): FencedStore {
  const { sizeOf, holdOffMs, maxBytes } = options;
  const entries = new EntryStore(clock, options);
  /** In epochs: a load may be stored only if nothing that names its id was invalidated in a later one. */
  const fence = createFillFence();
  /** For sources read from a replica that lags: a load may still have read the old row for a while. In held-off time. */
  const heldOff = createFillFence();
  let epoch: Epoch = 0;
  let lastLoad: Epoch = 0;
  let oldestLoad: Epoch = 0;
  let frozenMs = 0;
  let restingSince: Moment | undefined;
  let latest = present();

  function present(): Moment {
    return { epoch, atMs: clock.now(), monotonicMs: clock.monotonic() };
  }

  function loadStart(): Moment {
    lastLoad = epoch;
    return present();
  }

  /**
   * Held-off time: monotonic, since a wall clock that is set would end a hold-off early, or long after; together with the
   * freezes, in which the replica catches up, too, and the monotonic clock may stand still.
   */
  function heldOffTime({ monotonicMs }: Moment): number {
    return monotonicMs + frozenMs;
  }

  function holdOff(changed: Changed): void {
    if (holdOffMs > 0) heldOff.raise(changed, heldOffTime(present()) + holdOffMs);
  }

  function permits(id: DataId, load: Moment): boolean {
    const key = id.toString();
    return (
      load.epoch >= oldestLoad &&
      fence.permits(key, id.source, load.epoch) &&
      heldOff.permits(key, id.source, heldOffTime(load))
    );
  }

  return {
    held: entries,

    now() {
      epoch++;
      const now = loadStart();
      const setBackMs = now.monotonicMs - latest.monotonicMs - (now.atMs - latest.atMs);
      if (setBackMs >= SHORTEST_FREEZE_MS) entries.setBack(setBackMs);
      latest = now;
      return now;
    },

    loadStart,

    forgetBefore(oldest) {
      oldestLoad = Math.max(oldestLoad, oldest.epoch);
      fence.forgetBefore(oldestLoad);
      heldOff.forgetBefore(heldOffTime(oldest));
    },

    rests() {
      restingSince = present();
    },

    wakes() {
      const [then, now] = [restingSince, present()];
      restingSince = undefined;
      if (then === undefined) return;
      const stoodStillMs = now.atMs - then.atMs - (now.monotonicMs - then.monotonicMs);
      if (stoodStillMs >= SHORTEST_FREEZE_MS) frozenMs += stoodStillMs;
    },

    permits,

    put(id, value, load, savedMs, ttlMs) {
      if (!isPlaced() || !permits(id, load)) return false;
      const key = id.toString();
      const nowMs = clock.now();
      const held = entries.get(key);
      if (held !== undefined && held.loadEpoch > load.epoch) return false;
      const bytes = sizeOf(value, id);
      if (!Number.isFinite(bytes) || bytes < 0) {
        ignoreRejection(bytes);
        return false;
      }
      if (bytes > maxBytes) onTooLarge(id, bytes);
      const entry = { value, expiresAtMs: nowMs + ttlMs, savedMs, loadEpoch: load.epoch };
      return entries.set(key, id.source, entry, bytes);
    },

    drop(changed) {
      epoch++;
      onChanged?.(changed);
      // Where every load there is has been refused already, a backlog of a million is not worth remembering.
      if (fence.floor <= lastLoad) fence.raise(changed, epoch);
      holdOff(changed);
      let dropped = 0;
      for (const source of changed.sources) dropped += entries.dropSource(source);
      for (const key of changed.keys) dropped += entries.drop(key);
      if (changed.all) dropped += entries.clear();
      return dropped;
    },

    flush() {
      fence.raise(EVERYTHING, ++epoch);
      onChanged?.(EVERYTHING);
      entries.clear();
    },

    holdOff,
  };
}
