/**
 * What the load has shown: the figures of each set-up, and the answer to "does it pay?". Arithmetic alone.
 */
import { PRICES, streamDollarsPerMonth, tableDollarsPerMonth } from "../../src/plan/prices.js";
import type { Units } from "../proxy-quotas.js";
import type { Fleet, Visit } from "./fleet.js";
import type { LoadResult } from "./load.js";
import { mean, percentile, total } from "./measures.js";
import type { DemoSettings } from "./settings.js";
import type { Setup } from "./setups.js";
import type { OwnWrites } from "./story.js";

export interface SetupFigures {
  readonly maxStalenessMs: number;
  readonly invocations: number;
  readonly reads: number;
  readonly writes: number;
  readonly hits: number;
  readonly hitRate: number;
  /** Reads of the source. */
  readonly loads: number;
  readonly logCalls: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly meanMs: number;
  /** For the log, by an invocation on average. */
  readonly waitedMs: number;
  /** As the metrics lines of all invocations say together: what hits saved. */
  readonly timeSavedMs: number;
  readonly bypassed: number;
  readonly unacknowledgedWrites: number;
  readonly refusedCalls: number;
  /** How much later than simulated calls were answered, for an invocation on average; taken out of the times above. */
  readonly lateMs: number;
  readonly answersJudged: number;
  readonly staleReads: number;
  /** For how long the oldest answer had been outdated. */
  readonly oldestMs: number;
  readonly dollarsPerMonth: { readonly lambda: number; readonly log: number };
}

export interface DemoResult {
  /** Invocations take less time with either log than without a cache, and nothing was stale. */
  readonly pays: boolean;
  readonly staleReads: number;
  readonly ownWrites: OwnWrites;
  readonly environments: number;
  readonly shards: number;
  readonly seconds: number;
  /** To each set-up. */
  readonly requestsPerSecond: number;
  readonly simulatedMs: { readonly source: number; readonly kinesis: number; readonly dynamodb: number };
  readonly prices: typeof PRICES & typeof LAMBDA;
  readonly withoutCache: SetupFigures;
  readonly logs: { readonly kinesis: SetupFigures; readonly dynamodb: SetupFigures };
  readonly freezes: number;
  readonly node: string;
}

/** https://aws.amazon.com/lambda/pricing/, arm64 as in template.yaml, the same region and day. */
export const LAMBDA = { dollarsPerGbSecond: 0.0000133334, lambdaMb: 512 } as const;
const SECONDS_PER_MONTH = 730 * 3_600;

export function resultOf(parts: {
  readonly settings: DemoSettings;
  readonly fleets: readonly Fleet[];
  readonly load: LoadResult;
  readonly ownWrites: OwnWrites;
  /** Billed for the log's table while the load lasted. */
  readonly units: Units;
}): DemoResult {
  const { settings, fleets, load, ownWrites, units } = parts;
  const { seconds } = load;
  const figures = Object.fromEntries(
    fleets.map(({ setup, oracle }) => {
      const visits = load.visits.get(setup.name) ?? [];
      const log = dollarsOfLog(setup, visits.filter(({ isWrite }) => isWrite).length / seconds, settings, {
        read: units.read / seconds,
        write: units.write / seconds,
      });
      return [setup.name, figuresOf(setup, visits, oracle, seconds, log)];
    }),
  ) as Record<Setup["name"], SetupFigures>;
  const { without, kinesis, dynamodb } = figures;
  const all = Object.values(figures);
  const staleReads = total(all.map((each) => each.staleReads));
  return {
    pays: staleReads === 0 && [kinesis, dynamodb].every(({ meanMs }) => meanMs < without.meanMs),
    staleReads,
    ownWrites,
    environments: settings.environments,
    shards: settings.shards,
    seconds: round(seconds),
    requestsPerSecond: round(without.invocations / seconds),
    simulatedMs: { source: settings.sourceMs, kinesis: settings.kinesisMs, dynamodb: settings.dynamoDbMs },
    prices: { ...PRICES, ...LAMBDA },
    withoutCache: without,
    logs: { kinesis, dynamodb },
    freezes: total(fleets.flatMap(({ members }) => members.map(({ environment }) => environment.counts.freezes))),
    node: process.version,
  };
}

function figuresOf(
  setup: Setup,
  visits: readonly Visit[],
  oracle: Fleet["oracle"],
  seconds: number,
  logDollars: number,
): SetupFigures {
  const sum = (of: (visit: Visit) => number) => total(visits.map(of));
  const count = (is: (visit: Visit) => boolean) => visits.filter(is).length;
  // A start takes hundreds of milliseconds with and without a cache, and is left out of both.
  const durations = visits.filter(({ cold }) => !cold).map(({ durationMs }) => durationMs);
  const reads = count(({ isWrite }) => !isWrite);
  const hits = count(({ cache }) => cache === "hit");
  const gbSecondsPerSecond = ((visits.length / seconds) * mean(durations) * LAMBDA.lambdaMb) / 1024 / 1000;
  return {
    maxStalenessMs: setup.maxStalenessMs,
    invocations: visits.length,
    reads,
    writes: visits.length - reads,
    hits,
    hitRate: round(hits / Math.max(1, reads)),
    loads: sum(({ loads }) => loads),
    logCalls: sum(({ logCalls }) => logCalls),
    medianMs: round(percentile(durations, 0.5)),
    p95Ms: round(percentile(durations, 0.95)),
    meanMs: round(mean(durations)),
    waitedMs: round(mean(visits.map(({ waitedMs }) => waitedMs))),
    timeSavedMs: round(sum(({ timeSavedMs }) => timeSavedMs)),
    bypassed: count(({ bypassed }) => bypassed),
    unacknowledgedWrites: count(({ unacknowledged }) => unacknowledged),
    refusedCalls: sum(({ refused }) => refused),
    lateMs: round(mean(visits.map(({ lateMs }) => lateMs))),
    answersJudged: oracle.judged,
    staleReads: oracle.violations.length,
    oldestMs: round(oracle.oldestMs),
    dollarsPerMonth: {
      lambda: cents(gbSecondsPerSecond * SECONDS_PER_MONTH * LAMBDA.dollarsPerGbSecond),
      log: cents(logDollars),
    },
  };
}

function dollarsOfLog({ name }: Setup, writesPerSecond: number, { shards }: DemoSettings, perSecond: Units): number {
  if (name === "kinesis") return streamDollarsPerMonth(shards, writesPerSecond);
  return name === "dynamodb" ? tableDollarsPerMonth(perSecond.read, perSecond.write) : 0;
}

/** To a thousandth, as the metrics lines are: no sum ends in 000000001. */
const round = (value: number) => Math.round(value * 1_000) / 1_000;
const cents = (value: number) => Math.round(value * 100) / 100;

/** One sentence. */
export function answerOf({ pays, staleReads, withoutCache, logs }: DemoResult): string {
  const { kinesis, dynamodb } = logs;
  if (staleReads > 0) return `No: ${staleReads} answers were older than promised.`;
  const times = `an invocation takes ${ms(kinesis.meanMs)} with Kinesis and ${ms(dynamodb.meanMs)} with DynamoDB on average, instead of ${ms(withoutCache.meanMs)}`;
  if (!pays) return `No: ${times}.`;
  const spared = withoutCache.loads / Math.max(1, kinesis.loads, dynamodb.loads);
  const all = [kinesis, dynamodb, withoutCache].map(
    ({ dollarsPerMonth }) => dollarsPerMonth.lambda + dollarsPerMonth.log,
  );
  const [first = 0, second = 0, instead = 0] = all;
  const but = Math.max(first, second) > instead ? "though at this rate" : "and";
  const money = `a month costs ${dollars(first)} and ${dollars(second)} instead of ${dollars(instead)}`;
  return `Yes: ${times}, the source is asked ${spared.toFixed(0)} times less often, ${but} ${money}.`;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const dollars = (value: number) => `$${value.toFixed(0)}`;
