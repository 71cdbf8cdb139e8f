/**
 * Whether an invocation that has found an entry, and has not read the log, loads the value anew or waits for the reading. It
 * is the old question of rent or buy: loading is paid again for each entry, a reading once for all of them, and how many more
 * will be asked for is not known. Who rents until what was paid would have bought pays at most twice what was best.
 * Decisions only: no clock.
 */
import { TimeSpans } from "./time-spans.js";

/** A load in place of an entry that was found. */
export interface Rented {
  readonly fromMs: number;
  /** When it has ended, or is expected to. */
  untilMs: number;
}

export class RentOrBuy {
  readonly #rented: Rented[] = [];
  /** What invocations before have paid in vain, since a reading was too dear for each of them alone. */
  readonly #carriedMs: number;

  constructor(carriedMs: number) {
    this.#carriedMs = carriedMs;
  }

  /** What such loads have cost so far: those made at once count together. */
  get spentMs(): number {
    return this.#spans().totalMs;
  }

  /**
   * Whether to load what took `costMs` to load.
   * @param leftMs what is left of the reading, or what it would take
   */
  loads(costMs: number, leftMs: number, nowMs: number): boolean {
    const spans = this.#spans();
    spans.add(nowMs, nowMs + costMs);
    return this.#carriedMs + spans.totalMs < leftMs;
  }

  /** It is loaded. The load's end is for the caller to correct. */
  rent(costMs: number, nowMs: number): Rented {
    const rented = { fromMs: nowMs, untilMs: nowMs + costMs };
    this.#rented.push(rented);
    return rented;
  }

  #spans(): TimeSpans {
    const spans = new TimeSpans();
    for (const { fromMs, untilMs } of this.#rented) spans.add(fromMs, untilMs);
    return spans;
  }
}
