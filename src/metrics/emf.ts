/**
 * Writes each invocation's accounts as one line of CloudWatch's embedded metric format, through Powertools Metrics.
 * It exists so that anyone can see whether the cache pays, without a call to any service.
 * It must never touch an instance of the user's (their pending metrics, dimensions and cold start stay as they are),
 * never hold anything from one invocation to the next, and never throw.
 */

import { Metrics } from "@aws-lambda-powertools/metrics";
import type { MetricsSink } from "../core/invocation/report.js";
import type { TroubleLog } from "../core/trouble-log.js";
import { LOGS, type LogKind, METRICS, METRICS_NAMESPACE } from "./names.js";

export { DIMENSION_NAMES, METRIC_NAMES, METRICS_NAMESPACE, PROPERTY_NAMES } from "./names.js";

/** What is asked of a user's metrics: a Powertools `Metrics` of any version of the second major fits. */
export interface MetricsLike {
  singleMetric(): { serializeMetrics(): object };
}

export interface EmfSinkOptions {
  /** The log that is read, as its dimension names it: a stream, or `table/log`. */
  readonly streamName: string;
  /** Which names the time waited and the log have in the line. Kinesis, unless given. */
  readonly logKind?: LogKind;
  /** `POWERTOOLS_SERVICE_NAME`, if set; else the function's name stands for it. */
  readonly serviceName?: string | undefined;
  readonly functionName?: string | undefined;
  /** Its namespace and default dimensions are taken over; it is only read. */
  readonly metrics?: MetricsLike | undefined;
  /** Told of every line whether it could be written. */
  readonly trouble?: Pick<TroubleLog, "failed" | "recovered" | "adviseOnce">;
}

export function createEmfSink(options: EmfSinkOptions): MetricsSink {
  // Built at the first report: what an instance is given during the first invocation (`logMetrics`) is then seen,
  // and a cold start does not wait for it.
  let metrics: Metrics | undefined;
  // Names the cache, not the machine: a process with several has several.
  let environment: string | undefined;
  const log = LOGS[options.logKind ?? "Kinesis"];
  return (report) => {
    try {
      environment ??= crypto.randomUUID().slice(0, 8);
      const netTimeSavedMs = toThousandths(report.timeSavedMs) - toThousandths(report.kinesisLatencyMs);
      const figures = { ...report, netTimeSavedMs, environment };
      metrics ??= ownMetrics(options, log, figures);
      for (const [name, value] of Object.entries(figures)) {
        const metric = name === LOGS.Kinesis.waited ? log.metric : METRICS[name as keyof typeof METRICS];
        if (typeof value === "string") metrics.addMetadata(name, value);
        // One that is no finite number would become `null`, which CloudWatch drops together with the whole line.
        if (!Number.isFinite(value)) continue;
        const shown = toThousandths(value as number);
        if (metric) metrics.addMetric(metric, name.endsWith("Ms") ? "Milliseconds" : "Count", shown);
        // Metadata is typed as text, but goes into the line as it is; EMF and Logs Insights want numbers as numbers.
        else metrics.addMetadata(name, shown as unknown as string);
      }
      metrics.publishStoredMetrics();
      options.trouble?.recovered("metrics");
    } catch (cause) {
      // What a failed line left behind must not be counted into the next one.
      metrics = undefined;
      try {
        options.trouble?.failed("metrics", "no line was written", cause);
      } catch {
        // There is nobody left to tell: an invocation must not fail for its metrics.
      }
    }
  };
}

const TAKEN =
  "each line of scache has something else of that name. To do: give the Metrics for scache another name for it";

/** Microseconds are finer than anything measured here, and keep the lines short. */
function toThousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** With namespace, service and default dimensions of the instance given, if there is one. */
function ownMetrics(options: EmfSinkOptions, { dimension }: (typeof LOGS)[LogKind], figures: object): Metrics {
  // Read through a derived instance, which is new and therefore holds no pending metrics: serialising it changes nothing
  // in the one the user holds.
  const line: Partial<ReturnType<Metrics["serializeMetrics"]>> = {
    ...options.metrics?.singleMetric().serializeMetrics(),
  };
  const { _aws, service, ...values } = line;
  const functionName = stated(options.functionName) || "unknown";
  const dimensions = Object.entries(values).filter(([, value]) => typeof value === "string");
  const isOurs = (name: string) => name in figures || Object.values<string>(METRICS).includes(name);
  const further = dimensions.filter(([name]) => !isOurs(name));
  for (const [name] of dimensions) {
    if (isOurs(name)) options.trouble?.adviseOnce(name, `the dimension "${name}" is left out: ${TAKEN}`, { name });
  }
  const log: Record<string, string> = { [dimension]: options.streamName };
  return new Metrics({
    namespace: stated(_aws?.CloudWatchMetrics[0]?.Namespace, "default_namespace") || METRICS_NAMESPACE,
    serviceName:
      stated(service as string | undefined, "service_undefined") || stated(options.serviceName) || functionName,
    defaultDimensions: {
      function: functionName,
      ...log,
      // EMF allows 30 dimensions in a set, Powertools 29, and three are always there, the service among them.
      ...Object.fromEntries(further.slice(0, 26)),
    },
  });
}

/** A text that says something; Powertools has a word of its own for one that was not given. */
function stated(text: string | undefined, notGiven?: string): string | false | undefined {
  return text !== notGiven && text?.trim();
}
