/**
 * What a fleet costs on each log, and which limit of the service it would meet: a closed formula, held to the simulation of
 * fleets (`npm run fleet`) by a test. Decisions only: no calls, no clock, no chance.
 *
 * Invocations come to each environment at random, so after its bound has passed the next one comes 1/rate later: that is how
 * often it reads the log. What a limit refuses is tried again after the back-off of the shipped code, and until then the
 * invocations do without the cache.
 */
import { encodeRecord } from "../core/record.js";
import { type HeadFigures, headOf } from "./head-model.js";
import { LIMITS, type Limit } from "./limits.js";
import { streamDollarsPerMonth, tableDollarsPerMonth } from "./prices.js";
import { erlangB, type Readings, settledReadings } from "./readings-model.js";

export interface FleetFigures {
  /** Environments that are at work at once. */
  readonly environments: number;
  readonly maxStalenessMs: number;
  /** Published by all writers together, a second. */
  readonly invalidationsPerSecond: number;
  /** Of one environment, a second. */
  readonly invocationsPerSecond: number;
  /** What one invocation reads through the cache. */
  readonly lookups: number;
  /** Different data that one environment reads. */
  readonly data: number;
  /** Of all invalidations, so many name one of those. */
  readonly hotShare: number;
  /** What loading one of them takes. */
  readonly sourceMs: number;
  /** What one call to Kinesis takes, */
  readonly kinesisMs: number;
  /** and one to DynamoDB. */
  readonly dynamodbMs: number;
  /** Of the id of a datum as it is written: `id=12345&s=db.users.id&t=data.ID`. */
  readonly keyBytes: number;
}

/** What comes of it on one log. */
export interface LogPlan {
  readonly hitRate: number;
  readonly bypassedShare: number;
  /** Calls a second that the service would refuse. */
  readonly throttledPerSecond: number;
  readonly waitingMs: { readonly mean: number; readonly p50: number; readonly p99: number };
  /** Loading that each invocation is spared on average, less what it waits for the log. */
  readonly savedMs: number;
  /** Of the limit that is nearest, how much is asked for; above 1, more than can be had. */
  readonly used: number;
  readonly limit: Limit;
  readonly dollarsPerMonth: number;
  /** Fewer than one invocation in a hundred bypassed, and writers clear of their limit. */
  readonly holds: boolean;
}

export interface FleetPlan {
  readonly kinesis: LogPlan;
  readonly dynamodb: LogPlan;
}

export const BYPASSED_AT_MOST = 0.01;
/** Of what an item or a shard can take: appends that meet the limit only make it worse. */
export const WRITES_AT_MOST = 0.9;
const NONCE_LENGTH = 18;
/** A number from 0 to 1, written out. */
const PARTITION_KEY_LENGTH = 18;

export function planFleet(figures: FleetFigures): FleetPlan {
  return { kinesis: planStream(figures), dynamodb: planTable(figures) };
}

function planStream(figures: FleetFigures): LogPlan {
  const { readsPerSecond, readBytesPerSecond, writesPerSecond, writeBytesPerSecond } = LIMITS.kinesis;
  const { environments, invalidationsPerSecond, kinesisMs } = figures;
  // A call is refused while as many as are allowed were answered within the last second.
  const readings = settledReadings(figures, (perSecond) => erlangB(perSecond, readsPerSecond));
  const bytesPerSecond = invalidationsPerSecond * recordBytes(figures, true);
  // Every environment reads every record.
  const bytes = { limit: "streamBytes", used: (environments * bytesPerSecond) / readBytesPerSecond } as const;
  const keyBytesPerSecond = invalidationsPerSecond * PARTITION_KEY_LENGTH;
  const writing = nearestOf([
    { limit: "streamWrites", used: invalidationsPerSecond / writesPerSecond },
    { limit: "streamWriteBytes", used: (bytesPerSecond + keyBytesPerSecond) / writeBytesPerSecond },
  ]);
  return {
    ...outcomeOf(figures, readings, kinesisMs, 0),
    ...nearestOf([{ limit: "streamReads", used: readings.wantedPerSecond / readsPerSecond }, bytes, writing]),
    dollarsPerMonth: streamDollarsPerMonth(1, invalidationsPerSecond),
    holds: readings.bypassedShare < BYPASSED_AT_MOST && bytes.used < 1 && writing.used < WRITES_AT_MOST,
  };
}

function planTable(figures: FleetFigures): LogPlan {
  const { readUnitsPerSecond, writeUnitsPerSecond } = LIMITS.dynamodb;
  const head = headOf(figures, recordBytes(figures, false));
  // A second's worth of units smooths chance: what is within the limit is answered, and of the rest the surplus is refused.
  const perReading = Math.max(head.headUnits, head.secondUnits);
  const readings = settledReadings(figures, (perSecond) =>
    Math.max(0, 1 - readUnitsPerSecond / Math.max(perSecond * perReading, 1)),
  );
  const answered = readings.attemptsPerSecond - readings.refusedPerSecond;
  const readUnits = answered * (head.headUnits + head.secondUnits);
  return {
    ...outcomeOf(figures, readings, figures.dynamodbMs, head.secondShare),
    ...limitOfTable(readings, head),
    dollarsPerMonth: tableDollarsPerMonth(readUnits, Math.min(writeUnitsPerSecond, head.writeUnitsPerSecond)),
    holds: readings.bypassedShare < BYPASSED_AT_MOST && head.writeUnitsPerSecond < writeUnitsPerSecond * WRITES_AT_MOST,
  };
}

type UsedLimit = Pick<LogPlan, "limit" | "used">;

function limitOfTable({ wantedPerSecond }: Readings, head: HeadFigures): UsedLimit {
  const { readUnitsPerSecond, writeUnitsPerSecond } = LIMITS.dynamodb;
  return nearestOf([
    { limit: "headReads", used: (wantedPerSecond * head.headUnits) / readUnitsPerSecond },
    { limit: "segmentReads", used: (wantedPerSecond * head.secondUnits) / readUnitsPerSecond },
    { limit: "headWrites", used: head.writeUnitsPerSecond / writeUnitsPerSecond },
  ]);
}

function nearestOf(limits: readonly UsedLimit[]): UsedLimit {
  return limits.reduce((nearest, each) => (each.used > nearest.used ? each : nearest));
}

function outcomeOf(figures: FleetFigures, readings: Readings, callMs: number, secondShare: number) {
  const { environments, invocationsPerSecond, lookups, sourceMs } = figures;
  const { bypassedShare, attemptsPerSecond, refusedPerSecond } = readings;
  const hitRate = (1 - bypassedShare) * hitsWhileServed(figures);
  /** Of all invocations, those that wait for the log. */
  const waits = Math.min(1, attemptsPerSecond / (environments * invocationsPerSecond));
  const mean = waits * callMs * (1 + secondShare);
  const quantile = (share: number) => (waits < share ? 0 : waits * secondShare < share ? callMs : 2 * callMs);
  return {
    hitRate,
    bypassedShare,
    throttledPerSecond: refusedPerSecond,
    waitingMs: { mean, p50: quantile(0.5), p99: quantile(0.01) },
    savedMs: lookups * hitRate * sourceMs - mean,
  };
}

/**
 * A datum is cached from the first time it is read until the next reading of the log that names it: of several invalidations
 * between two readings only one counts, and one that came before the load counts as well, since nobody can tell.
 */
function hitsWhileServed(figures: FleetFigures): number {
  const { maxStalenessMs, invocationsPerSecond, invalidationsPerSecond, hotShare, data, lookups } = figures;
  const everySeconds = maxStalenessMs / 1_000 + 1 / invocationsPerSecond;
  const read = (invocationsPerSecond * lookups) / data;
  const named = (invalidationsPerSecond * hotShare) / data;
  if (named === 0) return 1;
  const isNamed = 1 - Math.exp(-named * everySeconds);
  // Loads come with the reading, or at random between it and the end of the bound.
  const inBound = (invocationsPerSecond * maxStalenessMs) / 1_000;
  const sinceReading = ((inBound / (1 + inBound)) * (maxStalenessMs / 1_000)) / 2;
  const hits = read * (everySeconds / isNamed - sinceReading);
  return hits / (1 + hits);
}

/** A record that names one datum, as an environment writes it. */
function recordBytes({ keyBytes }: FleetFigures, isStamped: boolean): number {
  return encodeRecord({ keys: ["x".repeat(keyBytes)] }, isStamped ? 0 : undefined, "x".repeat(NONCE_LENGTH)).length;
}
