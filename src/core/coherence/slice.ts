/**
 * Long work in slices, so that it never holds the event loop: other invocations of the process, and answers that arrive
 * meanwhile, get their turn. It must cost next to nothing per item, since most work ends within its first slice.
 */
import type { Clock } from "../clock.js";

/** A slice gives way after this long. */
const SLICE_MS = 3;
/** Nanoseconds of work, roughly, between two looks at the clock. */
const LOOK_EVERY_NS = 100_000;

export interface Slice {
  /**
   * Counts work that was done. True when the slice has lasted long enough: then await `next`.
   * @param workNs what it took, by a rough guess, in whole nanoseconds: a fraction in a variable of a closure is allocated
   *   anew each time it changes.
   */
  isOver(workNs: number): boolean;
  /** Lets the event loop turn once. All that wait go on in one slice: many shards must not add up to a long one. */
  next(): Promise<void>;
}

export function createSlice(clock: Clock): Slice {
  let beganAt = clock.monotonic();
  let sinceLookNs = 0;
  let turn: Promise<void> | undefined;

  return {
    isOver(workNs) {
      sinceLookNs += workNs;
      if (sinceLookNs < LOOK_EVERY_NS) return false;
      sinceLookNs = 0;
      return clock.monotonic() - beganAt >= SLICE_MS;
    },

    next() {
      turn ??= new Promise((resolve) => {
        clock.after(0, () => {
          turn = undefined;
          beganAt = clock.monotonic();
          resolve();
        });
      });
      return turn;
    },
  };
}
