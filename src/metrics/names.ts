/**
 * The names in the line scache writes for each invocation: whoever writes or reads it takes them from here, and a test
 * holds the dashboard and the alarms to them. They are promises: renaming one breaks dashboards and saved queries.
 *
 * `FIGURES` is the one table of what an invocation accounts for. The table in docs/metrics.md and the tests' lines follow from it
 * and, for what is summed, the report's text and page; a figure that is missing here does not compile.
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

/** What a line says otherwise by the log that is read: the dimension that names it, and the time waited for it. */
export const LOGS = {
  Kinesis: { dimension: "stream", waited: "kinesisLatencyMs", metric: "KinesisLatency" },
  DynamoDB: { dimension: "log", waited: "dynamoDbLatencyMs", metric: "DynamoDBLatency" },
} as const;

export type LogKind = keyof typeof LOGS;

export const LOG_KINDS = /* @__PURE__ */ Object.keys(LOGS) as readonly LogKind[];

/** The accounts of an invocation, the time waited for whichever log, and what the sink adds to them. */
export type FigureName =
  | keyof InvocationReport
  | (typeof LOGS)[LogKind]["waited"]
  | "netTimeSavedMs"
  /** Tells the caches of one function apart: what each saves and how often each is used differs. */
  | "environment";

export interface Figure {
  /** In a few words; of a figure that is summed, as they stand behind a number. */
  readonly label: string;
  readonly unit: "ms" | "bytes" | "count" | "text";
  /** Whether lines are added up, or each stands for itself. */
  readonly told: "summed" | "each";
  /** The invocation's own, or its environment's since the last line (if summed) or at the end (if not). */
  readonly scope: "invocation" | "environment";
  /** Named as trouble where there is any. */
  readonly bad?: true;
}

/** In the order in which they are told. Written out, since a bundler keeps what is put together. */
export const FIGURES = {
  kinesisLatencyMs: { unit: "ms", told: "summed", scope: "invocation", label: "waited for the log" },
  dynamoDbLatencyMs: { unit: "ms", told: "summed", scope: "invocation", label: "waited for the log" },
  timeSavedMs: { unit: "ms", told: "summed", scope: "invocation", label: "saved by hits" },
  netTimeSavedMs: { unit: "ms", told: "each", scope: "invocation", label: "saved by hits, less waited for the log" },
  publishLatencyMs: { unit: "ms", told: "summed", scope: "invocation", label: "waited to publish" },
  hits: { unit: "count", told: "summed", scope: "invocation", label: "hits" },
  misses: { unit: "count", told: "summed", scope: "invocation", label: "misses" },
  loadsShared: { unit: "count", told: "summed", scope: "invocation", label: "loads shared" },
  loadsPreferred: {
    unit: "count",
    told: "summed",
    scope: "invocation",
    label: "found, and loaded anew: cheaper than to wait for the log",
  },
  preferredMs: { unit: "ms", told: "summed", scope: "invocation", label: "that loading those had cost before" },
  sparedMs: {
    unit: "ms",
    told: "summed",
    scope: "invocation",
    label: "saved by hits that were waited for, within the handler",
  },
  entriesInvalidated: { unit: "count", told: "summed", scope: "environment", label: "entries invalidated" },
  evictions: { unit: "count", told: "summed", scope: "environment", label: "entries pushed out" },
  kinesisCalls: { unit: "count", told: "summed", scope: "environment", label: "calls to the log" },
  refreshFailures: { unit: "count", told: "summed", scope: "invocation", label: "refreshes failed", bad: true },
  publishFailures: { unit: "count", told: "summed", scope: "environment", label: "publications failed", bad: true },
  throttles: { unit: "count", told: "summed", scope: "environment", label: "throttles", bad: true },
  recordsSkipped: {
    unit: "count",
    told: "summed",
    scope: "environment",
    label: "records not understood",
    bad: true,
  },
  flushes: { unit: "count", told: "summed", scope: "environment", label: "flushes", bad: true },
  fillsRefused: { unit: "count", told: "summed", scope: "invocation", label: "fills refused", bad: true },
  audits: { unit: "count", told: "summed", scope: "environment", label: "hits audited" },
  auditsFailed: { unit: "count", told: "summed", scope: "environment", label: "audits not possible" },
  auditMs: { unit: "ms", told: "summed", scope: "environment", label: "spent on audits" },
  inconsistentReads: { unit: "count", told: "summed", scope: "environment", label: "inconsistent reads", bad: true },
  state: {
    unit: "text",
    told: "each",
    scope: "invocation",
    label: "what could be served",
  },
  boundMs: { unit: "ms", told: "each", scope: "invocation", label: "age of the proof behind a hit, at most" },
  streamLagMs: {
    unit: "ms",
    told: "each",
    scope: "environment",
    label: "how far the last refresh was behind the log's tip",
  },
  entries: { unit: "count", told: "each", scope: "environment", label: "entries held" },
  bytes: { unit: "bytes", told: "each", scope: "environment", label: "held, as `sizeOf` counts them" },
  shards: { unit: "count", told: "each", scope: "environment", label: "parts of the log that are read side by side" },
  requestId: { unit: "text", told: "each", scope: "invocation", label: "the request's id" },
  environment: {
    unit: "text",
    told: "each",
    scope: "environment",
    label: "the cache, of one environment alone",
  },
} as const satisfies Record<FigureName, Figure>;

/** Of those, what is added up. */
export type SummedName = {
  [Name in FigureName]: (typeof FIGURES)[Name]["told"] extends "summed" ? Name : never;
}[FigureName];

/** The rest of the accounts, under their own names, for Logs Insights: cost nothing beyond the log line. */
type PropertyName = Exclude<FigureName, keyof typeof METRICS | (typeof LOGS)["DynamoDB"]["waited"]>;

export const PROPERTY_NAMES = /* @__PURE__ */ propertyNames();

function propertyNames(): readonly PropertyName[] {
  const isProperty = (figure: string): figure is PropertyName =>
    !(figure in METRICS) && figure !== LOGS.DynamoDB.waited;
  return Object.keys(FIGURES).filter(isProperty);
}

/** In the line a relay of change records writes for each invocation; what else it says are properties. */
export const RELAY_METRICS = {
  records: "RelayRecords",
  ids: "RelayIds",
  lagMs: "RelayLag",
  failures: "RelayFailures",
} as const;
