/** Lines as scache writes them, for tests of what reads logs: fixed figures, and a made-up day of several functions. */

export function metricLine(fields: Record<string, unknown> = {}): string {
  const metrics = ["KinesisLatency", "TimeSaved", "NetTimeSaved", "CacheHits", "CacheMisses", "EntriesInvalidated"];
  const directive = {
    Namespace: "scache",
    Dimensions: [["service", "function", "stream"]],
    Metrics: metrics.map((Name, index) => ({ Name, Unit: index < 3 ? "Milliseconds" : "Count" })),
  };
  return JSON.stringify({
    _aws: { Timestamp: 1_767_225_600_000, CloudWatchMetrics: [directive] },
    ...{ publishLatencyMs: 0, fillsRefused: 0, loadsShared: 0, kinesisCalls: 1, recordsSkipped: 0 },
    ...{ refreshFailures: 0, publishFailures: 0 },
    ...{
      throttles: 0,
      flushes: 0,
      state: "fresh",
      boundMs: 0,
      streamLagMs: 0,
      entries: 10,
      bytes: 2_048,
      evictions: 0,
    },
    ...{ shards: 1, requestId: "r-1", environment: "e1", service: "users", function: "reader", stream: "changes" },
    ...{ KinesisLatency: 12.5, TimeSaved: 80, NetTimeSaved: 67.5, CacheHits: 2, CacheMisses: 1, EntriesInvalidated: 3 },
    ...fields,
  });
}

/** A line at a time, of an environment. */
export function metricLineAt(timestampMs: number, fields: Record<string, unknown> = {}): string {
  const template = JSON.parse(metricLine(fields)) as { _aws: object };
  return JSON.stringify({ ...template, _aws: { ...template._aws, Timestamp: timestampMs } });
}
