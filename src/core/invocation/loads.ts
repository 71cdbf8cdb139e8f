/**
 * The loads under way in one environment, one for each wire key: how concurrent `getOrAdd` calls share them.
 * Whether a load may be shared is the caller's to decide; a load that may not be shared is simply run beside it.
 */

import type { Moment } from "../moment.js";

/** A load under way. */
export interface Load<Owner> {
  readonly start: Moment;
  readonly owner: Owner;
  readonly result: Promise<unknown>;
}

export type Loads<Owner> = ReturnType<typeof createLoads<Owner>>;

/** `Owner` is whoever runs a load, for the caller to judge by. */
export function createLoads<Owner>() {
  const running = new Map<string, Load<Owner>>();

  return {
    find: (key: string): Load<Owner> | undefined => running.get(key),

    /** Runs a load and offers it to others until it settles or a later load of the same key takes its place. */
    run<T>(key: string, start: Moment, owner: Owner, work: () => Promise<T>): Promise<T> {
      const result = work();
      const load: Load<Owner> = { start, owner, result };
      running.set(key, load);
      const done = () => {
        if (running.get(key) === load) running.delete(key);
      };
      result.then(done, done);
      return result;
    },
  };
}
