/**
 * A made-up day in the log of three functions, for looking at the report without a cloud and for testing it at any size.
 * The figures are invented, and say so wherever they are shown; only their shape is meant to be plausible: a daily curve,
 * a writer, an hour in which the log is throttled. The same seed gives the same lines. Asked for, a fourth function reads
 * a log in a table.
 */

import type { LogKind } from "../src/metrics/names.js";
import { madeUpLine, madeUpReport } from "./made-up-line.js";

export interface SyntheticOptions {
  readonly startMs: number;
  readonly hours: number;
  readonly seed: number;
  /** Invocations an hour at noon, over all functions. */
  readonly perHour: number;
  /** A function that reads a log in DynamoDB is among them. */
  readonly withTable?: boolean;
}

interface FunctionShape {
  readonly service: string;
  readonly functionName: string;
  readonly share: number;
  readonly environments: number;
  /** Mean cost of a load, and gets an invocation. */
  readonly loadMs: number;
  readonly gets: number;
  readonly hitRate: number;
  readonly logKind?: LogKind;
  readonly log: string;
}

const FUNCTIONS: readonly FunctionShape[] = [
  {
    ...{ service: "users", functionName: "users-get", share: 0.62, environments: 6 },
    ...{ loadMs: 21, gets: 2, hitRate: 0.93, log: "changes" },
  },
  {
    ...{ service: "shop", functionName: "cart-price", share: 0.3, environments: 4 },
    ...{ loadMs: 9, gets: 5, hitRate: 0.88, log: "changes" },
  },
  {
    ...{ service: "shop", functionName: "product-page", share: 0.08, environments: 3 },
    ...{ loadMs: 8, gets: 1, hitRate: 0.7, log: "changes" },
  },
];

/** Nothing is taken from the others: it comes beside them. */
const TABLE_FUNCTION: FunctionShape = {
  ...{ service: "fleet", functionName: "price-get", share: 0.25, environments: 9, loadMs: 17, gets: 2, hitRate: 0.9 },
  ...{ logKind: "DynamoDB", log: "my-table/prices" },
};

/** Uniform in [0, 1); the same row for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

export function* syntheticLines(options: SyntheticOptions): Generator<string> {
  const random = randomFrom(options.seed);
  const endMs = options.startMs + options.hours * 3_600_000;
  for (let nowMs = options.startMs; ; ) {
    const hour = (nowMs / 3_600_000) % 24;
    const busy = 0.25 + 0.75 * Math.sin(Math.PI * (hour / 24)) ** 2;
    nowMs += (-Math.log(1 - random()) * 3_600_000) / (options.perHour * busy);
    if (nowMs >= endMs) return;
    const trouble = Math.floor(hour) === 15;
    yield lineOf(nowMs, pick(random), trouble, random);
    if (options.withTable === true && random() < TABLE_FUNCTION.share) {
      yield lineOf(nowMs + 1, TABLE_FUNCTION, false, random);
    }
  }
}

function pick(random: () => number): FunctionShape {
  let left = random();
  for (const shape of FUNCTIONS) {
    left -= shape.share;
    if (left < 0) return shape;
  }
  return FUNCTIONS[0] as FunctionShape;
}

function lineOf(nowMs: number, shape: FunctionShape, trouble: boolean, random: () => number): string {
  const spread = (mean: number) => mean * (0.55 + 0.5 * random() - 0.25 * Math.log(1 - random()));
  const failed = trouble && random() < 0.2;
  const empty = random() < 0.01;
  const hits = failed || empty ? 0 : Array.from({ length: shape.gets }, random).filter((r) => r < shape.hitRate).length;
  const waitedMs = empty ? 0 : round(failed ? spread(300) : spread(trouble ? 24 : 9));
  const savedMs = round(hits * spread(shape.loadMs));
  const report = madeUpReport({
    ...{ kinesisLatencyMs: waitedMs, timeSavedMs: savedMs, hits, misses: shape.gets - hits },
    ...{ entriesInvalidated: random() < 0.05 ? 1 : 0, kinesisCalls: empty ? 0 : 2, refreshFailures: failed ? 1 : 0 },
    ...{ throttles: failed && random() < 0.6 ? 1 : 0, state: failed ? "bypassed" : empty ? "empty" : "fresh" },
    ...{ entries: 400, bytes: 900_000, shards: 2, requestId: Math.floor(random() * 2 ** 32).toString(16) },
  });
  const environment = `${shape.functionName}-${Math.floor(random() * shape.environments)}`;
  const names = { environment, service: shape.service, function: shape.functionName, log: shape.log };
  return madeUpLine(report, { timestampMs: Math.floor(nowMs), ...names }, shape.logKind);
}

const round = (value: number) => Math.round(value * 1_000) / 1_000;
