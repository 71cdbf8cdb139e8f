/** Which log a fleet should have, and what would help where neither does. Decisions only. */
import { LIMIT_NAMES } from "./limits.js";
import { type FleetFigures, type FleetPlan, planFleet } from "./model.js";

export interface Advice {
  readonly choose: "kinesis" | "dynamodb" | "neither";
  /** Sentences, the most important first. */
  readonly reasons: readonly string[];
}

const NAMES = { kinesis: "Kinesis", dynamodb: "DynamoDB" } as const;
/** Longer bounds are not looked for: the default of `maxGapMs`. */
const LONGEST_STALENESS_MS = 900_000;
/** Steps in which a bound is found, as people would set it. */
const NICE_MS = [100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000];

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
    : [
        used,
        `${NAMES[other]} would meet ${LIMIT_NAMES[plan[other].limit]}: ${times(plan[other].used)} that is asked for.`,
      ];
}

function helpFor(figures: FleetFigures, { dynamodb, kinesis }: FleetPlan): string[] {
  const reasons = [
    `Neither log holds: Kinesis meets ${LIMIT_NAMES[kinesis.limit]} (${times(kinesis.used)} is asked for), DynamoDB ${LIMIT_NAMES[dynamodb.limit]} (${times(dynamodb.used)}).`,
  ];
  const bound = NICE_MS.find(
    (ms) =>
      ms > figures.maxStalenessMs &&
      ms < LONGEST_STALENESS_MS &&
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

/** Environments and invalidations shared out among so many logs. */
function logsNeeded(figures: FleetFigures): number | undefined {
  return [2, 3, 4, 5, 6, 8, 10, 15, 20].find((logs) => {
    const environments = Math.ceil(figures.environments / logs);
    const invalidationsPerSecond = figures.invalidationsPerSecond / logs;
    return planFleet({ ...figures, environments, invalidationsPerSecond }).dynamodb.holds;
  });
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
const times = (used: number) => (used < 1.95 ? percent(used) : `${Math.round(used).toLocaleString("en-US")} times`);
