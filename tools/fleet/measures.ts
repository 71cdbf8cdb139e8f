/** What is counted while a fleet runs. Its size does not depend on how long that is. */
import type { InvocationReport } from "../../src/core/invocation/report.js";

const BUCKET_MS = 0.25;
const BUCKETS = 8_192;

/** How long things took, to a quarter of a millisecond; what is longer than two seconds counts as that. */
export class Durations {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  add(ms: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.round(ms / BUCKET_MS));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
  }

  /** @param share 0.5 for the median */
  quantile(share: number): number {
    let left = this.#total * share;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return bucket * BUCKET_MS;
    }
    return 0;
  }
}

export class Measures {
  readonly waiting = new Durations();
  readonly publishing = new Durations();
  invocations = 0;
  bypassed = 0;
  hits = 0;
  misses = 0;
  calls = 0;
  throttledCalls = 0;
  flushes = 0;
  /** Invocations that waited for the log. */
  waited = 0;
  greatestStalenessMs = 0;
  /** Publications that were acknowledged, and that were not. */
  published = 0;
  unpublished = 0;

  add(report: InvocationReport): void {
    this.invocations++;
    if (report.state === "bypassed") this.bypassed++;
    if (report.kinesisLatencyMs > 0) this.waited++;
    this.hits += report.hits;
    this.misses += report.misses;
    this.calls += report.kinesisCalls;
    this.throttledCalls += report.throttles;
    this.flushes += report.flushes;
    this.waiting.add(report.kinesisLatencyMs);
  }

  served(stalenessMs: number): void {
    this.greatestStalenessMs = Math.max(this.greatestStalenessMs, stalenessMs);
  }
}
