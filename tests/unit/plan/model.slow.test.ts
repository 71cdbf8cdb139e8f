/** The formula of `npx scache plan`: held to the simulation of fleets, and to what must follow from any figures. */
import { describe, expect, test } from "@jest/globals";
import { type FleetFigures, planFleet } from "../../../src/plan/model.js";
import { erlangB, settledReadings } from "../../../src/plan/readings-model.js";
import type { LogKind } from "../../../tools/fleet/log-service.js";
import { rowOf } from "../../../tools/fleet/row.js";
import { times } from "../../../tools/fleet/rows.js";
import { DATA, LOOKUPS, runFleet, SOURCE_MS } from "../../../tools/fleet/run.js";
import { HOT_SHARE } from "../../../tools/fleet/writers.js";

const FIGURES: FleetFigures = {
  environments: 50,
  maxStalenessMs: 1_000,
  invalidationsPerSecond: 10,
  invocationsPerSecond: 5,
  lookups: LOOKUPS,
  data: DATA,
  hotShare: HOT_SHARE,
  sourceMs: SOURCE_MS,
  kinesisMs: 15,
  dynamodbMs: 4,
  keyBytes: 32,
};
const planOf = (figures: Partial<FleetFigures>) => planFleet({ ...FIGURES, ...figures });

/** A fleet of busy environments, simulated. */
async function simulated(log: LogKind, environments: number, maxStalenessMs: number, invalidationsPerSecond: number) {
  const fleet = { log, fleet: "busy", environments, maxStalenessMs, invalidationsPerSecond } as const;
  const { beginningMs, settlingMs, virtualMs } = times(fleet, true);
  // Of a large fleet less, so that the test takes no longer than its worth.
  const shorter = environments > 500 ? { settlingMs: 4_000, virtualMs: 2_500 } : { settlingMs, virtualMs };
  const latencies = { kinesisMs: 15, dynamodbMs: 4 };
  const request = { ...fleet, beginningMs, ...shorter, seed: 1, latencies };
  const row = rowOf(request, await runFleet(request), false);
  // An invocation that has to load takes longer, and the next one comes after it.
  const invocationsPerSecond = row.invocations / environments / row.virtualSeconds;
  return { row, plan: planOf({ environments, maxStalenessMs, invalidationsPerSecond, invocationsPerSecond })[log] };
}

describe("agrees with the simulation of fleets", () => {
  test.each<[log: LogKind, environments: number, maxStalenessMs: number, perSecond: number]>([
    // Within the limits, at them, and far above; bounds and rates of every kind.
    ["kinesis", 5, 5_000, 10],
    ["kinesis", 50, 5_000, 10],
    ["kinesis", 10, 0, 10],
    ["dynamodb", 50, 5_000, 10],
    ["dynamodb", 30, 1_000, 50],
    ["dynamodb", 50, 0, 1],
    ["dynamodb", 20, 0, 300],
    ["dynamodb", 800, 0, 10],
  ])("%s, %d environments at %d ms, %d invalidations a second", async (...fleet) => {
    const { row, plan } = await simulated(...fleet);
    const differences = {
      hitRate: Math.abs(plan.hitRate - row.hitRate),
      bypassedShare: Math.abs(plan.bypassedShare - row.bypassedShare),
      dollarsPerMonth: Math.abs(plan.dollarsPerMonth / row.dollarsPerMonth - 1),
    };
    const told = JSON.stringify({ plan, row });
    expect([told, differences.hitRate < 0.07, differences.bypassedShare < 0.08]).toEqual([told, true, true]);
    expect([told, differences.dollarsPerMonth < 0.2]).toEqual([told, true]);
    expect([told, plan.holds, plan.waitingMs.p50]).toEqual([told, row.holds, row.waitingMs.p50]);
    // Who is refused for long has a reading now and then that takes several calls.
    if (row.holds) expect([told, plan.waitingMs.p99]).toEqual([told, expect.closeTo(row.waitingMs.p99, 0)]);
  });
});

describe("follows from the figures", () => {
  test("2,400 environments at 1 s and 12,000 at 5 s hold on DynamoDB, and nowhere near on Kinesis", () => {
    for (const [environments, maxStalenessMs] of [
      [2_400, 1_000],
      [12_000, 5_000],
    ] as const) {
      const { kinesis, dynamodb } = planOf({ environments, maxStalenessMs });
      expect([dynamodb.holds, dynamodb.used < 0.9, kinesis.holds]).toEqual([true, true, false]);
      expect(kinesis).toMatchObject({ limit: "streamReads", used: expect.any(Number) });
      expect(kinesis.used).toBeGreaterThan(100);
      expect(kinesis.bypassedShare).toBeGreaterThan(0.99);
    }
  });

  test.each([
    ["headReads", { environments: 2_400, maxStalenessMs: 1_000 }],
    ["segmentReads", { environments: 2_400, maxStalenessMs: 5_000, invalidationsPerSecond: 50 }],
    ["headWrites", { environments: 5, invalidationsPerSecond: 300 }],
  ])("the limit nearest is named: %s", (limit, figures) => {
    expect(planOf(figures).dynamodb.limit).toBe(limit);
  });

  test("on Kinesis it is the bytes where records are many and readers few", () => {
    const { kinesis } = planOf({ environments: 30, maxStalenessMs: 60_000, invalidationsPerSecond: 900 });
    expect(kinesis).toMatchObject({ limit: "streamBytes", holds: false });
    expect(kinesis.used).toBeGreaterThan(1);
  });

  test.each([
    ["streamWrites", { invalidationsPerSecond: 1_200 }],
    ["streamWriteBytes", { invalidationsPerSecond: 900, keyBytes: 1_000 }],
  ])("on Kinesis it is what is written where readers are fewer still: %s", (limit, figures) => {
    const { kinesis } = planOf({ environments: 1, maxStalenessMs: 60_000, ...figures });
    expect(kinesis).toMatchObject({ limit, holds: false });
    expect(planOf({ environments: 1, maxStalenessMs: 60_000, invalidationsPerSecond: 800 }).kinesis.holds).toBe(true);
  });

  test("more environments never lead to fewer refused, a longer bound never to more", () => {
    const sizes = [1, 5, 20, 100, 1_000, 3_000, 10_000, 50_000];
    const bounds = [0, 100, 1_000, 5_000, 60_000];
    for (const log of ["kinesis", "dynamodb"] as const) {
      const bySize = sizes.map((environments) => planOf({ environments })[log].bypassedShare);
      expect(bySize).toEqual([...bySize].sort((a, b) => a - b));
      const byBound = bounds.map(
        (maxStalenessMs) => planOf({ environments: 3_000, maxStalenessMs })[log].bypassedShare,
      );
      expect(byBound).toEqual([...byBound].sort((a, b) => b - a));
    }
  });

  test("every figure is one for any figures asked about", () => {
    for (const environments of [1, 1e6]) {
      for (const maxStalenessMs of [0, 82_800_000]) {
        for (const invalidationsPerSecond of [0.001, 1e6]) {
          for (const invocationsPerSecond of [0.0001, 1_000]) {
            const plans = planOf({ environments, maxStalenessMs, invalidationsPerSecond, invocationsPerSecond });
            for (const plan of [plans.kinesis, plans.dynamodb]) {
              for (const share of [plan.hitRate, plan.bypassedShare]) {
                expect(share).toBeGreaterThanOrEqual(0);
                expect(share).toBeLessThanOrEqual(1);
              }
              const { throttledPerSecond, waitingMs, savedMs, used, dollarsPerMonth } = plan;
              for (const figure of [throttledPerSecond, waitingMs.mean, savedMs, used, dollarsPerMonth]) {
                expect(Number.isFinite(figure)).toBe(true);
              }
            }
          }
        }
      }
    }
  });

  test("what nobody caches costs no hit", () => {
    expect(planOf({ hotShare: 0 }).dynamodb.hitRate).toBe(1);
    expect(planOf({ hotShare: 1 }).dynamodb.hitRate).toBeLessThan(planOf({ hotShare: 0.5 }).dynamodb.hitRate);
  });
});

describe("what is refused", () => {
  test("is Erlang's share: few of few, and nearly all of many", () => {
    expect(erlangB(5, 5)).toBeCloseTo(0.2849, 4);
    expect(erlangB(1, 5)).toBeCloseTo(0.0031, 4);
    expect(erlangB(500, 5)).toBeCloseTo(0.99, 3);
    expect(erlangB(0, 5)).toBe(0);
  });

  test("comes into balance with what is tried again", () => {
    const figures = { environments: 100, maxStalenessMs: 1_000, invocationsPerSecond: 5 };
    const none = settledReadings(figures, () => 0);
    expect(none).toMatchObject({ refusedPerSecond: 0 });
    expect(none.bypassedShare).toBeCloseTo(0, 9);
    expect(none.attemptsPerSecond).toBeCloseTo(100 / 1.2, 6);
    const half = settledReadings(figures, () => 0.5);
    // In a row: one more attempt for each that is answered, after pauses that become longer.
    expect(half.attemptsPerSecond * (1 - 0.5)).toBeCloseTo(half.attemptsPerSecond - half.refusedPerSecond, 9);
    expect(half.bypassedShare).toBeGreaterThan(0.3);
  });
});
