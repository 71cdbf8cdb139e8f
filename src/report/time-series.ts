/**
 * What happened over time, in a bounded number of buckets whose width grows with the range that the lines cover.
 * Lines may come in any order; every width is a multiple of the one before, so that buckets merge exactly.
 */

import { LogHistogram } from "./log-histogram.js";
import { addCounts, type Counts, type MetricLine, noCounts, waitedMsOf } from "./metric-line.js";

const MAX_BUCKETS = 240;
const BINS_PER_DECADE = 20;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const WIDTHS_MS = [
  ...[0.05, 0.1, 0.5, 1, 2, 10, 30, 60, 120, 600],
  ...[1_800, 3_600, 7_200, 21_600, 43_200, 86_400],
].map((seconds) => seconds * SECOND_MS);

/** One bucket, with the figures that plots are made of. */
export interface SeriesPoint extends Counts {
  readonly startMs: number;
  readonly invocations: number;
  readonly waitedMs: number;
  /** Invocations that waited for the log, and how long those waited. */
  readonly waits: number;
  readonly waitP50Ms: number | null;
  readonly waitP99Ms: number | null;
}

interface Bucket {
  invocations: number;
  readonly counts: Counts;
  readonly waits: LogHistogram;
}

export class TimeSeries {
  #step = 0;
  #earliestMs = Number.POSITIVE_INFINITY;
  #latestMs = Number.NEGATIVE_INFINITY;
  #buckets = new Map<number, Bucket>();

  get widthMs(): number {
    return widthOf(this.#step);
  }

  add(line: MetricLine): void {
    this.#earliestMs = Math.min(this.#earliestMs, line.timestampMs);
    this.#latestMs = Math.max(this.#latestMs, line.timestampMs);
    this.#coarsen(MAX_BUCKETS);
    const bucket = bucketAt(this.#buckets, Math.floor(line.timestampMs / this.widthMs));
    bucket.invocations += 1;
    addCounts(bucket.counts, line.counts);
    const waitedMs = waitedMsOf(line.counts);
    if (waitedMs > 0) bucket.waits.add(waitedMs);
  }

  /** The same, in no more buckets than that: a few lines spread over many buckets are noise. */
  atMost(buckets: number): TimeSeries {
    const copy = new TimeSeries();
    copy.#earliestMs = this.#earliestMs;
    copy.#latestMs = this.#latestMs;
    copy.#step = this.#step;
    copy.#buckets = this.#buckets;
    copy.#coarsen(buckets);
    return copy;
  }

  /** In order of time; times at which nothing happened are left out. */
  points(): SeriesPoint[] {
    const inOrder = [...this.#buckets].sort(([a], [b]) => a - b);
    return inOrder.map(([index, { invocations, counts, waits }]) => ({
      startMs: index * this.widthMs,
      invocations,
      ...counts,
      waitedMs: waitedMsOf(counts),
      waits: waits.total,
      waitP50Ms: waits.quantile(0.5) ?? null,
      waitP99Ms: waits.quantile(0.99) ?? null,
    }));
  }

  #coarsen(buckets: number): void {
    const before = this.#step;
    while ((this.#latestMs - this.#earliestMs) / this.widthMs > buckets - 2) this.#step += 1;
    if (this.#step === before) return;
    const merged = new Map<number, Bucket>();
    for (const [index, bucket] of this.#buckets) {
      const into = bucketAt(merged, Math.floor((index * widthOf(before)) / this.widthMs));
      into.invocations += bucket.invocations;
      addCounts(into.counts, bucket.counts);
      into.waits.merge(bucket.waits);
    }
    this.#buckets = merged;
  }
}

function bucketAt(buckets: Map<number, Bucket>, index: number): Bucket {
  let bucket = buckets.get(index);
  if (bucket === undefined) {
    bucket = { invocations: 0, counts: noCounts(), waits: new LogHistogram(BINS_PER_DECADE) };
    buckets.set(index, bucket);
  }
  return bucket;
}

/** Beyond a day, each step is twice the one before. */
function widthOf(step: number): number {
  return WIDTHS_MS[step] ?? DAY_MS * 2 ** (step - WIDTHS_MS.length + 1);
}
