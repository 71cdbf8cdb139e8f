/**
 * Accounts and log lines that nobody measured, for tests, benchmarks and pictures: every figure there is, each zero unless
 * it is given. They follow from the table of figures, so a new figure is in them without being written here.
 */

import type { InvocationReport } from "../src/core/invocation/report.js";
import { FIGURES, type FigureName, LOGS, type LogKind, METRICS, METRICS_NAMESPACE } from "../src/metrics/names.js";

/** Not an invocation's own: added by the sink, or another log's. */
const ADDED: readonly FigureName[] = ["netTimeSavedMs", "environment", LOGS.DynamoDB.waited];
const NUMBERS = (Object.keys(FIGURES) as FigureName[]).filter(
  (name) => FIGURES[name].unit !== "text" && !ADDED.includes(name),
);
const NOTHING = Object.fromEntries(NUMBERS.map((name) => [name, 0]));

export function madeUpReport(fields: Partial<InvocationReport>): InvocationReport {
  return { ...NOTHING, state: "fresh", ...fields } as InvocationReport;
}

export interface LineNames {
  readonly timestampMs: number;
  readonly environment: string;
  readonly service: string;
  readonly function: string;
  /** A stream's name, or `table/log`. */
  readonly log: string;
}

/** As the sink writes it, of a cache that reads this kind of log. A test holds the two to each other. */
export function madeUpLine(report: InvocationReport, names: LineNames, logKind: LogKind = "Kinesis"): string {
  const { timestampMs, log, ...further } = names;
  const { dimension, metric: waited } = LOGS[logKind];
  const metrics: Record<string, string> = { ...METRICS, kinesisLatencyMs: waited };
  const netTimeSavedMs = Math.round((report.timeSavedMs - report.kinesisLatencyMs) * 1_000) / 1_000;
  const figures = Object.entries({ ...report, netTimeSavedMs });
  const directive = {
    Namespace: METRICS_NAMESPACE,
    Dimensions: [["service", "function", dimension]],
    Metrics: figures.flatMap(([name]) => {
      const Name = metrics[name];
      return Name === undefined ? [] : [{ Name, Unit: name.endsWith("Ms") ? "Milliseconds" : "Count" }];
    }),
  };
  return JSON.stringify({
    _aws: { Timestamp: timestampMs, CloudWatchMetrics: [directive] },
    ...further,
    [dimension]: log,
    ...Object.fromEntries(figures.map(([name, value]) => [metrics[name] ?? name, value])),
  });
}
