/** A reading as the core lends it, for the model of a log: it can end at any moment, and repeats a call that fails. */
import { LogFailure, type Reading } from "../../../src/core/log.js";
import type { ManualClock } from "../../../src/testing/manual-clock.js";
import type { Dice } from "../../simulation/dice.js";

export interface ReadingEffects {
  took(text: string): void;
  /** The cache was emptied, and loads that began before now are refused. */
  emptied(): void;
}

export class ModelReading implements Reading {
  readonly sinceMs = 0;
  readonly over: Promise<void>;
  isOver = false;
  calls = 0;
  records = 0;
  failure = false;
  /** What was told to be lost, and why. */
  loss: string | undefined;
  readonly #clock: ManualClock;
  readonly #dice: Dice;
  readonly #effects: ReadingEffects;
  readonly #underWay = new Set<AbortController>();
  #end: () => void = () => undefined;

  constructor(clock: ManualClock, dice: Dice, effects: ReadingEffects) {
    this.#clock = clock;
    this.#dice = dice;
    this.#effects = effects;
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const attempt = () => {
      if (this.isOver) return Promise.reject(new LogFailure("unavailable", "the reading is over"));
      const abort = new AbortController();
      this.#underWay.add(abort);
      this.calls++;
      return make(abort.signal).finally(() => this.#underWay.delete(abort));
    };
    // Beside the first, sometimes: the first answer counts.
    const attempts = [attempt(), ...(this.#dice.chance(0.1) ? [this.#later(attempt)] : [])];
    const answer = Promise.any(attempts).catch((error: AggregateError) => {
      const unavailable = error.errors.every((one) => (one as LogFailure).kind === "unavailable");
      if (!unavailable) throw error.errors[0];
      return attempt();
    });
    return answer;
  }

  #later<T>(attempt: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#clock.after(this.#dice.wide(1, 100), () => attempt().then(resolve, reject));
    });
  }

  async take(records: readonly Uint8Array[]): Promise<number> {
    let taken = 0;
    for (const record of records) {
      if (this.#dice.chance(0.05)) await new Promise<void>((resolve) => this.#clock.after(1, resolve));
      if (this.isOver) break;
      this.#effects.took(new TextDecoder().decode(record));
      this.records++;
      taken++;
    }
    return taken;
  }

  behind(): void {}

  placed(): void {
    this.#effects.emptied();
  }

  lost(why?: LogFailure): void {
    this.loss = why?.message ?? "the log was created";
    this.#effects.emptied();
    this.end();
  }

  fellShort(): void {
    this.failure = true;
  }

  end(): void {
    this.isOver = true;
    this.#end();
    for (const abort of this.#underWay) abort.abort();
  }
}
