/**
 * Which audited hits are in doubt, and when a doubt becomes certain. Plain decisions, without a clock or a loader.
 *
 * That a value differs from what its loader returns now proves nothing: the writer may be about to publish, or the record
 * may not have been read. So any invalidation that covers the id clears it, whoever made it, from the hit on; so does a
 * flush, since what was invalidated meanwhile is then not known. What stands after a reading that began the grace after the
 * load, and reached the tip, is due: the next hit of it is loaded once more, since a value may have differed for another
 * reason, such as the hour it was signed at. It must never hold more than so many.
 */
import type { Changed } from "../changed.js";
import type { Instant } from "../moment.js";

/** At once, in one environment: checks under way and suspicions together. */
const MAX_WATCHED = 100;

/** A hit that is checked, from then until it is cleared, found right, or condemned. */
export interface Watched {
  readonly key: string;
  readonly source: string;
  /** A check of it is under way. */
  isChecked: boolean;
  /** Absent until a load returned something else. */
  suspicion?: Suspicion | undefined;
}

export interface Suspicion {
  /** When the load began. */
  readonly since: Instant;
  /** What it returned. */
  readonly seen: unknown;
  /** The grace is over, and nothing has cleared it. */
  isDue: boolean;
}

export interface Suspicions {
  readonly size: number;
  /** Watches a hit; undefined if this id is watched already, or too many are. */
  watch(key: string, source: string): Watched | undefined;
  /** The one of this id that is due, if it is: it is checked from now on. */
  due(key: string): Watched | undefined;
  /** Whether nothing has cleared it. */
  stands(watched: Watched): boolean;
  /** Its check is over. It stays watched only if it is suspected. */
  checked(watched: Watched): void;
  /** An invalidation was made or applied. */
  changed(changed: Changed): void;
  /** The log was not read throughout: what was invalidated meanwhile is not known. */
  forget(): void;
  /** A reading that began then has reached the tip. */
  caughtUp(start: Instant): void;
}

export function createSuspicions(graceMs: number): Suspicions {
  const byKey = new Map<string, Watched>();

  /** Whoever is due and was not asked for again may never be. */
  function makeRoom(): boolean {
    for (const { key, suspicion, isChecked } of byKey.values()) {
      if (suspicion?.isDue && !isChecked) return byKey.delete(key);
    }
    return false;
  }

  return {
    get size() {
      return byKey.size;
    },

    watch(key, source) {
      if (byKey.has(key)) return undefined;
      if (byKey.size >= MAX_WATCHED && !makeRoom()) return undefined;
      const watched: Watched = { key, source, isChecked: true };
      byKey.set(key, watched);
      return watched;
    },

    stands: (watched) => byKey.get(watched.key) === watched,

    due(key) {
      const watched = byKey.get(key);
      if (!watched?.suspicion?.isDue || watched.isChecked) return undefined;
      watched.isChecked = true;
      return watched;
    },

    checked(watched) {
      watched.isChecked = false;
      if (watched.suspicion === undefined && byKey.get(watched.key) === watched) byKey.delete(watched.key);
    },

    changed({ keys, sources, all }) {
      if (byKey.size === 0) return;
      if (all) byKey.clear();
      for (const key of keys) byKey.delete(key);
      for (const source of sources) {
        for (const watched of byKey.values()) if (watched.source === source) byKey.delete(watched.key);
      }
    },

    forget: () => byKey.clear(),

    caughtUp(start) {
      for (const { suspicion } of byKey.values()) {
        if (suspicion !== undefined && leastAgeMs(suspicion.since, start) >= graceMs) suspicion.isDue = true;
      }
    },
  };
}

/** By the clock that went on less: one may have been set, or have stood still, and a grace must not be cut short. */
function leastAgeMs(then: Instant, now: Instant): number {
  return Math.min(now.atMs - then.atMs, now.monotonicMs - then.monotonicMs);
}
