/**
 * A slice of the simulation with a seed of its own in every run, and what makes it worth trusting: the same seed gives the
 * same story, and the oracle sees what is wrong.
 */
import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../src/core/data-id.js";
import { LoadCycleError } from "../../src/errors.js";
import { Dice } from "./dice.js";
import { type Asked, judgeFailedLoad, judgeFreshness, judgeHit, judgeValue } from "./judge.js";
import { runSchedules } from "./run.js";
import { runSchedule } from "./schedule.js";
import { SimEnvironment } from "./sim-environment.js";
import { LoadFailure } from "./source-load.js";
import { World } from "./world.js";

const SLICE = 150;

describe("the simulation", () => {
  test.each(["kinesis", "dynamodb"] as const)(
    "on %s breaks no promise in its first schedules",
    async (log) => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const { failure, schedules } = await runSchedules({ log, seed, from: 0, to: SLICE });
      const shown =
        failure &&
        `npm run simulate -- --log ${log} --seed ${seed} --schedule ${failure.schedule}: ${failure.violation}`;
      expect(shown).toBeUndefined();
      expect(schedules).toBe(SLICE);
    },
    120_000,
  );

  test("the same seed and schedule tell the same story, others another", async () => {
    const [first, again, other] = [
      await runSchedule("dynamodb", 3, 14, { transcript: true }),
      await runSchedule("dynamodb", 3, 14, { transcript: true }),
      await runSchedule("dynamodb", 3, 15, { transcript: true }),
    ];
    expect(first.transcript.length).toBeGreaterThan(10);
    expect(again).toEqual(first);
    expect(other.transcript).not.toEqual(first.transcript);
  });
});

describe("the oracle", () => {
  function setUp() {
    const world = new World(new Dice(1), { transcript: false, log: "kinesis" });
    const [datum] = world.data;
    if (datum === undefined) throw new Error("no datum");
    const env = environmentWithout(world, "bypass");
    const asked: Asked = {
      freshness: { state: "fresh", asOf: 0, boundMs: 0 },
      beganOrder: world.tick(),
      beganMs: world.nowMs,
      refreshed: false,
      ownVersion: 0,
      tokenVersion: 0,
      voidOrder: 0,
      inTime: true,
    };
    return { world, datum, env, asked, value: datum.read(world.nowMs, 0) };
  }

  /** An environment with default options but for the policy: no staleness, no lag. */
  function environmentWithout(world: World, onRefreshError: "bypass" | "serve") {
    for (;;) {
      const env = new SimEnvironment(world, "env");
      const { maxStalenessMs, holdOffMs } = env.options;
      if (maxStalenessMs === 0 && holdOffMs === 0 && env.options.onRefreshError === onRefreshError) return env;
    }
  }

  test("a version outdated before the invocation began is stale, one outdated later is not", () => {
    const { world, datum, env, asked, value } = setUp();
    const version = world.write(datum);
    expect(judgeValue(env, datum, value, asked)).toBeUndefined();
    world.acknowledge([{ datum, version }]);
    expect(judgeValue(env, datum, value, asked)).toBeUndefined();
    expect(judgeValue(env, datum, value, { ...asked, beganOrder: world.tick() })).toMatch(/outdated/);
    expect(judgeValue(env, datum, datum.read(world.nowMs, 0), { ...asked, beganOrder: world.tick() })).toBeUndefined();
  });

  test("a bound that was told binds, and serving allows what the policy allows", async () => {
    const { world, datum, value, asked } = setUp();
    const env = environmentWithout(world, "serve");
    world.acknowledge([{ datum, version: world.write(datum) }]);
    await world.clock.advance(1_000);
    const stale = { ...asked, beganMs: world.nowMs, beganOrder: world.tick() };
    const told = (boundMs: number) => ({ ...stale, freshness: { state: "stale", asOf: 0, boundMs } as const });
    expect(judgeValue(env, datum, value, told(1_000))).toBeUndefined();
    expect(judgeValue(env, datum, value, told(999))).toMatch(/told to be at most 999/);
    await world.clock.advance(env.options.maxGapMs);
    const later = { ...told(env.options.maxGapMs + 1), beganMs: world.nowMs };
    expect(judgeValue(env, datum, value, later)).toMatch(/may be/);
  });

  test("its own invalidation, a token, another datum's value, a hit while bypassed, and what was never stored are wrong", () => {
    const { datum, env, asked, value } = setUp();
    expect(judgeValue(env, datum, value, { ...asked, ownVersion: 1 })).toMatch(/its own invalidation/);
    expect(judgeValue(env, datum, value, { ...asked, tokenVersion: 1 })).toMatch(/a token names/);
    expect(judgeValue(env, datum, { ...value, key: dataId("a", "b").toString() }, asked)).toMatch(/but it is/);
    expect(judgeHit(env, datum, value, asked)).toMatch(/never stored/);
    const bypassed = { state: "bypassed", asOf: undefined, boundMs: undefined } as const;
    expect(judgeHit(env, datum, value, { ...asked, freshness: bypassed })).toMatch(/bypassed/);
  });

  test("a load's failure concerns who ran it, and a cycle is one that goes round twice", () => {
    expect(judgeFailedLoad("env#1", 0, new LoadFailure("env#1"))).toBeUndefined();
    expect(judgeFailedLoad("env#1", 0, new LoadFailure("env#2"))).toMatch(/the source failed env#2/);
    expect(judgeFailedLoad("env#1", 2, new LoadCycleError(["a"]))).toBeUndefined();
    expect(judgeFailedLoad("env#1", 1, new LoadCycleError(["a"]))).toMatch(/within 1 loads/);
    expect(() => judgeFailedLoad("env#1", 2, new Error("mine"))).toThrow("mine");
  });

  test("freshness is what the options allow", () => {
    const { env } = setUp();
    expect(judgeFreshness(env, { state: "fresh", asOf: 1, boundMs: 0 }, false, 1)).toBeUndefined();
    expect(judgeFreshness(env, { state: "fresh", asOf: 1, boundMs: 0 }, false, 2)).toMatch(/1 ms before/);
    expect(judgeFreshness(env, { state: "fresh", asOf: 1, boundMs: 1 }, false, 2)).toMatch(/above 0/);
    expect(judgeFreshness(env, { state: "stale", asOf: 1, boundMs: 1 }, false, 2)).toMatch(/under bypass/);
    expect(judgeFreshness(env, { state: "fresh", asOf: undefined, boundMs: undefined }, false, 1)).toMatch(/a bound/);
    expect(judgeFreshness(env, { state: "bypassed", asOf: undefined, boundMs: undefined }, false, 1)).toBeUndefined();
  });
});
