/**
 * Writes each invocation's accounts as one line of CloudWatch's embedded metric format, through Powertools Metrics.
 * It exists so that anyone can see whether the cache pays, without a call to any service.
 * It must never touch an instance of the user's (their pending metrics, dimensions and cold start stay as they are),
 * never hold anything from one invocation to the next, and never throw.
 */

import { randomBytes } from "node:crypto";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { InvocationReport, MetricsSink } from "../core/invocation-report.js";
import {
  ENVIRONMENT_PROPERTY,
  METRIC_NAMES,
  METRICS_NAMESPACE,
  type MetricName,
  PROPERTY_NAMES,
  REPORTED_PROPERTIES,
} from "./names.js";

export type { Metrics } from "@aws-lambda-powertools/metrics";
export { DIMENSION_NAMES, METRIC_NAMES, METRICS_NAMESPACE, PROPERTY_NAMES } from "./names.js";

/** EMF allows 30 dimensions in a set, Powertools 29. */
const MAX_DIMENSIONS = 29;
const POWERTOOLS_NO_SERVICE = "service_undefined";
const POWERTOOLS_NO_NAMESPACE = "default_namespace";
const RESERVED: ReadonlySet<string> = new Set<string>(["_aws", ...METRIC_NAMES, ...PROPERTY_NAMES]);

export interface EmfSinkOptions {
  readonly streamName: string;
  /** `POWERTOOLS_SERVICE_NAME`, if set; else the function's name stands for it. */
  readonly serviceName?: string | undefined;
  readonly functionName?: string | undefined;
  /** Its namespace and default dimensions are taken over; it is only read. */
  readonly metrics?: Metrics | undefined;
  /** Names the cache, not the machine: a process with several has several. Default: random. */
  readonly environment?: string | undefined;
  /** Told of a line that could not be written. */
  readonly onFailure?: ((cause: unknown) => void) | undefined;
  /** Told of a line that was written. */
  readonly onSuccess?: (() => void) | undefined;
}

export function createEmfSink(options: EmfSinkOptions): MetricsSink {
  // Built at the first report: what an instance is given during the first invocation (`logMetrics`) is then seen,
  // and a cold start does not wait for it.
  let metrics: Metrics | undefined;
  let environment = options.environment;
  return (report) => {
    try {
      metrics ??= ownMetrics(options);
      environment ??= randomBytes(4).toString("hex");
      write(metrics, report, environment);
      options.onSuccess?.();
    } catch (cause) {
      try {
        discard(metrics);
        options.onFailure?.(cause);
      } catch {
        // There is nobody left to tell: an invocation must not fail for its metrics.
      }
    }
  };
}

function write(metrics: Metrics, report: InvocationReport, environment: string): void {
  const latencyMs = toThousandths(report.kinesisLatencyMs);
  const savedMs = toThousandths(report.timeSavedMs);
  add(metrics, "KinesisLatency", MetricUnit.Milliseconds, latencyMs);
  add(metrics, "TimeSaved", MetricUnit.Milliseconds, savedMs);
  add(metrics, "NetTimeSaved", MetricUnit.Milliseconds, toThousandths(savedMs - latencyMs));
  add(metrics, "CacheHits", MetricUnit.Count, report.hits);
  add(metrics, "CacheMisses", MetricUnit.Count, report.misses);
  add(metrics, "EntriesInvalidated", MetricUnit.Count, report.entriesInvalidated);
  for (const name of REPORTED_PROPERTIES) {
    const value = report[name];
    if (typeof value === "string") metrics.addMetadata(name, value);
    // Metadata is typed as text, but goes into the line as it is; EMF and Logs Insights want numbers as numbers.
    else if (Number.isFinite(value)) metrics.addMetadata(name, toThousandths(value as number) as unknown as string);
  }
  metrics.addMetadata(ENVIRONMENT_PROPERTY, environment);
  metrics.publishStoredMetrics();
}

type Unit = (typeof MetricUnit)["Milliseconds"] | (typeof MetricUnit)["Count"];

/** A value that is no finite number would become `null`, which CloudWatch drops together with the whole line. */
function add(metrics: Metrics, name: MetricName, unit: Unit, value: number): void {
  if (Number.isFinite(value)) metrics.addMetric(name, unit, value);
}

/** Microseconds are finer than anything measured here, and keep the lines short. */
function toThousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** What a failed line left behind must not be counted into the next one. */
function discard(metrics: Metrics | undefined): void {
  metrics?.clearMetrics();
  metrics?.clearMetadata();
}

function ownMetrics(options: EmfSinkOptions): Metrics {
  const given = options.metrics === undefined ? undefined : settingsOf(options.metrics);
  const functionName = nonEmpty(options.functionName) ?? "unknown";
  const serviceName = given?.serviceName ?? nonEmpty(options.serviceName) ?? functionName;
  const dimensions: Record<string, string> = { function: functionName, stream: options.streamName };
  for (const [name, value] of Object.entries(given?.dimensions ?? {})) {
    const isNew = !Object.hasOwn(dimensions, name);
    if (RESERVED.has(name) || (isNew && Object.keys(dimensions).length >= MAX_DIMENSIONS - 1)) continue;
    dimensions[name] = value;
  }
  return new Metrics({
    namespace: given?.namespace ?? METRICS_NAMESPACE,
    serviceName,
    defaultDimensions: dimensions,
  });
}

interface Settings {
  readonly namespace: string | undefined;
  readonly serviceName: string | undefined;
  readonly dimensions: Readonly<Record<string, string>>;
}

/**
 * Reads namespace and default dimensions of an instance through a derived one, which is new and therefore holds no
 * pending metrics: serialising it changes nothing in the instance the user holds.
 */
function settingsOf(metrics: Metrics): Settings {
  const { _aws, ...values } = metrics.singleMetric().serializeMetrics();
  const namespace = _aws.CloudWatchMetrics[0]?.Namespace;
  const { service, ...others } = values;
  const dimensions: Record<string, string> = {};
  for (const [name, value] of Object.entries(others)) if (typeof value === "string") dimensions[name] = value;
  return {
    namespace: namespace === POWERTOOLS_NO_NAMESPACE ? undefined : nonEmpty(namespace),
    serviceName: typeof service === "string" && service !== POWERTOOLS_NO_SERVICE ? nonEmpty(service) : undefined,
    dimensions,
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}
