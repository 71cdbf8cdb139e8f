/** Which log a fleet should have, and what would help where neither does. Decisions only. */
import { LIMIT_NAMES } from "./limits.js";
import {
  BYPASSED_AT_MOST,
  type FleetFigures,
  type FleetPlan,
  type LogPlan,
  planFleet,
  WRITES_AT_MOST,
} from "./model.js";
import { streamDollarsPerMonth } from "./prices.js";

export interface Advice {
  readonly choose: "kinesis" | "dynamodb" | "neither";
  /** Sentences, the most important first. */
  readonly reasons: readonly string[];
}

const NAMES = { kinesis: "Kinesis", dynamodb: "DynamoDB" } as const;
/** Longer bounds are not looked for: half the default of `maxGapMs`, above which the option is refused. */
const LONGEST_STALENESS_MS = 450_000;
/** Steps in which a bound is found, as people would set it. */
const NICE_MS = [100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000];

export function adviseOn(figures: FleetFigures, plan: FleetPlan = planFleet(figures)): Advice {
  const choose = chosen(plan);
  const reasons = choose === "neither" ? helpFor(figures, plan) : reasonsFor(choose, plan);
  if (choose !== "neither" && plan[choose].savedMs <= 0) {
    reasons.push(
      "But it does not pay: an invocation would wait longer for the log than it is spared. Raise maxStalenessMs.",
    );
  }
  return { choose, reasons };
}

function chosen({ kinesis, dynamodb }: FleetPlan): Advice["choose"] {
  if (!kinesis.holds && !dynamodb.holds) return "neither";
  if (!kinesis.holds) return "dynamodb";
  return dynamodb.holds && dynamodb.dollarsPerMonth < kinesis.dollarsPerMonth ? "dynamodb" : "kinesis";
}

function reasonsFor(choose: "kinesis" | "dynamodb", plan: FleetPlan): string[] {
  const other = choose === "kinesis" ? "dynamodb" : "kinesis";
  const used = `${NAMES[choose]} holds, and uses ${percent(plan[choose].used)} of ${LIMIT_NAMES[plan[choose].limit]}.`;
  return plan[other].holds
    ? [used, `So does ${NAMES[other]}, which costs more.`]
    : [used, wouldMeet(NAMES[other], plan[other]), ...moreShards(plan)];
}

function helpFor(figures: FleetFigures, plan: FleetPlan): string[] {
  const { dynamodb, kinesis } = plan;
  const reasons = [
    `Neither log holds: Kinesis meets ${LIMIT_NAMES[kinesis.limit]} (${asked(kinesis)}), DynamoDB ${LIMIT_NAMES[dynamodb.limit]} (${asked(dynamodb)}).`,
    ...moreShards(plan),
  ];
  const bound = NICE_MS.find(
    (ms) =>
      ms > figures.maxStalenessMs &&
      ms <= LONGEST_STALENESS_MS &&
      planFleet({ ...figures, maxStalenessMs: ms }).dynamodb.holds,
  );
  if (bound !== undefined) reasons.push(`DynamoDB would hold with maxStalenessMs ${bound.toLocaleString("en-US")}.`);
  const logs = logsNeeded(figures);
  if (logs !== undefined) {
    reasons.push(
      `Or give each kind of data a log of its own (option log): with ${logs} of them, each function reading one, DynamoDB holds.`,
    );
  }
  return reasons;
}

/** What is written is shared out among shards, and so is what each answers with; how often each is read is not. */
function moreShards({ kinesis: { holds, bypassedShare, used } }: FleetPlan): string[] {
  if (holds || bypassedShare >= BYPASSED_AT_MOST) return [];
  const shards = Math.floor(used / WRITES_AT_MOST) + 1;
  return [`Kinesis would hold with ${shards} shards, each $${streamDollarsPerMonth(1, 0).toFixed(2)} a month.`];
}

/** Environments and invalidations shared out among so many logs. */
function logsNeeded(figures: FleetFigures): number | undefined {
  return [2, 3, 4, 5, 6, 8, 10, 15, 20].find((logs) => {
    const environments = Math.ceil(figures.environments / logs);
    const invalidationsPerSecond = figures.invalidationsPerSecond / logs;
    return planFleet({ ...figures, environments, invalidationsPerSecond }).dynamodb.holds;
  });
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

function wouldMeet(name: string, { limit, used }: LogPlan): string {
  return used < 1
    ? `${name} would throttle: the fleet asks for ${percent(used)} of ${LIMIT_NAMES[limit]} on average, and for more in bursts.`
    : `${name} would meet ${LIMIT_NAMES[limit]}: ${asked({ used })}.`;
}

function asked({ used }: Pick<LogPlan, "used">): string {
  if (used < 1) return `${percent(used)} of it is asked for on average, and more in bursts`;
  if (used < 1.95) return `${percent(used)} of it is asked for`;
  return `${Math.round(used).toLocaleString("en-US")} times that is asked for`;
}
