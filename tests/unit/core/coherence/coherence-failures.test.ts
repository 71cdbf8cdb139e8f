/** What is served, and what is spared, when the stream does not answer well; and what is counted and said of it. */
import { describe, expect, test } from "@jest/globals";
import { RefreshError } from "../../../../src/errors.js";
import { Rig, userId } from "../../support/rig.js";

const ONE = userId("1");
const TWO = userId("2");

describe("a refresh that fails", () => {
  test("with bypass, the default, leaves entries and position as they were", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one", 2: "two" });
    rig.plan = { fail: "unavailable" };
    rig.elsewhere.invalidates(ONE);
    const blind = await rig.invocation();
    expect(blind.cache.freshness).toEqual({ state: "bypassed", asOf: undefined, boundMs: undefined });
    expect(blind.end()).toMatchObject({ refreshFailures: 1, entries: 2, state: "bypassed", boundMs: undefined });
    rig.plan = {};
    rig.forgetCalls();
    const seeing = await rig.invocation();
    expect([seeing.cache.get(ONE), seeing.cache.get(TWO), rig.calls]).toEqual([undefined, "two", ["getRecords"]]);
  });

  test("with serve serves what was proven within maxGapMs, says how old that is, and not what was invalidated here", async () => {
    const rig = new Rig({ onRefreshError: "serve", maxGapMs: 60_000 });
    await rig.warm({ 1: "one", 2: "two" });
    const provenAtMs = rig.clock.now();
    await rig.clock.advance(50_000);
    rig.plan = ({ operation }) => (operation === "putRecords" ? {} : { fail: "unavailable" });
    const stale = await rig.invocation();
    expect(stale.cache.freshness).toEqual({ state: "stale", asOf: provenAtMs, boundMs: 50_000 });
    await stale.cache.invalidate(ONE);
    expect([stale.cache.get(ONE), stale.cache.get(TWO)]).toEqual([undefined, "two"]);
    await rig.clock.advance(10_001);
    expect((await rig.invocation()).cache.freshness.state).toBe("empty");
  });

  test("with serve serves what was proven exactly maxGapMs ago", async () => {
    const rig = new Rig({ onRefreshError: "serve", maxGapMs: 60_000 });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(60_000);
    rig.plan = { fail: "unavailable" };
    const { cache } = await rig.invocation();
    expect([cache.freshness.state, cache.freshness.boundMs, cache.get(ONE)]).toEqual(["stale", 60_000, "one"]);
  });

  test("with serve, refresh() in a long invocation stops serving when the proof has grown too old", async () => {
    const rig = new Rig({ onRefreshError: "serve", maxGapMs: 60_000 });
    await rig.warm({ 1: "one" });
    const { cache } = await rig.invocation(600_000);
    rig.plan = { fail: "unavailable" };
    await rig.clock.advance(61_000);
    expect(await cache.refresh()).toMatchObject({ state: "empty" });
    expect(cache.get(ONE)).toBeUndefined();
  });

  test("with serve, an invocation that waits in vain after a gap behind another's refresh is not served either", async () => {
    const rig = new Rig({ onRefreshError: "serve", maxGapMs: 60_000 });
    await rig.warm({ 1: "one" });
    rig.plan = { hang: true };
    const reading = rig.begin().catchUp();
    rig.clock.freeze(60_001);
    const hurried = rig.begin(1_000);
    const waiting = hurried.catchUp();
    await rig.clock.advance(500);
    await waiting;
    expect([hurried.cache.freshness.state, hurried.cache.get(ONE)]).toEqual(["bypassed", undefined]);
    await rig.clock.advance(500);
    await reading;
  });

  test("with throw rejects with the reason and the cause, refresh() too, and misses", async () => {
    const rig = new Rig({ onRefreshError: "throw" });
    await rig.warm({ 1: "one" });
    rig.plan = { fail: "refused" };
    const invocation = rig.begin();
    const failure = await invocation.catchUp().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RefreshError);
    expect(failure).toMatchObject({
      code: "REFRESH_FAILED",
      message: expect.stringContaining("getRecords: refused"),
      cause: expect.objectContaining({ kind: "refused" }),
    });
    expect(invocation.cache.get(ONE)).toBeUndefined();
    await expect(invocation.cache.refresh()).rejects.toThrow(RefreshError);
  });

  test("with throw, a stream that is not there is named as the reason each time, by the back-off, too", async () => {
    const rig = new Rig({ onRefreshError: "throw" });
    const filling = await rig.invocation();
    filling.cache.add(ONE, "one");
    filling.end();
    rig.plan = { fail: "lost" };
    for (let attempt = 0; attempt < 4; attempt++) {
      const invocation = rig.begin();
      const failure = await invocation.catchUp().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ message: expect.stringContaining("listShards: lost"), cause: { kind: "lost" } });
      expect(invocation.cache.get(ONE)).toBeUndefined();
      invocation.cache.add(ONE, "one");
      invocation.end();
    }
    expect(rig.notices.started).toEqual(["refused"]);
  });

  test("says so once when it begins, and once when it is over, under its kind", async () => {
    for (const [fail, kind] of [
      ["unavailable", "refresh"],
      ["expired", "refresh"],
      ["throttled", "throttled"],
      ["refused", "refused"],
    ] as const) {
      const rig = new Rig();
      await rig.warm({ 1: "one" });
      rig.plan = { fail };
      for (let attempt = 0; attempt < 3; attempt++) {
        (await rig.invocation()).end();
        await rig.clock.advance(5_000);
      }
      expect([rig.notices.started, rig.notices.ended]).toEqual([[kind], []]);
      rig.plan = {};
      (await rig.invocation()).end();
      expect([rig.notices.started, rig.notices.ended]).toEqual([[kind], [kind]]);
    }
  });
});

describe("a refresh that does not end in time", () => {
  test("is left at refreshTimeoutMs, leaves no call and no timer behind, and counts the wait", async () => {
    const rig = new Rig({ refreshTimeoutMs: 500 });
    await rig.warm({ 1: "one" });
    rig.plan = { hang: true };
    const invocation = rig.begin();
    const caughtUp = invocation.catchUp();
    await rig.clock.advance(499);
    expect(invocation.cache.freshness.state).toBe("bypassed");
    expect(rig.client.pendingCalls).toBeGreaterThan(0);
    await rig.clock.advance(1);
    await caughtUp;
    expect([rig.client.pendingCalls, rig.clock.pendingTimers]).toEqual([0, 0]);
    expect(invocation.end()).toMatchObject({ kinesisLatencyMs: 500, refreshFailures: 1, state: "bypassed" });
    expect(rig.notices.started).toEqual(["refresh"]);
  });

  test("fails with words that say how long it was given", async () => {
    const rig = new Rig({ refreshTimeoutMs: 500, onRefreshError: "throw" });
    await rig.warm({ 1: "one" });
    rig.plan = { hang: true };
    const failure = rig
      .begin()
      .catchUp()
      .catch((error: unknown) => error);
    await rig.clock.advance(500);
    expect(await failure).toMatchObject({ message: expect.stringContaining("not caught up within 500 ms") });
  });

  test("has asked again when half of the time is over that the invocation waits for it", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = () => (rig.calls.length === 1 ? { hang: true } : {});
    const hurried = rig.begin(400);
    const caughtUp = hurried.catchUp();
    await rig.clock.advance(99);
    expect(rig.calls).toHaveLength(1);
    await rig.clock.advance(1);
    await caughtUp;
    expect(hurried.end()).toMatchObject({ state: "fresh", kinesisLatencyMs: 100, kinesisCalls: 2 });
  });

  test("keeps what it has read: one shard's invalidations are applied though the other did not answer", async () => {
    const rig = new Rig({}, 2);
    await rig.warm({ 1: "one", 2: "two" });
    rig.elsewhere.invalidates(ONE);
    const [withRecord] = rig.stream.shards().filter((shard) => shard.read(0, 1).length > 0);
    rig.plan = ({ shardId }) => (shardId === withRecord?.id ? {} : { hang: true });
    const blind = rig.begin();
    const caughtUp = blind.catchUp();
    await rig.clock.advance(1_000);
    await caughtUp;
    expect(blind.end()).toMatchObject({ entriesInvalidated: 1, entries: 1, state: "bypassed" });
    rig.plan = {};
    rig.forgetCalls();
    const next = await rig.invocation();
    expect([next.cache.get(ONE), next.cache.get(TWO), rig.calls]).toEqual([
      undefined,
      "two",
      ["getRecords", "getRecords"],
    ]);
  });

  test("of one invocation with little time is still there for another with more", async () => {
    const rig = new Rig({ maxStalenessMs: 5 });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(6);
    (await rig.invocation()).end();
    await rig.clock.advance(6);
    rig.plan = { answerMs: 300 };
    const [hurried, patient] = [rig.begin(200), rig.begin()];
    const both = [hurried.catchUp(), patient.catchUp()];
    await rig.clock.advance(300);
    await Promise.all(both);
    expect([hurried.cache.freshness.state, patient.cache.freshness.state]).toEqual(["bypassed", "fresh"]);
    expect([hurried.end()?.kinesisLatencyMs, patient.end()?.kinesisLatencyMs]).toEqual([100, 300]);
  });
});

describe("a record that cannot be understood", () => {
  test("flushes, is counted and said, and what comes after it is read", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one", 2: "two" });
    rig.elsewhere.putsGarbage();
    const after = await rig.invocation();
    expect([after.cache.get(ONE), after.cache.freshness.state]).toEqual([undefined, "fresh"]);
    await after.cache.getOrAdd(ONE, () => "new");
    expect(after.end()).toMatchObject({ recordsSkipped: 1, flushes: 1, entriesInvalidated: 2 });
    expect([rig.notices.started, rig.notices.ended]).toEqual([["record"], []]);
    rig.elsewhere.invalidates(ONE);
    expect((await rig.invocation()).cache.get(ONE)).toBeUndefined();
    expect(rig.notices.ended).toEqual(["record"]);
  });

  test("is no flush when there is nothing left to flush", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.elsewhere.putsGarbage();
    rig.plan = { answerMs: 100 };
    const reading = rig.begin();
    const both = [reading.catchUp(), rig.begin().cache.invalidateAll()];
    await rig.clock.advance(100);
    await Promise.all(both);
    expect(reading.end()).toMatchObject({ recordsSkipped: 1, flushes: 0 });
  });
});
