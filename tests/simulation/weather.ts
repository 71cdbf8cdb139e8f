/**
 * The faults of the network and the service while a schedule runs: a climate drawn anew for each burst of activity, and
 * what it makes of each call. In calm weather calls are merely a little slow.
 */
import type { CallPlan, StreamCall } from "../../src/testing/call-plan.js";
import type { TableCall, TableCallPlan, TableOperation } from "../../src/testing/memory-table-client.js";
import type { Dice } from "./dice.js";

type Fault =
  | "throttled"
  | "unavailable"
  | "refused"
  | "expired"
  | "lost"
  | "hang"
  | "slow"
  | "reject-answer"
  | "hang-answer"
  | "empty"
  | "partial"
  | "twice";

export interface Climate {
  /** Each way, at most. */
  readonly latencyMs: number;
  /** The chance that a call meets a fault. */
  readonly faultRate: number;
  readonly faults: readonly Fault[];
  readonly pageRecords: number | undefined;
  /** The chance that the answer to a read loses fields on its way. */
  readonly bareRate: number;
}

export const CALM: Climate = { latencyMs: 5, faultRate: 0, faults: [], pageRecords: undefined, bareRate: 0 };

const ALL_FAULTS: readonly Fault[] = [
  "throttled",
  "unavailable",
  "refused",
  "expired",
  "expired",
  "lost",
  "hang",
  "slow",
  "reject-answer",
  "hang-answer",
  "empty",
  "partial",
  "twice",
];

/** The faults that can happen to each call; any other just makes it slow. */
const POSSIBLE: Readonly<Record<StreamCall["operation"], ReadonlySet<Fault>>> = {
  listShards: new Set(["throttled", "unavailable", "refused", "hang", "reject-answer", "hang-answer"]),
  getShardIterator: new Set(["throttled", "unavailable", "refused", "lost", "hang", "reject-answer", "hang-answer"]),
  getRecords: new Set(["throttled", "unavailable", "expired", "lost", "hang", "reject-answer", "hang-answer", "empty"]),
  putRecords: new Set(["throttled", "unavailable", "hang", "reject-answer", "hang-answer", "partial", "twice"]),
};

/** Nothing is answered any more. */
export const OUTAGE: Climate = {
  latencyMs: 5,
  faultRate: 1,
  faults: ["unavailable"],
  pageRecords: undefined,
  bareRate: 0,
};

export function drawClimate(dice: Dice): Climate {
  const latencyMs = dice.pick([0, 5, 5, 20, 20, 100]);
  const pageRecords = dice.pick([undefined, undefined, undefined, 1, 2, 3]);
  const bareRate = dice.pick([0, 0, 0, 0, 0, 0, 0.1, 0.5]);
  if (dice.chance(0.4)) return { latencyMs, pageRecords, bareRate, faultRate: 0, faults: [] };
  const faults = Array.from({ length: dice.int(1, 4) }, () => dice.pick(ALL_FAULTS));
  return { latencyMs, pageRecords, bareRate, faults, faultRate: dice.pick([0.05, 0.1, 0.2, 0.2, 0.5, 0.9, 1]) };
}

export function planCall(climate: Climate, call: StreamCall, dice: Dice): CallPlan {
  const { latencyMs, pageRecords } = climate;
  const plan: CallPlan = {
    requestMs: latencyMs === 0 ? 0 : dice.int(0, latencyMs),
    answerMs: latencyMs === 0 ? 0 : dice.int(0, latencyMs),
    ...(pageRecords === undefined ? {} : { pageRecords }),
  };
  if (climate.faultRate === 0 || !dice.chance(climate.faultRate)) return plan;
  const fault = dice.pick(climate.faults);
  return { ...plan, ...planFault(POSSIBLE[call.operation].has(fault) ? fault : "slow", dice) };
}

const POSSIBLE_AT_A_TABLE: Readonly<Record<TableOperation, ReadonlySet<Fault>>> = {
  getHead: new Set(["throttled", "unavailable", "refused", "lost", "hang", "reject-answer", "hang-answer"]),
  querySegments: new Set(["throttled", "unavailable", "refused", "hang", "reject-answer", "hang-answer"]),
  getSegment: new Set(["throttled", "unavailable", "hang", "reject-answer", "hang-answer"]),
  append: new Set(["throttled", "unavailable", "hang", "reject-answer", "hang-answer", "twice"]),
  putSegment: new Set(["throttled", "unavailable", "hang", "reject-answer", "hang-answer", "twice"]),
  trim: new Set(["throttled", "unavailable", "hang", "reject-answer", "hang-answer", "twice"]),
  reset: new Set(["throttled", "unavailable", "hang", "reject-answer", "hang-answer", "twice"]),
};

export function planTableCall(climate: Climate, call: TableCall, dice: Dice): TableCallPlan {
  const { latencyMs, pageRecords } = climate;
  const plan: TableCallPlan = {
    requestMs: latencyMs === 0 ? 0 : dice.int(0, latencyMs),
    answerMs: latencyMs === 0 ? 0 : dice.int(0, latencyMs),
    // Nothing may rest on an eventual read: should one be made, it finds what was true some time ago.
    staleMs: dice.int(0, 2_000),
    ...(pageRecords === undefined ? {} : { pageSegments: pageRecords }),
  };
  if (climate.faultRate === 0 || !dice.chance(climate.faultRate)) return plan;
  const fault = dice.pick(climate.faults);
  const happens = POSSIBLE_AT_A_TABLE[call.operation].has(fault) ? fault : "slow";
  // Repeated by the network, when others may have been at the item in between.
  return happens === "twice"
    ? { ...plan, actAgainAfterMs: dice.wide(1, 3_000) }
    : { ...plan, ...planFault(happens, dice) };
}

function planFault(fault: Fault, dice: Dice): CallPlan {
  switch (fault) {
    case "hang":
      return { hang: true };
    case "slow":
      return dice.chance(0.5) ? { requestMs: dice.wide(50, 5_000) } : { answerMs: dice.wide(50, 5_000) };
    case "reject-answer":
      return { loseAnswer: "reject" };
    case "hang-answer":
      return { loseAnswer: "hang" };
    case "empty":
      return { emptyPage: true };
    case "twice":
      return { writeTwice: true };
    case "partial": {
      const share = dice.pick([0.3, 0.6, 1]);
      return { rejectRecord: () => dice.chance(share) };
    }
    default:
      return { fail: fault };
  }
}
