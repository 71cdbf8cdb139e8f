/** One row of the table: a fleet on a log, what came of it, and whether that is as it should be. Decisions only. */
import { LIMIT_NAMES, type Limit } from "../../src/plan/limits.js";
import { streamDollarsPerMonth, tableDollarsPerMonth } from "../../src/plan/prices.js";
import type { LogKind, Usage } from "./log-service.js";
import type { FleetRequest, FleetRun } from "./run.js";

export interface FleetRow {
  readonly log: LogKind;
  readonly fleet: FleetRequest["fleet"];
  readonly environments: number;
  readonly maxStalenessMs: number;
  readonly invalidationsPerSecond: number;
  /** How long it was looked at, in virtual time. */
  readonly virtualSeconds: number;
  readonly invocations: number;
  readonly hitRate: number;
  readonly bypassedShare: number;
  /** Calls that the service refused, of readers and writers together. */
  readonly throttledCalls: number;
  readonly throttledPerSecond: number;
  readonly greatestStalenessMs: number;
  readonly boundMs: number;
  readonly waitingMs: { readonly p50: number; readonly p99: number };
  readonly publishingMs: { readonly p50: number; readonly p99: number };
  /** Publications that gave up, and said so. */
  readonly unpublished: number;
  readonly callsPerSecond: number;
  readonly readUnitsPerSecond: number;
  readonly writeUnitsPerSecond: number;
  readonly dollarsPerMonth: number;
  /** Limits of the service that were met, the worst first. */
  readonly limits: readonly string[];
  /** Whether this is a row that has to hold. */
  readonly mustHold: boolean;
  /** Fewer than 1 % bypassed, and everything published. */
  readonly holds: boolean;
  /** What is wrong with it: a promise broken, or trouble that no limit explains. */
  readonly wrong: string | undefined;
}

export const BYPASSED_AT_MOST = 0.01;
/** Virtual time is a sum of fractions. */
const ROUNDING_MS = 0.01;
const SHARDS = 1;

export function rowOf(request: FleetRequest, { measures, usage }: FleetRun, mustHold: boolean): FleetRow {
  const { log, fleet, environments, maxStalenessMs, invalidationsPerSecond, virtualMs } = request;
  const seconds = virtualMs / 1_000;
  const throttledCalls = Object.values(usage.refused).reduce((sum, calls) => sum + calls, 0);
  const bypassedShare = measures.bypassed / Math.max(1, measures.invocations);
  const row = {
    log,
    fleet,
    environments,
    maxStalenessMs,
    invalidationsPerSecond,
    virtualSeconds: seconds,
    invocations: measures.invocations,
    hitRate: measures.hits / Math.max(1, measures.hits + measures.misses),
    bypassedShare,
    throttledCalls,
    throttledPerSecond: throttledCalls / seconds,
    greatestStalenessMs: measures.greatestStalenessMs,
    boundMs: maxStalenessMs,
    waitingMs: quantiles(measures.waiting),
    publishingMs: quantiles(measures.publishing),
    unpublished: measures.unpublished,
    callsPerSecond: measures.calls / seconds,
    readUnitsPerSecond: usage.readUnits / seconds,
    writeUnitsPerSecond: usage.writeUnits / seconds,
    dollarsPerMonth: dollarsPerMonth(log, usage, seconds),
    limits: limitsMet(usage),
    mustHold,
    holds: bypassedShare < BYPASSED_AT_MOST && measures.unpublished === 0,
  };
  return { ...row, wrong: wrongWith(row) };
}

function quantiles(durations: { quantile(share: number): number }) {
  return { p50: durations.quantile(0.5), p99: durations.quantile(0.99) };
}

function dollarsPerMonth(log: LogKind, { records, readUnits, writeUnits }: Usage, seconds: number): number {
  return log === "kinesis"
    ? streamDollarsPerMonth(SHARDS, records / seconds)
    : tableDollarsPerMonth(readUnits / seconds, writeUnits / seconds);
}

function limitsMet({ refused }: Usage): string[] {
  const met = (Object.entries(refused) as [Limit, number][]).filter(([, calls]) => calls > 0);
  return met.sort(([, a], [, b]) => b - a).map(([limit]) => LIMIT_NAMES[limit]);
}

/** A row may fail to hold for what the service cannot do, and for nothing else; and no row may serve what is too old. */
export function wrongWith(row: Omit<FleetRow, "wrong">): string | undefined {
  const { greatestStalenessMs, boundMs, holds, limits, mustHold } = row;
  if (greatestStalenessMs > boundMs + ROUNDING_MS) {
    return `served what had been out of date for ${Math.round(greatestStalenessMs)} ms, of ${boundMs} ms allowed`;
  }
  if (row.invocations === 0) return "nothing was looked at";
  if (holds) return undefined;
  if (mustHold) return `has to hold, but ${troubleOf(row)} (${limits.join("; ") || "no limit was met"})`;
  return limits.length === 0 ? `${troubleOf(row)}, and no limit explains it` : undefined;
}

function troubleOf({ bypassedShare, unpublished }: Pick<FleetRow, "bypassedShare" | "unpublished">): string {
  return `${(bypassedShare * 100).toFixed(1)} % were bypassed and ${unpublished} publications gave up`;
}
