/**
 * The names in the line scache writes for each invocation: whoever writes, reads, draws or alarms on them reads them here.
 * They are promises: renaming one breaks dashboards and saved queries. Nothing is imported but a type, so that the
 * report can know them without loading Powertools.
 */

import type { InvocationReport } from "../core/invocation-report.js";

/** The namespace, unless an instance with one of its own is given. */
export const METRICS_NAMESPACE = "scache";

/** In every line. Each distinct set of values is billed as metrics of its own. */
export const DIMENSION_NAMES = ["service", "function", "stream"] as const;

/** What CloudWatch keeps as metrics, and charges for; everything else is a property. */
export const METRIC_NAMES = [
  "KinesisLatency",
  "TimeSaved",
  "NetTimeSaved",
  "CacheHits",
  "CacheMisses",
  "EntriesInvalidated",
] as const;

export type MetricName = (typeof METRIC_NAMES)[number];

type CountedAsMetric = "kinesisLatencyMs" | "timeSavedMs" | "hits" | "misses" | "entriesInvalidated";
type ReportedProperty = Exclude<keyof InvocationReport, CountedAsMetric>;

// A record, so that the compiler asks for a decision when the report grows.
const REPORTED: Record<ReportedProperty, true> = {
  publishLatencyMs: true,
  fillsRefused: true,
  loadsShared: true,
  kinesisCalls: true,
  recordsSkipped: true,
  refreshFailures: true,
  throttles: true,
  flushes: true,
  state: true,
  boundMs: true,
  streamLagMs: true,
  entries: true,
  bytes: true,
  evictions: true,
  shards: true,
  requestId: true,
};

/** The rest of the report, under its own names, for Logs Insights: costs nothing beyond the log line. */
export const REPORTED_PROPERTIES = Object.keys(REPORTED) as readonly ReportedProperty[];

/** Tells the caches of one function apart: what each saves and how often each is used differs. */
export const ENVIRONMENT_PROPERTY = "environment";

export const PROPERTY_NAMES = [...REPORTED_PROPERTIES, ENVIRONMENT_PROPERTY] as const;
