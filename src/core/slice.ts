/**
 * Long work in slices, so that it never holds the event loop: other invocations of the process, and answers that arrive
 * meanwhile, get their turn. It must cost next to nothing per item, since most work ends within its first slice.
 */
import type { Clock } from "./clock.js";

/** A slice gives way after this long. */
const SLICE_MS = 3;
/** Microseconds of work, roughly, between two looks at the clock. */
const LOOK_EVERY_US = 100;

export class Slice {
  readonly #clock: Clock;
  #beganAt: number;
  #sinceLookUs = 0;
  #turn: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganAt = clock.monotonic();
  }

  /**
   * Counts work that was done. True when the slice has lasted long enough: then await `next`.
   * @param workUs what it took, by a rough guess, in microseconds
   */
  isOver(workUs: number): boolean {
    this.#sinceLookUs += workUs;
    if (this.#sinceLookUs < LOOK_EVERY_US) return false;
    this.#sinceLookUs = 0;
    return this.#clock.monotonic() - this.#beganAt >= SLICE_MS;
  }

  /** Lets the event loop turn once. All that wait go on in one slice: many shards must not add up to a long one. */
  next(): Promise<void> {
    this.#turn ??= new Promise((resolve) => {
      this.#clock.after(0, () => {
        this.#turn = undefined;
        this.#beganAt = this.#clock.monotonic();
        resolve();
      });
    });
    return this.#turn;
  }
}
