/**
 * Quantiles of durations in fixed memory: counts in bins that grow by a constant factor, from 10 µs to 1,000 s.
 * A quantile is wrong by at most half a bin, which is why two histograms can be merged without growing worse.
 */

const SMALLEST_MS = 0.01;
const DECADES = 8;

export class LogHistogram {
  readonly #perDecade: number;
  readonly #counts: Float64Array;
  #total = 0;

  constructor(perDecade: number) {
    this.#perDecade = perDecade;
    this.#counts = new Float64Array(DECADES * perDecade);
  }

  get total(): number {
    return this.#total;
  }

  add(valueMs: number): void {
    const bin = Math.floor(Math.log10(Math.max(valueMs, SMALLEST_MS) / SMALLEST_MS) * this.#perDecade);
    const at = Math.min(bin, this.#counts.length - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total += 1;
  }

  /** Both must have the same bins. */
  merge(other: LogHistogram): void {
    for (const [at, count] of other.#counts.entries()) this.#counts[at] = (this.#counts[at] ?? 0) + count;
    this.#total += other.#total;
  }

  /** The bin's geometric middle; undefined when nothing was added. */
  quantile(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    const wanted = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    let at = 0;
    for (; at < this.#counts.length - 1; at += 1) {
      seen += this.#counts[at] ?? 0;
      if (seen >= wanted) break;
    }
    return SMALLEST_MS * 10 ** ((at + 0.5) / this.#perDecade);
  }
}
