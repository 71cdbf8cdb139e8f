/**
 * Keeps a value from being stored that was loaded too early. For each name, of a datum or of a source, it remembers the
 * earliest start that a load must have to be stored; the unit is the caller's: epochs, or milliseconds. Its numbers must
 * never run backwards, as a wall clock's may: what was forgotten by then would be needed once more.
 *
 * Names are remembered only while an older load can still be under way. Beyond a bound it stops telling them apart and
 * refuses all: that costs misses, never a stale read.
 */
import type { Changed } from "../changed.js";

/** Beyond this many remembered names, loads of all names are refused instead. */
const MAX_REMEMBERED = 10_000;

/** Unit and meaning of its numbers are its owner's. */
export interface FillFence {
  /** Every load that began before this is refused. */
  readonly floor: number;
  /** How many names it remembers. */
  remembered(): number;
  /** What was changed is refused if its load began before `from`. */
  raise(changed: Changed, from: number): void;
  /** Whether a value may be stored whose load began at `start`. */
  permits(key: string, source: string, start: number): boolean;
  /** Nobody will ask about a load that began before `oldest`: forgets what only such loads had to know. */
  forgetBefore(oldest: number): void;
}

export function createFillFence(): FillFence {
  const keys = new Map<string, number>();
  const sources = new Map<string, number>();
  /** For every name. */
  let floor = 0;
  /** The latest that any name is refused until. */
  let latest = 0;

  const remembered = () => keys.size + sources.size;

  function raise(map: Map<string, number>, name: string, from: number): void {
    if (remembered() >= MAX_REMEMBERED) raiseAll(from);
    // Keeps the map in order, so that forgetting stops at the first one still needed.
    map.delete(name);
    map.set(name, from);
    latest = Math.max(latest, from);
  }

  function raiseAll(from: number): void {
    floor = Math.max(floor, from);
    keys.clear();
    sources.clear();
  }

  return {
    get floor(): number {
      return floor;
    },

    remembered,

    raise({ keys: changed, sources: changedSources, all }, from) {
      for (const key of changed) raise(keys, key, from);
      for (const source of changedSources) raise(sources, source, from);
      if (all) raiseAll(from);
    },

    permits(key, source, start) {
      if (start < floor) return false;
      if (start >= latest) return true;
      return (keys.get(key) ?? 0) <= start && (sources.get(source) ?? 0) <= start;
    },

    forgetBefore(oldest) {
      for (const map of [keys, sources]) {
        for (const [name, from] of map) {
          if (from > oldest) break;
          map.delete(name);
        }
      }
    },
  };
}
