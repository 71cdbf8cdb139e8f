/**
 * The names in the line scache writes for each invocation: whoever writes or reads it takes them from here, and a test
 * holds the dashboard and the alarms to them. They are promises: renaming one breaks dashboards and saved queries.
 */

import type { InvocationReport } from "../core/invocation/report.js";

/** The namespace, unless an instance with one of its own is given. */
export const METRICS_NAMESPACE = "scache";

/** In every line. Each distinct set of values is billed as metrics of its own. */
export const DIMENSION_NAMES = ["service", "function", "stream"] as const;

/** Which figures CloudWatch keeps as metrics, and charges for, and under which names; everything else is a property. */
export const METRICS = {
  kinesisLatencyMs: "KinesisLatency",
  timeSavedMs: "TimeSaved",
  /** Of the report's figures, what was saved less what it cost. */
  netTimeSavedMs: "NetTimeSaved",
  hits: "CacheHits",
  misses: "CacheMisses",
  entriesInvalidated: "EntriesInvalidated",
} as const;

export type MetricName = (typeof METRICS)[keyof typeof METRICS];

// Marked as pure, here and below, so that a bundler drops what only the report and the tests ask for.
export const METRIC_NAMES = /* @__PURE__ */ Object.values(METRICS) as readonly MetricName[];

type ReportedProperty = Exclude<keyof InvocationReport, keyof typeof METRICS>;

/** Beside the report, what tells the caches of one function apart: what each saves and how often each is used differs. */
type PropertyName = ReportedProperty | "environment";

// A record, so that the compiler asks for a decision when the report grows.
const PROPERTIES: Record<PropertyName, true> = {
  publishLatencyMs: true,
  fillsRefused: true,
  loadsShared: true,
  kinesisCalls: true,
  recordsSkipped: true,
  refreshFailures: true,
  publishFailures: true,
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
