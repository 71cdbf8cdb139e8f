/**
 * When the loads behind an invocation's `add` calls may have begun. An `add` does not say which `get` it answers, some
 * answer none, and several paths of a handler may be loading one id at once: so every load of an id is taken to have begun
 * at the first `get` of it that missed. Only the invocation's own `invalidate` starts anew, and only where each miss so far
 * was answered before the next: a handler that has itself changed a datum knows not to add what it loaded before, but one
 * of several parts of it may not.
 */
import type { Moment } from "../moment.js";

/** What is known of the load behind an `add`. */
export interface Miss {
  readonly first: Moment;
  /** When the oldest unanswered `get` missed (monotonic); undefined when there is none. */
  readonly oldestMs: number | undefined;
}

interface Misses {
  readonly first: Moment;
  oldestMs: number;
  unanswered: number;
  /** Whether misses and adds have come by turns, so that it is known which answers which. */
  inTurn: boolean;
}

export function createUnansweredMisses() {
  const all = new Map<string, Misses>();

  return {
    /** A `get` of this key has missed. */
    remember(key: string, at: Moment): void {
      const misses = all.get(key);
      if (misses === undefined) all.set(key, { first: at, oldestMs: at.monotonicMs, unanswered: 1, inTurn: true });
      else if (misses.unanswered++ === 0) misses.oldestMs = at.monotonicMs;
      else misses.inTurn = false;
    },

    /** An `add` of this key has come: what is known of its load, if any `get` of it missed. */
    answered(key: string): Miss | undefined {
      const misses = all.get(key);
      if (misses === undefined) return undefined;
      const { first, oldestMs, unanswered } = misses;
      if (unanswered > 0) misses.unanswered--;
      else misses.inTurn = false;
      return { first, oldestMs: unanswered > 0 ? oldestMs : undefined };
    },

    /** The invocation has changed the datum itself. */
    changed(key: string): void {
      const misses = all.get(key);
      if (misses?.inTurn && misses.unanswered === 0) all.delete(key);
    },
  };
}
