/** Which fleets are run, for how long, and which of them have to hold. Decisions only. */
import { LIMITS } from "../../src/plan/limits.js";
import { type FleetKind, invocationsPerSecond, readingsPerSecond } from "./arrivals.js";
import type { Latencies, LogKind } from "./log-service.js";
import type { FleetRequest } from "./run.js";

export const ENVIRONMENTS = [5, 50, 500, 2_400, 10_000] as const;
export const STALENESSES_MS = [0, 1_000, 5_000] as const;
export const RATES = [1, 10, 50, 300] as const;
export const LOGS = ["kinesis", "dynamodb"] as const;

export interface RowRequest extends FleetRequest {
  readonly mustHold: boolean;
}

type Fleet = Pick<FleetRequest, "log" | "fleet" | "environments" | "maxStalenessMs" | "invalidationsPerSecond">;

/** Every one of these environments is busy at once: the hardest that a fleet of its size can be. */
const HARDEST: readonly Fleet[] = [
  { log: "dynamodb", fleet: "busy", environments: 2_400, maxStalenessMs: 1_000, invalidationsPerSecond: 10 },
  { log: "dynamodb", fleet: "busy", environments: 12_000, maxStalenessMs: 5_000, invalidationsPerSecond: 10 },
];

/** What the documentation says can be relied on, in any mixture. */
const MUST_HOLD: readonly Omit<Fleet, "fleet">[] = [
  ...HARDEST,
  { log: "dynamodb", environments: 500, maxStalenessMs: 0, invalidationsPerSecond: 10 },
  { log: "kinesis", environments: 5, maxStalenessMs: 5_000, invalidationsPerSecond: 300 },
];

export interface Scope {
  readonly logs: readonly LogKind[];
  readonly environments: readonly number[];
  readonly quick: boolean;
  readonly latencies: Latencies;
  readonly seed: number;
}

export function rowRequests(scope: Scope): RowRequest[] {
  const { logs, environments, quick } = scope;
  const grid = logs.flatMap((log) =>
    environments.flatMap((count) =>
      STALENESSES_MS.flatMap((maxStalenessMs) =>
        (quick ? [10, 300] : RATES).map((invalidationsPerSecond) => ({
          log,
          fleet: "mixed" as FleetKind,
          environments: count,
          maxStalenessMs,
          invalidationsPerSecond,
        })),
      ),
    ),
  );
  const hardest = HARDEST.filter(({ log, environments: count }) => logs.includes(log) && !(quick && count > 2_400));
  return [...grid, ...hardest].map((fleet) => withTimes(fleet, scope));
}

function withTimes(fleet: Fleet, { quick, latencies, seed }: Scope): RowRequest {
  return { ...fleet, ...times(fleet, quick), latencies, seed, mustHold: MUST_HOLD.some((one) => isSame(one, fleet)) };
}

function isSame(one: Omit<Fleet, "fleet">, other: Omit<Fleet, "fleet">): boolean {
  const names = ["log", "environments", "maxStalenessMs", "invalidationsPerSecond"] as const;
  return names.every((name) => one[name] === other[name]);
}

/** Invocations and invalidations: what a row may cost. The more environments, the shorter it is looked at. */
const EVENTS = { whole: 15_000, quick: 3_000 };
const LONGEST_MS = 300_000;
const SHORTEST_MS = 2_000;
/** All environments begin with a reading of the table: so many a second, which leaves room for the others. */
const BEGUN_PER_SECOND = 2_000;
/** An environment that is refused leaves the log alone for longer each time: until that is so for most. */
const BACK_OFF_MS = 3_000;

/** Over which time the environments of a fleet begin, how long it has run before it is looked at, and for how long that is. */
export function times(
  { log, fleet, environments, maxStalenessMs, invalidationsPerSecond }: Fleet,
  quick: boolean,
): Pick<FleetRequest, "beginningMs" | "settlingMs" | "virtualMs"> {
  const eventsPerSecond = environments * invocationsPerSecond(fleet) + invalidationsPerSecond;
  const budgetMs = (EVENTS[quick ? "quick" : "whole"] / eventsPerSecond) * 1_000;
  const virtualMs = Math.min(LONGEST_MS, Math.max(budgetMs, SHORTEST_MS));
  const readings = environments * readingsPerSecond(fleet, maxStalenessMs);
  const capacity = log === "kinesis" ? LIMITS.kinesis.readsPerSecond : LIMITS.dynamodb.readUnitsPerSecond;
  const begunMs = log === "kinesis" ? 1_000 : Math.max(1_000, (environments / BEGUN_PER_SECOND) * 1_000);
  // Above its limit, a log refuses nobody before the first bounds have passed.
  if (readings > capacity) {
    return { beginningMs: begunMs, settlingMs: begunMs + maxStalenessMs + BACK_OFF_MS, virtualMs };
  }
  // Within it, they must not all read at once for ever after.
  const beginningMs = Math.max(begunMs, maxStalenessMs);
  return { beginningMs, settlingMs: beginningMs + 1_000, virtualMs: Math.max(virtualMs, maxStalenessMs) };
}
