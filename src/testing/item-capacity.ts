/**
 * What DynamoDB allows one item, or all that share its partition key, and what it bills: so many read and write units a second,
 * for ever. It counts; what is refused is the table's to say.
 */
import type { Clock } from "../core/clock.js";

export interface Units {
  readonly read: number;
  readonly write: number;
}

const READ_UNIT_BYTES = 4_096;
const WRITE_UNIT_BYTES = 1_024;

/** A strong read; an eventual one is half of it. What is not there costs as much as the smallest item. */
export function readUnits(bytes: number, isStrong: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (isStrong ? 1 : 0.5);
}

/** Of an item before and after the write, the larger one counts. */
export function writeUnits(before: number, after: number): number {
  return Math.max(1, Math.ceil(Math.max(before, after) / WRITE_UNIT_BYTES));
}

export class ItemCapacity {
  readonly #clock: Clock;
  readonly #perSecond: Units;
  readonly #left: { read: number; write: number };
  readonly #used = { read: 0, write: 0 };
  readonly #throttled = { read: 0, write: 0 };
  #filledAtMs: number;

  constructor(clock: Clock, perSecond: Units) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#left = { ...perSecond };
    this.#filledAtMs = clock.now();
  }

  /** Units that were billed so far. */
  get used(): Units {
    return { ...this.#used };
  }

  /** Calls that were refused so far. */
  get throttled(): Units {
    return { ...this.#throttled };
  }

  /** Whether a call may be carried out now, and then bills it. One that is carried out may overdraw what is left. */
  admits(kind: keyof Units, units: number): boolean {
    this.#fill();
    if (this.#left[kind] <= 0) {
      this.#throttled[kind]++;
      return false;
    }
    this.#left[kind] -= units;
    this.#used[kind] += units;
    return true;
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    const seconds = Math.max(0, nowMs - this.#filledAtMs) / 1_000;
    this.#filledAtMs = nowMs;
    for (const kind of ["read", "write"] as const) {
      const perSecond = this.#perSecond[kind];
      // Of what is endless, nothing has to be filled up.
      if (Number.isFinite(perSecond)) this.#left[kind] = Math.min(perSecond, this.#left[kind] + perSecond * seconds);
    }
  }
}
