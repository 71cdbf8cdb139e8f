/**
 * What a fleet costs on each log, and which limit of the service it would meet: a closed formula, held to the simulation of
 * fleets (`npm run fleet`) by a test. Decisions only: no calls, no clock, no chance.
 *
 * Invocations come to each environment at random, so after its bound has passed the next one comes 1/rate later: that is how
 * often it reads the log. What a limit refuses is tried again after the back-off of the shipped code, and until then the
 * invocations do without the cache.
 */
import { trimmingAt } from "../dynamodb/head.js";
import { LIMITS, type Limit } from "./limits.js";
import { streamDollarsPerMonth, tableDollarsPerMonth } from "./prices.js";

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
  /** Of one record in the log. */
  readonly recordBytes: number;
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
  /** Of the limit that is nearest, how much is used; above 1, what is asked for cannot be had. */
  readonly used: number;
  readonly limit: Limit;
  readonly dollarsPerMonth: number;
  /** Fewer than one invocation in a hundred bypassed, and nothing unpublished. */
  readonly holds: boolean;
}

export interface FleetPlan {
  readonly kinesis: LogPlan;
  readonly dynamodb: LogPlan;
}

const BYPASSED_AT_MOST = 0.01;
/** As the shipped code backs off when it is throttled. */
const FIRST_PAUSE_SECONDS = 0.2;
const LONGEST_PAUSE_SECONDS = 5;
const MEAN_SPREAD = 0.75;
/** A reader asks for every segment that may hold what it has not read: so many records before that, at most. */
const SEGMENT_RECORDS = 100;
/** Writers keep clear of what the item can take at most: appends that meet the limit only make it worse. */
const WRITES_AT_MOST = 0.9;

export function planFleet(figures: FleetFigures): FleetPlan {
  return { kinesis: planStream(figures), dynamodb: planTable(figures) };
}

function planStream(figures: FleetFigures): LogPlan {
  const { readsPerSecond, readBytesPerSecond } = LIMITS.kinesis;
  const { invalidationsPerSecond, recordBytes, kinesisMs } = figures;
  // A call is refused while five were answered within the last second: Erlang's formula for that many lines.
  const readings = settled(figures, (perSecond) => blocked(perSecond, readsPerSecond));
  const bytes = figures.environments * invalidationsPerSecond * recordBytes * readings.servedShare;
  const byCalls = readings.wantedPerSecond / readsPerSecond;
  const byBytes = bytes / readBytesPerSecond;
  const limit: Limit = byBytes > byCalls ? "streamBytes" : "streamReads";
  return {
    ...outcome(figures, readings, kinesisMs, 0),
    used: Math.max(byCalls, byBytes),
    limit,
    dollarsPerMonth: streamDollarsPerMonth(1, invalidationsPerSecond),
    holds: readings.bypassedShare < BYPASSED_AT_MOST && byBytes < 1,
  };
}

function planTable(figures: FleetFigures): LogPlan {
  const { readUnitsPerSecond, writeUnitsPerSecond } = LIMITS.dynamodb;
  const head = headOf(figures);
  // A bucket of three thousand smooths chance: what is within it is answered, and of the rest the surplus is refused.
  const perReading = Math.max(head.headUnits, head.segmentUnits * head.secondShare);
  const readings = settled(figures, (perSecond) => Math.max(0, 1 - readUnitsPerSecond / (perSecond * perReading)));
  const answered = readings.attemptsPerSecond - readings.refusedPerSecond;
  const units = answered * (head.headUnits + head.secondShare * head.segmentUnits);
  const writeUnits = Math.min(writeUnitsPerSecond, head.writeUnitsPerSecond);
  const nearest = [
    { limit: "headReads", used: (readings.wantedPerSecond * head.headUnits) / readUnitsPerSecond },
    {
      limit: "segmentReads",
      used: (readings.wantedPerSecond * head.secondShare * head.segmentUnits) / readUnitsPerSecond,
    },
    { limit: "headWrites", used: head.writeUnitsPerSecond / writeUnitsPerSecond / WRITES_AT_MOST },
  ] as const satisfies readonly { limit: Limit; used: number }[];
  const [worst] = [...nearest].sort((a, b) => b.used - a.used);
  return {
    ...outcome(figures, readings, figures.dynamodbMs, head.secondShare),
    used: worst?.used ?? 0,
    limit: worst?.limit ?? "headReads",
    dollarsPerMonth: tableDollarsPerMonth(units, writeUnits),
    holds: readings.bypassedShare < BYPASSED_AT_MOST && nearest.every(({ used }) => used < 1),
  };
}

/** How a fleet reads, when what is refused has come into balance with what is tried again. */
interface Readings {
  /** If nothing were refused. */
  readonly wantedPerSecond: number;
  readonly attemptsPerSecond: number;
  readonly refusedPerSecond: number;
  readonly bypassedShare: number;
  /** Of its time, in which an environment is served from its cache. */
  readonly servedShare: number;
}

/** @param refusedAt the share of calls refused, when so many are made a second */
function settled(figures: FleetFigures, refusedAt: (perSecond: number) => number): Readings {
  const { environments, maxStalenessMs, invocationsPerSecond } = figures;
  const everySeconds = maxStalenessMs / 1_000 + 1 / invocationsPerSecond;
  const attemptsWhen = (refused: number) => {
    const { pauses, attempts } = untilAnswered(refused, invocationsPerSecond);
    return {
      perSecond: (environments * attempts) / (everySeconds + pauses),
      bypassed: pauses / (everySeconds + pauses),
    };
  };
  // The more is refused, the less is asked for a second: so there is one share at which both agree.
  let [low, high] = [0, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (refusedAt(attemptsWhen(middle).perSecond) > middle) low = middle;
    else high = middle;
  }
  const { perSecond, bypassed } = attemptsWhen(high);
  return {
    wantedPerSecond: environments / everySeconds,
    attemptsPerSecond: perSecond,
    refusedPerSecond: perSecond * refusedAt(perSecond),
    bypassedShare: bypassed,
    servedShare: 1 - bypassed,
  };
}

/** Where a share of the calls is refused: how many an environment makes until one is answered, and how long it pauses. */
function untilAnswered(refused: number, invocationsPerSecond: number): { attempts: number; pauses: number } {
  let [attempts, pauses, likely] = [1, 0, refused];
  for (let failures = 1; failures <= 400 && likely > 1e-6; failures++) {
    const pause = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (failures - 1)) * MEAN_SPREAD;
    attempts += likely;
    pauses += likely * (pause + 1 / invocationsPerSecond);
    likely *= refused;
  }
  return { attempts, pauses };
}

/** Erlang B: the share refused, where `lines` calls may be made within a second and `perSecond` are. */
function blocked(perSecond: number, lines: number): number {
  let share = 1;
  for (let line = 1; line <= lines; line++) share = (perSecond * share) / (line + perSecond * share);
  return share;
}

interface HeadFigures {
  readonly headUnits: number;
  /** Readings that find themselves further behind than the head goes back. */
  readonly secondShare: number;
  /** What their second call reads. */
  readonly segmentUnits: number;
  readonly writeUnitsPerSecond: number;
}

const STEPS = 40;

/** The head's size moves between what is kept and its limit: everything that depends on it is a mean over that. */
function headOf({
  maxStalenessMs,
  invocationsPerSecond,
  invalidationsPerSecond,
  recordBytes,
}: FleetFigures): HeadFigures {
  const { limit, kept } = trimmingAt(invalidationsPerSecond);
  const sizes = Array.from({ length: STEPS }, (_, step) => kept + ((limit - kept) * (step + 0.5)) / STEPS);
  const mean = (of: (bytes: number) => number) => sizes.reduce((sum, bytes) => sum + of(bytes), 0) / STEPS;
  const stored = recordBytes + 1;
  const everySeconds = maxStalenessMs / 1_000 + 1 / invocationsPerSecond;
  const behind = invalidationsPerSecond * everySeconds;

  /** That more was written since the last reading than the head holds. */
  function isFurtherBehind(bytes: number): number {
    const seconds = bytes / stored / invalidationsPerSecond - maxStalenessMs / 1_000;
    return seconds <= 0 ? 1 : Math.exp(-seconds * invocationsPerSecond);
  }

  const moved = (limit - kept) / stored;
  const sealing = (units(limit - kept) + units(limit)) / moved;
  return {
    headUnits: mean((bytes) => Math.ceil(bytes / 4_096)),
    secondShare: mean(isFurtherBehind),
    segmentUnits: Math.ceil(((behind + SEGMENT_RECORDS - mean((bytes) => bytes / stored)) * stored) / 4_096),
    writeUnitsPerSecond: invalidationsPerSecond * (mean(units) + sealing),
  };
}

const units = (bytes: number) => Math.ceil(bytes / 1_024);

function outcome(figures: FleetFigures, readings: Readings, callMs: number, secondShare: number) {
  const { environments, invocationsPerSecond, lookups, sourceMs } = figures;
  const { bypassedShare, attemptsPerSecond, refusedPerSecond } = readings;
  const hitRate = (1 - bypassedShare) * hitsWhileServed(figures);
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
 * A datum is cached from the first time it is read until the first reading of the log that names it. Both come at random; of
 * several invalidations between two readings only one counts.
 */
function hitsWhileServed(figures: FleetFigures): number {
  const { maxStalenessMs, invocationsPerSecond, invalidationsPerSecond, hotShare, data, lookups } = figures;
  const everySeconds = maxStalenessMs / 1_000 + 1 / invocationsPerSecond;
  const read = (invocationsPerSecond * lookups) / data;
  const named = (invalidationsPerSecond * hotShare) / data;
  const dropped = (1 - Math.exp(-named * everySeconds)) / everySeconds;
  return read / (read + dropped);
}
