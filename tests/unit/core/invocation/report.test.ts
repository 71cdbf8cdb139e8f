/** An invocation's accounts: what it waited, what it was saved, and nothing of any other. */
import { describe, expect, test } from "@jest/globals";
import { Rig, slowLoad, userId } from "../../support/rig.js";

const ONE = userId("1");

describe("the accounts", () => {
  test("of an invocation that did nothing are empty, and name it", () => {
    const invocation = new Rig().begin(1_000, "request-1");
    expect(invocation.end()).toEqual({
      kinesisLatencyMs: 0,
      publishLatencyMs: 0,
      timeSavedMs: 0,
      hits: 0,
      misses: 0,
      entriesInvalidated: 0,
      fillsRefused: 0,
      loadsShared: 0,
      kinesisCalls: 0,
      recordsSkipped: 0,
      refreshFailures: 0,
      publishFailures: 0,
      throttles: 0,
      flushes: 0,
      state: "bypassed",
      boundMs: undefined,
      streamLagMs: undefined,
      entries: 0,
      bytes: 0,
      evictions: 0,
      shards: 0,
      requestId: "request-1",
    });
  });

  test("are given once", async () => {
    const invocation = await new Rig().invocation();
    expect(invocation.end()).toBeDefined();
    expect(invocation.end()).toBeUndefined();
  });

  test("count hits, misses, and adds that were refused", async () => {
    const invocation = await new Rig().invocation();
    const { cache } = invocation;
    cache.get(ONE);
    cache.add(ONE, "one");
    cache.get(ONE);
    await cache.getOrAdd(ONE, () => "never loaded");
    await cache.getOrAdd(userId("2"), () => "two");
    await cache.getOrAdd(userId("3"), () => undefined as unknown as string);
    expect(invocation.end()).toMatchObject({ hits: 2, misses: 3, fillsRefused: 1, entries: 2 });
  });

  test("count the bytes as sizeOf does, and what the bounds pushed out, once", async () => {
    const rig = new Rig({ maxEntries: 2, sizeOf: () => 100 });
    const invocation = await rig.invocation();
    for (const id of ["1", "2", "3"]) invocation.cache.add(userId(id), id);
    expect(invocation.end()).toMatchObject({ entries: 2, bytes: 200, evictions: 1 });
    expect((await rig.invocation()).end()).toMatchObject({ evictions: 0 });
  });

  test("say how long each of those that shared a refresh waited for it itself", async () => {
    const rig = new Rig({}, 2);
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 100 };
    const first = rig.begin();
    const reading = first.catchUp();
    await rig.clock.advance(40);
    const second = rig.begin();
    const waiting = second.catchUp();
    await rig.clock.advance(160);
    await Promise.all([reading, waiting]);
    expect(first.end()).toMatchObject({ kinesisLatencyMs: 100, state: "fresh", boundMs: 0, shards: 2 });
    expect(second.end()).toMatchObject({ kinesisLatencyMs: 160, state: "fresh", boundMs: 0 });
  });

  test("add up every refresh(), and count the calls", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 10 };
    const invocation = rig.begin();
    for (const wait of [
      () => invocation.catchUp(),
      () => invocation.cache.refresh(),
      () => invocation.cache.refresh(),
    ]) {
      const done = wait();
      await rig.clock.advance(10);
      await done;
    }
    expect(invocation.end()).toMatchObject({ kinesisLatencyMs: 30, kinesisCalls: 3, refreshFailures: 0 });
  });

  test("tell the wait for publishing from the wait for reading, whether it succeeds or not", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation();
    rig.plan = { answerMs: 30 };
    const published = invocation.cache.invalidate(ONE);
    await rig.clock.advance(30);
    await published;
    rig.plan = { answerMs: 20, fail: "refused" };
    const failed = invocation.cache.invalidate(ONE).catch(() => undefined);
    await rig.clock.advance(20);
    await failed;
    expect(invocation.end()).toMatchObject({ publishLatencyMs: 50, kinesisLatencyMs: 0 });
  });
});

describe("time saved", () => {
  test("is, for each hit, what loading that very entry took: from the miss to its add", async () => {
    const rig = new Rig();
    const filling = await rig.invocation();
    await rig.clock.advance(1_000);
    filling.cache.get(ONE);
    filling.cache.get(userId("2"));
    await rig.clock.advance(40);
    filling.cache.add(ONE, "one");
    await rig.clock.advance(30);
    filling.cache.add(userId("2"), "two");
    expect(filling.end()?.timeSavedMs).toBe(0);
    const reading = await rig.invocation();
    for (const id of [ONE, ONE, userId("2")]) reading.cache.get(id);
    expect(reading.end()?.timeSavedMs).toBe(40 + 40 + 70);
  });

  test("is what getOrAdd measured of the load", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    await rig.clock.advance(1_000);
    const slow = slowLoad<string>();
    const loading = cache.getOrAdd(ONE, slow.load);
    await rig.clock.advance(25);
    slow.returns("one");
    await loading;
    const reading = await rig.invocation();
    await reading.cache.getOrAdd(ONE, () => "not needed");
    expect(reading.end()?.timeSavedMs).toBe(25);
  });

  test("does not count the time the environment was frozen", async () => {
    const rig = new Rig();
    const filling = await rig.invocation();
    filling.cache.get(ONE);
    rig.clock.freeze(60_000);
    await rig.clock.advance(5);
    filling.cache.add(ONE, "one");
    const reading = await rig.invocation();
    reading.cache.get(ONE);
    expect(reading.end()?.timeSavedMs).toBe(5);
  });

  test("is 0 for what was added without a miss, and what the handler says where it says so", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    await rig.clock.advance(100);
    cache.add(ONE, "one");
    cache.add(userId("2"), "two", { savedMs: 12.5 });
    cache.add(userId("3"), "three", { savedMs: -7 });
    await cache.getOrAdd(userId("4"), () => "four", { savedMs: 8 });
    const saved = async (id: string) => {
      const reading = await rig.invocation();
      reading.cache.get(userId(id));
      return reading.end()?.timeSavedMs;
    };
    expect([await saved("1"), await saved("2"), await saved("3"), await saved("4")]).toEqual([0, 12.5, 0, 8]);
  });

  test("a load that was shared is nobody's hit", async () => {
    const invocation = await new Rig().invocation();
    const slow = slowLoad<string>();
    const both = [invocation.cache.getOrAdd(ONE, slow.load), invocation.cache.getOrAdd(ONE, slow.load)];
    slow.returns("one");
    await Promise.all(both);
    expect(invocation.end()).toMatchObject({ hits: 0, misses: 2, loadsShared: 1, timeSavedMs: 0 });
  });
});

describe("the lag", () => {
  test("is how far behind the last refresh was: 0 when caught up, nothing when nothing could be read", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    expect((await rig.invocation()).end()?.streamLagMs).toBe(0);
    rig.plan = { fail: "throttled" };
    expect((await rig.invocation()).end()?.streamLagMs).toBeUndefined();
  });

  test("is how long ago what is yet unread was written, when a refresh did not come to the tip", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.elsewhere.invalidates(userId("2"));
    await rig.clock.advance(300);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(700);
    let pages = 0;
    rig.plan = () => (pages++ === 0 ? { pageRecords: 1 } : { fail: "throttled" });
    expect((await rig.invocation()).end()).toMatchObject({ state: "bypassed", streamLagMs: 700 });
  });
});
