/**
 * One line of accounts as the report needs it, read from whatever JSON a log held.
 * Logs are foreign text: nothing is believed until checked, and no control character gets through to a terminal.
 */
import type { InvocationReport } from "../core/invocation/report.js";
import { METRICS } from "../metrics/names.js";

export interface MetricLine {
  readonly timestampMs: number;
  readonly service: string;
  readonly functionName: string;
  readonly stream: string;
  /** The one cache that wrote the line; absent in lines of other writers. */
  readonly environment?: string;
  readonly state: string;
  readonly counts: Readonly<Counts>;
}

/** What is simply added up, of the accounts of an invocation. */
const COUNT_NAMES = [
  "timeSavedMs",
  "kinesisLatencyMs",
  "publishLatencyMs",
  "hits",
  "misses",
  "entriesInvalidated",
  "kinesisCalls",
  "refreshFailures",
  "publishFailures",
  "throttles",
  "recordsSkipped",
  "flushes",
  "fillsRefused",
  "loadsShared",
  "evictions",
] as const satisfies readonly (keyof InvocationReport)[];

export type Counts = Record<(typeof COUNT_NAMES)[number], number>;

/** Their names in the log line, where these are others. */
const RENAMED: Readonly<Record<string, string>> = METRICS;

const NONE = Object.freeze(Object.fromEntries(COUNT_NAMES.map((name) => [name, 0]))) as unknown as Readonly<Counts>;

export function noCounts(): Counts {
  return { ...NONE };
}

export function addCounts(sum: Counts, more: Readonly<Counts>): void {
  for (const name of COUNT_NAMES) sum[name] += more[name];
}

/** Outside these years a timestamp is a mistake, and would stretch every axis. */
const EARLIEST_MS = Date.UTC(2018, 0);
const LATEST_MS = Date.UTC(2100, 0);
const MAX_NAME = 256;

type Fields = Readonly<Record<string, unknown>>;

/** The line if it is one of scache's, under whatever namespace and with whatever further dimensions. */
export function toMetricLine(value: unknown): MetricLine | undefined {
  if (!isFields(value) || !isFields(value._aws)) return undefined;
  const timestampMs = value._aws.Timestamp;
  if (typeof timestampMs !== "number" || !(timestampMs >= EARLIEST_MS && timestampMs < LATEST_MS)) return undefined;
  // A figure that was not finite is left out of its line, so not every line has all: these belong to scache alone.
  if (!(METRICS.hits in value && METRICS.misses in value && METRICS.entriesInvalidated in value)) return undefined;
  const counts = noCounts();
  for (const name of COUNT_NAMES) counts[name] = finite(value[RENAMED[name] ?? name]);
  return {
    timestampMs,
    service: text(value.service),
    functionName: text(value.function),
    stream: text(value.stream),
    ...(typeof value.environment === "string" ? { environment: text(value.environment) } : {}),
    state: text(value.state),
    counts,
  };
}

function finite(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function text(value: unknown): string {
  if (typeof value !== "string" || value === "") return "?";
  return value.slice(0, MAX_NAME).replace(/\p{Cc}/gu, "\u{fffd}");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
