/**
 * What an environment itself writes about an invocation: its metrics line, the same that CloudWatch would read. And what a
 * list of figures comes to.
 */

/** One line in CloudWatch's embedded metric format, as far as it concerns the demo. */
export interface MetricsLine {
  readonly _aws: unknown;
  /** Which of the two it is, the log says. */
  readonly KinesisLatency?: number;
  readonly DynamoDBLatency?: number;
  readonly TimeSaved: number;
  readonly CacheHits: number;
  readonly CacheMisses: number;
  readonly state: string;
}

/** The metrics lines among those of a log. */
export function metricsIn(lines: readonly string[]): readonly MetricsLine[] {
  return lines.flatMap((line) => {
    if (!line.startsWith("{") || !line.includes('"_aws"')) return [];
    const value = JSON.parse(line) as MetricsLine;
    return typeof value.TimeSaved === "number" ? [value] : [];
  });
}

/** How long the invocation has waited for its log. */
export function waitedMs({ KinesisLatency, DynamoDBLatency }: MetricsLine): number {
  return KinesisLatency ?? DynamoDBLatency ?? 0;
}

/** The value that a share `p` of all values does not exceed (nearest rank); 0 for none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)] ?? 0;
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : total(values) / values.length;
}
