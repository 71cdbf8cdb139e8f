/**
 * One line of accounts as the report needs it, read from whatever JSON a log held.
 * Logs are foreign text: nothing is believed until checked, and no character gets through that a terminal would obey.
 */

import type { InvocationReport } from "../core/invocation/report.js";
import { METRICS } from "../metrics/names.js";
import { printable } from "./printable.js";

export interface MetricLine {
  readonly timestampMs: number;
  readonly service: string;
  readonly functionName: string;
  readonly stream: string;
  readonly requestId?: string;
  /** The one cache that wrote the line; absent in lines of other writers. */
  readonly environment?: string;
  readonly state: string;
  readonly counts: Readonly<Counts>;
  /** It holds a figure that no invocation can have, which was left out. */
  readonly isPartial?: boolean;
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
/** No figure of an invocation is near it, and a billion of them can be added up exactly enough. */
const MAX_FIGURE = 1e12;

type Fields = Readonly<Record<string, unknown>>;

/** The line if it is one of scache's, under whatever namespace and with whatever further dimensions. */
export function toMetricLine(value: unknown): MetricLine | undefined {
  if (!isFields(value) || !isFields(value._aws)) return undefined;
  const timestampMs = value._aws.Timestamp;
  if (typeof timestampMs !== "number" || !(timestampMs >= EARLIEST_MS && timestampMs < LATEST_MS)) return undefined;
  // A figure that was not finite is left out of its line, so not every line has all: these belong to scache alone.
  if (!(METRICS.hits in value && METRICS.misses in value && METRICS.entriesInvalidated in value)) return undefined;
  const counts = noCounts();
  let isPartial = false;
  for (const name of COUNT_NAMES) {
    const figure = value[RENAMED[name] ?? name];
    if (typeof figure !== "number") continue;
    if (figure >= 0 && figure <= MAX_FIGURE) counts[name] = figure;
    else isPartial = true;
  }
  return {
    timestampMs,
    service: text(value.service),
    functionName: text(value.function),
    stream: text(value.stream),
    ...(typeof value.requestId === "string" ? { requestId: text(value.requestId) } : {}),
    ...(typeof value.environment === "string" ? { environment: text(value.environment) } : {}),
    state: text(value.state),
    counts,
    ...(isPartial ? { isPartial } : {}),
  };
}

const PLAIN = /^[ -~]*$/;

function text(value: unknown): string {
  if (typeof value !== "string" || value === "") return "?";
  const name = value.slice(0, MAX_NAME);
  return PLAIN.test(name) ? name : printable(name);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
