/**
 * Which audited hits are in doubt, and when a doubt becomes certain. Plain decisions, without a clock or a loader.
 *
 * That a value differs from what its loader returns now proves nothing: the writer may be about to publish, or the record
 * may not have been read. So any invalidation that covers the id clears it, whoever made it, from the hit on; so does a
 * flush, since what was invalidated meanwhile is then not known. Only a reading that began the grace after the last load
 * and reached the tip condemns. It must never hold more than so many.
 */
import type { Changed } from "../changed.js";
import type { Instant } from "../moment.js";

/** At once, in one environment: checks under way and suspicions together. */
const MAX_WATCHED = 100;

/** A hit that is checked, from then until it is cleared, found right, or condemned. */
export interface Watched {
  readonly key: string;
  readonly source: string;
  /** When the load began that returned something else; absent until it did. */
  suspectSince?: Instant;
}

export interface Suspicions {
  readonly size: number;
  /** Watches a hit; undefined if this id is watched already, or too many are. */
  watch(key: string, source: string): Watched | undefined;
  /** Whether nothing has cleared it. */
  stands(watched: Watched): boolean;
  /** It was found right, or cannot be checked. */
  release(watched: Watched): void;
  /** An invalidation was made or applied. */
  changed(changed: Changed): void;
  /** The log was not read throughout: what was invalidated meanwhile is not known. */
  forget(): void;
  /** A reading that began then has reached the tip. Returns what is condemned by it. */
  caughtUp(start: Instant): Watched[];
}

export function createSuspicions(graceMs: number): Suspicions {
  const byKey = new Map<string, Watched>();

  return {
    get size() {
      return byKey.size;
    },

    watch(key, source) {
      if (byKey.has(key) || byKey.size >= MAX_WATCHED) return undefined;
      const watched: Watched = { key, source };
      byKey.set(key, watched);
      return watched;
    },

    stands: (watched) => byKey.get(watched.key) === watched,

    release(watched) {
      if (byKey.get(watched.key) === watched) byKey.delete(watched.key);
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
      const condemned: Watched[] = [];
      for (const watched of byKey.values()) {
        const { suspectSince } = watched;
        if (suspectSince === undefined || leastAgeMs(suspectSince, start) < graceMs) continue;
        byKey.delete(watched.key);
        condemned.push(watched);
      }
      return condemned;
    },
  };
}

/** By the clock that went on less: one may have been set, or have stood still, and a grace must not be cut short. */
function leastAgeMs(then: Instant, now: Instant): number {
  return Math.min(now.atMs - then.atMs, now.monotonicMs - then.monotonicMs);
}
