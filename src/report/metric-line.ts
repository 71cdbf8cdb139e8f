/**
 * One line of accounts as the report needs it, read from whatever JSON a log held.
 * Logs are foreign text: nothing is believed until checked, and no character gets through that a terminal would obey.
 */

import { FIGURES, type Figure, LOGS, type LogKind, METRICS, type SummedName } from "../metrics/names.js";
import { printable } from "./printable.js";

export interface MetricLine {
  readonly timestampMs: number;
  readonly service: string;
  readonly functionName: string;
  /** The log that the cache reads, and its name: a stream's, or `table/log`. */
  readonly logKind: LogKind;
  readonly log: string;
  readonly requestId?: string;
  /** The one cache that wrote the line; absent in lines of other writers. */
  readonly environment?: string;
  readonly state: string;
  readonly counts: Readonly<Counts>;
  /** It holds a figure that no invocation can have, which was left out. */
  readonly isPartial?: boolean;
}

/** What is simply added up, of the accounts of an invocation: one type and one table. */
export type Counts = Record<SummedName, number>;

export const COUNT_NAMES = Object.entries(FIGURES)
  .filter(([, { told }]) => told === "summed")
  .map(([name]) => name as SummedName);

/** Those that are named as trouble. */
export const TROUBLES = COUNT_NAMES.filter((name) => {
  const figure: Figure = FIGURES[name];
  return figure.bad === true;
});

/** Their names in the log line, where these are others. */
const PUBLISHED: Readonly<Partial<Record<string, string>>> = {
  ...METRICS,
  ...Object.fromEntries(Object.values(LOGS).map(({ waited, metric }) => [waited, metric])),
};

export const publishedName = (name: SummedName): string => PUBLISHED[name] ?? name;

const NONE = Object.freeze(Object.fromEntries(COUNT_NAMES.map((name) => [name, 0]))) as Readonly<Counts>;

export function noCounts(): Counts {
  return { ...NONE };
}

/** The time waited for a log, whichever it is: what savings are set against. */
export function waitedMsOf(counts: Readonly<Counts>): number {
  return counts.kinesisLatencyMs + counts.dynamoDbLatencyMs;
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
  const logKind = logKindOf(value);
  const counts = noCounts();
  let isPartial = false;
  for (const name of COUNT_NAMES) {
    const figure = value[publishedName(name)];
    if (typeof figure !== "number") continue;
    if (figure >= 0 && figure <= MAX_FIGURE) counts[name] = figure;
    else isPartial = true;
  }
  return {
    timestampMs,
    service: text(value.service),
    functionName: text(value.function),
    logKind,
    log: text(value[LOGS[logKind].dimension]),
    ...(typeof value.requestId === "string" ? { requestId: text(value.requestId) } : {}),
    ...(typeof value.environment === "string" ? { environment: text(value.environment) } : {}),
    state: text(value.state),
    counts,
    ...(isPartial ? { isPartial } : {}),
  };
}

/** By the time that was waited for it; by the dimension where that was left out. */
function logKindOf(value: Fields): LogKind {
  if (LOGS.DynamoDB.metric in value) return "DynamoDB";
  if (LOGS.Kinesis.metric in value) return "Kinesis";
  return LOGS.DynamoDB.dimension in value && !(LOGS.Kinesis.dimension in value) ? "DynamoDB" : "Kinesis";
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
