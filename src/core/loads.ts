/**
 * The loads under way in one environment, one for each id: how concurrent `getOrAdd` calls share them.
 * Whether a load may be shared is the caller's to decide; a load that may not be shared is simply run beside it.
 */

import type { DataId } from "./data-id.js";
import type { Moment } from "./fenced-store.js";

/** A load under way. */
export interface Load<Owner> {
  readonly start: Moment;
  readonly owner: Owner;
  readonly result: Promise<unknown>;
}

/** `Owner` is whoever runs a load, for the caller to judge by. */
export class Loads<Owner> {
  readonly #running = new Map<string, Load<Owner>>();

  find(id: DataId): Load<Owner> | undefined {
    return this.#running.get(id.toString());
  }

  /** Runs a load and offers it to others until it settles or a later load of the same id takes its place. */
  run<T>(id: DataId, start: Moment, owner: Owner, work: () => Promise<T>): Promise<T> {
    const key = id.toString();
    const result = work();
    const load: Load<Owner> = { start, owner, result };
    this.#running.set(key, load);
    const done = () => {
      if (this.#running.get(key) === load) this.#running.delete(key);
    };
    result.then(done, done);
    return result;
  }
}
