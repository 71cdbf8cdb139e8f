/** Lines as scache writes them, for tests of what reads logs: fixed figures, under their published names. */
import type { LogKind } from "../../src/metrics/names.js";
import { madeUpLine } from "../../tools/made-up-line.js";
import { reportWith } from "./invocation-report.js";

const TIMESTAMP_MS = 1_767_225_600_000;
let lines = 0;

/** Each of another request, so that none looks like a repetition. `fields` are of the line, under their names there. */
export function metricLine(fields: Record<string, unknown> = {}, logKind: LogKind = "Kinesis"): string {
  lines += 1;
  const log = logKind === "Kinesis" ? "changes" : "my-table/users";
  const names = { timestampMs: TIMESTAMP_MS, environment: "e1", service: "users", function: "reader", log };
  const line = madeUpLine(reportWith({ requestId: `r-${lines}` }), names, logKind);
  return JSON.stringify({ ...(JSON.parse(line) as object), ...fields });
}

/** A line at a time, of an environment. */
export function metricLineAt(timestampMs: number, fields: Record<string, unknown> = {}, logKind?: LogKind): string {
  const template = JSON.parse(metricLine(fields, logKind)) as { _aws: object };
  return JSON.stringify({ ...template, _aws: { ...template._aws, Timestamp: timestampMs } });
}
