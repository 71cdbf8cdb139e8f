/**
 * Chance from a seed: the same seed throws the same dice, on every machine. All chance in the simulation comes from here,
 * so that a failure can be replayed.
 */

export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** The dice of one schedule of a run; neighbouring schedules have nothing in common. */
  static forSchedule(seed: number, schedule: number): Dice {
    return new Dice(mix(mix(seed) ^ Math.imul(schedule + 1, 0x9e3779b1)));
  }

  /** Uniform in [0, 1). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    return mix(this.#state) / 2 ** 32;
  };

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A whole number from `min` to `max`, small ones as likely as large ones: 1 to 10 as often as 10 to 100. */
  wide(min: number, max: number): number {
    return Math.round(min * (max / min) ** this.next());
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Dice of its own for one part, so that what it throws does not shift what others throw. */
  fork(): Dice {
    return new Dice(this.int(0, 2 ** 32 - 1));
  }
}

function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}
