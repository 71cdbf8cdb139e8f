/**
 * When the loads behind an invocation's `add` calls may have begun. An `add` does not say which `get` it answers, and two
 * paths of a handler may be loading one id at once: so all their loads are taken to have begun at the oldest miss that is
 * still unanswered.
 */
import type { Moment } from "./fenced-store.js";

export interface Miss extends Moment {
  readonly monotonicMs: number;
}

export class UnansweredMisses {
  readonly #misses = new Map<string, { readonly oldest: Miss; unanswered: number }>();

  /** A `get` of this key has missed. */
  remember(key: string, at: Moment, monotonicMs: number): void {
    const misses = this.#misses.get(key);
    if (misses === undefined) this.#misses.set(key, { oldest: { ...at, monotonicMs }, unanswered: 1 });
    else misses.unanswered++;
  }

  /** An `add` of this key has come: the oldest miss it may answer, if there was one. */
  answered(key: string): Miss | undefined {
    const misses = this.#misses.get(key);
    if (misses !== undefined && --misses.unanswered === 0) this.#misses.delete(key);
    return misses?.oldest;
  }
}
