/** When the stream is read, from where, and what is known afterwards. */
import { describe, expect, test } from "@jest/globals";
import { createEnvironment } from "../../../../src/core/environment.js";
import type { InvalidationLog, LogReader } from "../../../../src/core/log.js";
import { resolveOptions } from "../../../../src/options.js";
import { ManualClock } from "../../../../src/testing/manual-clock.js";
import { KeptNotices, Rig, slowLoad, userId } from "../../support/rig.js";

const ONE = userId("1");
const TWO = userId("2");
const MINUTE_MS = 60_000;

test("P1: the time to read from goes by the clock as it is when asked, though it be set right in mid-reading", async () => {
  const clock = new ManualClock();
  const told: number[] = [];
  const reader: LogReader = {
    lanes: 1,
    isReadByTime: true,
    isPlaced: true,
    isWarm: () => false,
    covers: () => false,
    leave: () => undefined,
    async read(reading) {
      told.push(reading.sinceMs - clock.now());
      clock.freeze(-MINUTE_MS);
      told.push(reading.sinceMs - clock.now());
    },
  };
  const environment = createEnvironment({
    log: { open: () => reader } as InvalidationLog,
    clock,
    random: () => 0.5,
    newNonce: () => "one",
    options: resolveOptions({}),
    notices: new KeptNotices(),
  });
  const filling = environment.begin({ remainingMs: () => 10 * MINUTE_MS, requestId: "1" });
  await filling.catchUp();
  filling.cache.add(ONE, "one");
  filling.end();
  await clock.advance(2 * MINUTE_MS);
  await environment.begin({ remainingMs: () => MINUTE_MS, requestId: "2" }).catchUp();
  expect(told).toEqual([-2 * MINUTE_MS, -2 * MINUTE_MS]);
});

test.each([
  { holdOffMs: 0, isReadByTime: false, keepsPlace: false },
  { holdOffMs: 5_000, isReadByTime: false, keepsPlace: true },
  { holdOffMs: 5_000, isReadByTime: true, keepsPlace: false },
])("with nothing cached a place is left, unless taking another would hold off all loads: %j", async (one) => {
  const { holdOffMs, isReadByTime, keepsPlace } = one;
  const clock = new ManualClock();
  let left = false;
  let readings = 0;
  const reader: LogReader = {
    lanes: 1,
    isReadByTime,
    isPlaced: true,
    isWarm: () => false,
    covers: () => false,
    leave: () => {
      left = true;
    },
    async read() {
      readings++;
    },
  };
  const environment = createEnvironment({
    log: { open: () => reader } as InvalidationLog,
    clock,
    random: () => 0.5,
    newNonce: () => "one",
    options: resolveOptions({ holdOffMs, maxGapMs: 10 * MINUTE_MS }),
    notices: new KeptNotices(),
  });
  const invocation = async () => {
    const invoked = environment.begin({ remainingMs: () => MINUTE_MS, requestId: "1" });
    await invoked.catchUp();
    invoked.end();
    return { left, readings };
  };
  expect(await invocation()).toEqual({ left: !keepsPlace, readings: 0 });
  await clock.advance(6 * MINUTE_MS);
  // Else what is stored now would be given up four minutes later.
  expect(await invocation()).toEqual({ left: !keepsPlace, readings: keepsPlace ? 1 : 0 });
});

describe("with nothing cached", () => {
  test("no call is made, at the beginning and when all has expired or was dropped", async () => {
    const rig = new Rig({ ttlMs: 1_000 });
    expect((await rig.invocation()).end()).toMatchObject({ state: "empty", kinesisCalls: 0, shards: 0 });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(1_001);
    expect((await rig.invocation()).end()).toMatchObject({ state: "empty", kinesisLatencyMs: 0 });
    await rig.warm({ 1: "one" });
    await (await rig.invocation()).cache.invalidateAll();
    rig.forgetCalls();
    expect((await rig.invocation()).cache.freshness.state).toBe("empty");
    expect(rig.calls).toEqual([]);
  });

  test("an invocation that is alone begins a new fence: what was published before it is not read", async () => {
    const rig = new Rig({ clockMarginMs: 0 });
    await rig.clock.advance(MINUTE_MS);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(2_000);
    const alone = await rig.invocation();
    alone.cache.add(ONE, "one");
    alone.end();
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });

  test("one whose hooks never came, and whose time is up, is no company", async () => {
    const rig = new Rig({ clockMarginMs: 0 });
    await rig.invocation(1_000);
    await rig.clock.advance(MINUTE_MS);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(2_000);
    const alone = await rig.invocation();
    alone.cache.add(ONE, "one");
    alone.end();
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });

  test("with holdOffMs a place that was taken without reading is proof of so much earlier a time alone", async () => {
    const rig = new Rig({ holdOffMs: 20_000, maxStalenessMs: 30_000 });
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(2_000);
    // A replica has not heard of it yet.
    const lagging = await rig.invocation();
    lagging.cache.add(ONE, "old");
    lagging.end();
    await rig.clock.advance(9_000);
    const early = await rig.invocation();
    expect([early.cache.get(ONE), rig.forgetCalls()]).toEqual(["old", []]);
    early.end();
    await rig.clock.advance(2_000);
    expect((await rig.invocation()).cache.get(ONE)).toBeUndefined();
  });

  test("the fence is earlier by holdOffMs: a replica may not have what was published shortly before", async () => {
    const rig = new Rig({ clockMarginMs: 10_000, holdOffMs: 5_000 });
    await rig.clock.advance(MINUTE_MS);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(14_000);
    const alone = await rig.invocation();
    expect(alone.cache.add(ONE, "as the replica has it")).toBe(true);
    alone.end();
    const { cache } = await rig.invocation();
    expect([cache.freshness.state, cache.get(ONE)]).toEqual(["fresh", undefined]);
  });

  test("one that is not alone leaves the fence where it is: older loads are still under way", async () => {
    const rig = new Rig({ clockMarginMs: 0 });
    const long = await rig.invocation(10 * MINUTE_MS);
    long.cache.get(ONE);
    await rig.clock.advance(MINUTE_MS);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(MINUTE_MS);
    (await rig.invocation()).end();
    expect(long.cache.add(ONE, "old")).toBe(true);
    expect((await rig.invocation()).cache.get(ONE)).toBeUndefined();
  });

  test("a fence that moves refuses the loads of before, though they ended before it moved", async () => {
    const rig = new Rig({ clockMarginMs: 0 });
    const earlier = rig.begin();
    await earlier.catchUp();
    const slow = slowLoad<string>();
    const loading = earlier.cache.getOrAdd(ONE, slow.load);
    await rig.clock.advance(10);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(2_000);
    const alone = rig.begin();
    earlier.end();
    await alone.catchUp();
    slow.returns("old");
    await loading;
    alone.end();
    expect((await rig.invocation()).cache.get(ONE)).toBeUndefined();
  });

  test("refresh() inside an invocation never moves the fence past a load that is under way", async () => {
    const rig = new Rig({ clockMarginMs: 0 });
    const slow = slowLoad<string>();
    const invocation = await rig.invocation();
    const loading = invocation.cache.getOrAdd(ONE, slow.load);
    await rig.clock.advance(1_000);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(1_000);
    await invocation.cache.refresh();
    slow.returns("old");
    await loading;
    invocation.end();
    expect((await rig.invocation()).cache.get(ONE)).toBeUndefined();
  });

  test("iterators that are still good are kept: the next refresh is one round trip", async () => {
    const rig = new Rig({ ttlMs: MINUTE_MS });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(3 * MINUTE_MS);
    const filling = await rig.invocation();
    filling.cache.add(ONE, "one");
    filling.end();
    (await rig.invocation()).end();
    expect(rig.forgetCalls()).toEqual(["getRecords"]);
  });

  test("iterators that have grown old are not: a fence costs no more, and less to read", async () => {
    const rig = new Rig({ ttlMs: MINUTE_MS, clockMarginMs: 0 });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(2 * MINUTE_MS);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(3 * MINUTE_MS);
    const alone = await rig.invocation();
    alone.cache.add(ONE, "one");
    alone.end();
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
    expect(rig.forgetCalls()).toEqual(["getShardIterator", "listShards", "getRecords"]);
  });

  test("good iterators are not kept until the gap is too long to be read", async () => {
    const rig = new Rig({ ttlMs: 10_000, maxGapMs: MINUTE_MS });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(40_000);
    const filling = await rig.invocation();
    filling.cache.add(ONE, "one", { ttlMs: 10 * MINUTE_MS });
    filling.end();
    await rig.clock.advance(40_000);
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });
});

describe("good iterators with nothing cached", () => {
  test.each([
    [29_999, ["getRecords"]],
    [30_000, ["getShardIterator", "listShards", "getRecords"]],
  ] as const)("%i ms into a gap of at most a minute cost, at the next refresh, %p", async (ageMs, calls) => {
    const rig = new Rig({ ttlMs: 10_000, maxGapMs: MINUTE_MS });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(ageMs);
    const filling = await rig.invocation();
    filling.cache.add(ONE, "one");
    filling.end();
    rig.forgetCalls();
    (await rig.invocation()).end();
    expect(rig.calls).toEqual(calls);
  });
});

describe("a gap longer than maxGapMs", () => {
  test("flushes without a call, and refuses the loads under way", async () => {
    const rig = new Rig({ maxGapMs: MINUTE_MS, ttlMs: 60 * MINUTE_MS });
    await rig.warm({ 1: "one" });
    const long = await rig.invocation(10 * MINUTE_MS);
    rig.forgetCalls();
    long.cache.get(TWO);
    rig.clock.freeze(MINUTE_MS + 1);
    const next = await rig.invocation();
    expect([next.cache.get(ONE), next.cache.freshness.state, rig.calls]).toEqual([undefined, "empty", []]);
    expect(long.cache.add(TWO, "old")).toBe(false);
    expect(next.end()).toMatchObject({ flushes: 1, entries: 0, refreshFailures: 0 });
    expect([rig.notices.debugs, rig.notices.details]).toEqual([
      ["cache flushed"],
      [{ reason: "too long a gap", entries: 1 }],
    ]);
  });

  test("flushes although the stream is just left alone", async () => {
    const rig = new Rig({ maxGapMs: MINUTE_MS, ttlMs: 60 * MINUTE_MS });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(MINUTE_MS);
    rig.plan = { fail: "throttled" };
    expect((await rig.invocation()).end()).toMatchObject({ state: "bypassed", flushes: 0 });
    await rig.clock.advance(1);
    expect((await rig.invocation()).end()).toMatchObject({ state: "empty", flushes: 1 });
  });

  test("with nothing cached is no flush", async () => {
    const rig = new Rig({ maxGapMs: MINUTE_MS });
    rig.clock.freeze(2 * MINUTE_MS);
    expect((await rig.invocation()).end()).toMatchObject({ flushes: 0, state: "empty" });
    expect(rig.notices.debugs).toEqual([]);
  });

  test("of exactly that length is still read through", async () => {
    const rig = new Rig({ maxGapMs: MINUTE_MS, ttlMs: 60 * MINUTE_MS });
    await rig.warm({ 1: "one" });
    rig.clock.freeze(MINUTE_MS);
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });

  test("that came while a refresh was queued flushes, too", async () => {
    const rig = new Rig({ maxGapMs: MINUTE_MS, ttlMs: 60 * MINUTE_MS });
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 100 };
    const reading = rig.begin().catchUp();
    const queued = rig.begin();
    const both = [reading, queued.catchUp()];
    rig.clock.freeze(2 * MINUTE_MS);
    await rig.clock.advance(100);
    await Promise.all(both);
    expect(rig.forgetCalls()).toEqual(["getRecords"]);
    expect([queued.cache.freshness.state, queued.cache.get(ONE)]).toEqual(["empty", undefined]);
    expect(rig.notices.details).toEqual([{ reason: "too long a gap", entries: 1 }]);
  });
});

describe("a position that is lost", () => {
  test("flushes, says so once, and what is loaded from then on is served", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.stream.recreate(2);
    const first = await rig.invocation();
    expect([first.cache.get(ONE), first.cache.freshness.state]).toEqual([undefined, "empty"]);
    expect(await first.cache.getOrAdd(TWO, () => "two")).toBe("two");
    expect(first.cache.get(TWO)).toBe("two");
    expect(first.end()).toMatchObject({ flushes: 1, refreshFailures: 0 });
    expect([rig.notices.started, rig.notices.reasons]).toEqual([["lost"], ["the place in the log was lost"]]);
    expect(rig.notices.details).toEqual([{ reason: "the place in the log was lost", entries: 1 }]);
    const second = await rig.invocation();
    expect([second.cache.get(TWO), second.end()?.shards]).toEqual(["two", 2]);
    expect(rig.notices.ended).toEqual(["lost"]);
  });

  test("refuses the loads that were under way", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const long = await rig.invocation();
    long.cache.get(TWO);
    rig.stream.recreate(1);
    await rig.invocation();
    expect(long.cache.add(TWO, "old")).toBe(false);
  });
});
