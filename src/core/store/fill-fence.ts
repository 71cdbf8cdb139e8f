/**
 * Keeps a value from being stored that was loaded too early. For each name, of a datum or of a source, it remembers the
 * earliest start that a load must have to be stored; the unit is the caller's: epochs, or milliseconds. Its numbers must
 * never run backwards, as a wall clock's may: what was forgotten by then would be needed once more.
 *
 * Names are remembered only while an older load can still be under way. Beyond a bound it stops telling them apart and
 * refuses all: that costs misses, never a stale read. Most loads begin after what is remembered and ask for no name, so
 * names are put in order only when one does ask, or when there are many: few enough that it takes a millisecond.
 */
import type { Changed } from "../changed.js";

/** Beyond this many remembered names, loads of all names are refused instead. */
const MAX_REMEMBERED = 10_000;
/** So many names wait to be put in order. */
const MAX_UNORDERED = 1_000;

/** Unit and meaning of its numbers are its owner's. */
export interface FillFence {
  /** Every load that began before this is refused. */
  readonly floor: number;
  /** How many names it remembers; one that is not in order yet counts as often as it came. */
  remembered(): number;
  /** What was changed is refused if its load began before `from`. */
  raise(changed: Changed, from: number): void;
  /** Whether a value may be stored whose load began at `start`. */
  permits(key: string, source: string, start: number): boolean;
  /** Nobody will ask about a load that began before `oldest`: forgets what only such loads had to know. */
  forgetBefore(oldest: number): void;
}

export function createFillFence(): FillFence {
  /** As they came; all of them are later than those in order. */
  let unordered: { changed: Changed; from: number }[] = [];
  const keys = new Map<string, number>();
  const sources = new Map<string, number>();
  /** For every name. */
  let floor = 0;
  /** The latest that any name is refused until. */
  let latest = 0;
  let unorderedNames = 0;

  const remembered = () => keys.size + sources.size + unorderedNames;

  function order(): void {
    for (const { changed, from } of unordered) {
      for (const key of changed.keys) putLast(keys, key, from);
      for (const source of changed.sources) putLast(sources, source, from);
    }
    unordered = [];
    unorderedNames = 0;
  }

  function refuseAll(): void {
    floor = latest;
    keys.clear();
    sources.clear();
    unordered = [];
    unorderedNames = 0;
  }

  return {
    get floor(): number {
      return floor;
    },

    remembered,

    raise(changed, from) {
      const names = namesIn(changed);
      // There may be a million records that say nothing.
      if (names === 0 && !changed.all) return;
      unordered.push({ changed, from });
      unorderedNames += names;
      latest = Math.max(latest, from);
      if (unorderedNames > MAX_UNORDERED || remembered() > MAX_REMEMBERED) order();
      if (changed.all || remembered() > MAX_REMEMBERED) refuseAll();
    },

    permits(key, source, start) {
      if (start < floor) return false;
      if (start >= latest) return true;
      order();
      return (keys.get(key) ?? 0) <= start && (sources.get(source) ?? 0) <= start;
    },

    forgetBefore(oldest) {
      for (const map of [keys, sources]) {
        for (const [name, from] of map) {
          if (from > oldest) break;
          map.delete(name);
        }
      }
      const kept = unordered.findIndex(({ from }) => from > oldest);
      for (const { changed } of unordered.splice(0, kept < 0 ? unordered.length : kept))
        unorderedNames -= namesIn(changed);
    },
  };
}

function namesIn({ keys, sources }: Changed): number {
  return keys.length + sources.length;
}

/** Keeps the map in the order of its numbers, so that forgetting stops at the first one still needed. */
function putLast(map: Map<string, number>, name: string, from: number): void {
  map.delete(name);
  map.set(name, from);
}
