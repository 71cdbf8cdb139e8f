/**
 * Adds up what the environments themselves wrote: the metrics lines in their logs, the same that CloudWatch would read.
 */

/** One line in CloudWatch's embedded metric format, as far as it concerns the demo. */
interface MetricsLine {
  readonly _aws: unknown;
  readonly KinesisLatency: number;
  readonly TimeSaved: number;
  readonly CacheHits: number;
  readonly CacheMisses: number;
  readonly EntriesInvalidated: number;
  readonly publishLatencyMs: number;
  readonly kinesisCalls: number;
  readonly NetTimeSaved: number;
}

export class Measures {
  lines = 0;
  hits = 0;
  misses = 0;
  invalidated = 0;
  refreshCalls = 0;
  kinesisLatencyMs = 0;
  publishLatencyMs = 0;
  timeSavedMs = 0;
  netTimeSavedMs = 0;

  /** Takes any line of a log; lines that are not metrics of scache are left alone. */
  take(line: string): void {
    const metrics = parseMetrics(line);
    if (metrics === undefined) return;
    this.lines += 1;
    this.hits += metrics.CacheHits;
    this.misses += metrics.CacheMisses;
    this.invalidated += metrics.EntriesInvalidated;
    this.refreshCalls += metrics.kinesisCalls;
    this.kinesisLatencyMs += metrics.KinesisLatency;
    this.publishLatencyMs += metrics.publishLatencyMs;
    this.timeSavedMs += metrics.TimeSaved;
    this.netTimeSavedMs += metrics.NetTimeSaved;
  }
}

function parseMetrics(line: string): MetricsLine | undefined {
  if (!line.startsWith("{") || !line.includes('"_aws"')) return undefined;
  const value = JSON.parse(line) as MetricsLine;
  return typeof value.KinesisLatency === "number" ? value : undefined;
}

/** The value that a share `p` of all values does not exceed (nearest rank); 0 for none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)] ?? 0;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
