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

/** What CloudWatch keeps as metrics, and charges for, and the figure each shows; everything else is a property. */
export const METRICS = {
  KinesisLatency: "kinesisLatencyMs",
  TimeSaved: "timeSavedMs",
  /** Of the report's figures, what was saved less what it cost. */
  NetTimeSaved: "netTimeSavedMs",
  CacheHits: "hits",
  CacheMisses: "misses",
  EntriesInvalidated: "entriesInvalidated",
} as const;

export type MetricName = keyof typeof METRICS;

// Marked as pure, here and below, so that a bundler drops what only the report and the tests ask for.
export const METRIC_NAMES = /* @__PURE__ */ Object.keys(METRICS) as readonly MetricName[];

type CountedAsMetric = (typeof METRICS)[MetricName];
type ReportedProperty = Exclude<keyof InvocationReport, CountedAsMetric>;

/** Tells the caches of one function apart: what each saves and how often each is used differs. */
export const ENVIRONMENT_PROPERTY = "environment";

type PropertyName = ReportedProperty | typeof ENVIRONMENT_PROPERTY;

// A record, so that the compiler asks for a decision when the report grows.
const PROPERTIES: Record<PropertyName, true> = {
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
  environment: true,
};

/** The rest of the report, under its own names, for Logs Insights: costs nothing beyond the log line. */
export const PROPERTY_NAMES = /* @__PURE__ */ Object.keys(PROPERTIES) as readonly PropertyName[];
