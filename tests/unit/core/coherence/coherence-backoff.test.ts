/** When a stream that does not answer well is left alone, and what the invocations get that begin then. */
import { describe, expect, test } from "@jest/globals";
import { Rig, userId } from "../../support/rig.js";

const ONE = userId("1");
const TWO = userId("2");

describe("backing off", () => {
  test("from throttling begins at once: the next invocation neither calls nor waits, and misses", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { fail: "throttled" };
    expect((await rig.invocation()).end()).toMatchObject({ throttles: 1 });
    rig.plan = {};
    rig.forgetCalls();
    const spared = await rig.invocation();
    expect([rig.calls, spared.cache.get(ONE)]).toEqual([[], undefined]);
    expect(spared.end()).toMatchObject({ state: "bypassed", refreshFailures: 1, kinesisLatencyMs: 0, throttles: 0 });
    await rig.clock.advance(200);
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });

  test("from another failure begins with the second in a row", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { fail: "refused" };
    (await rig.invocation()).end();
    (await rig.invocation()).end();
    rig.forgetCalls();
    (await rig.invocation()).end();
    expect(rig.calls).toEqual([]);
  });

  test("from a stream that is not there begins with the second time it is missed", async () => {
    const rig = new Rig();
    rig.plan = { fail: "lost" };
    const callsOf = async () => {
      const invocation = await rig.invocation();
      await invocation.cache.getOrAdd(ONE, () => "one");
      invocation.end();
      return rig.forgetCalls().length;
    };
    expect([await callsOf(), await callsOf(), await callsOf(), await callsOf()]).toEqual([0, 1, 1, 0]);
    expect((await rig.invocation()).cache.freshness.state).toBe("bypassed");
    await rig.clock.advance(200);
    expect(await callsOf()).toBe(1);
  });

  test("does not come from a position that was lost: what follows begins anew", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { fail: "unavailable" };
    (await rig.invocation()).end();
    rig.plan = { fail: "lost" };
    const losing = await rig.invocation();
    await losing.cache.getOrAdd(ONE, () => "one");
    losing.end();
    rig.plan = {};
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });

  test("ends with a success: failures before it do not count", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    for (let round = 0; round < 3; round++) {
      rig.plan = { fail: "refused" };
      (await rig.invocation()).end();
      rig.plan = {};
      rig.forgetCalls();
      expect([(await rig.invocation()).cache.get(ONE), rig.calls]).toEqual(["one", ["getRecords"]]);
    }
  });

  test("gives the reason it backed off for", async () => {
    const rig = new Rig({ onRefreshError: "throw" });
    await rig.warm({ 1: "one" });
    rig.plan = { fail: "throttled" };
    await expect(rig.invocation()).rejects.toThrow("getRecords: throttled");
    await expect(rig.invocation()).rejects.toThrow("getRecords: throttled");
    expect(rig.forgetCalls()).toHaveLength(1);
  });

  test("from refreshes that nobody waited for to their end gives that as its reason", async () => {
    const rig = new Rig({ onRefreshError: "throw" });
    await rig.warm({ 1: "one" });
    rig.plan = { hang: true };
    for (let attempt = 0; attempt < 2; attempt++) {
      const hurried = rig.begin(200);
      const failure = expect(hurried.catchUp()).rejects.toThrow("not caught up within 100 ms");
      await rig.clock.advance(100);
      await failure;
      hurried.end();
    }
    rig.forgetCalls();
    await expect(rig.invocation()).rejects.toThrow("the deadline passed");
    expect(rig.calls).toEqual([]);
  });

  test("does not concern an invocation that has nothing to read", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = ({ operation }) => (operation === "putRecords" ? {} : { fail: "throttled" });
    const blind = await rig.invocation();
    expect(blind.cache.freshness.state).toBe("bypassed");
    await blind.cache.invalidateAll();
    expect((await rig.invocation()).cache.freshness.state).toBe("empty");
  });

  test("is not for a backlog: it is read without a pause, however many refreshes it takes", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.elsewhere.invalidates(ONE);
    for (let record = 0; record < 350; record++) rig.elsewhere.invalidates(TWO);
    rig.plan = { pageRecords: 1 };
    const refreshes: unknown[] = [];
    for (let refresh = 0; refresh < 4; refresh++) {
      const reading = await rig.invocation();
      // Something to read for, at the next.
      reading.cache.add(userId("3"), "three");
      refreshes.push([rig.forgetCalls().length, reading.end()?.state]);
    }
    expect(refreshes).toEqual([
      [100, "bypassed"],
      [100, "bypassed"],
      [100, "bypassed"],
      [51, "fresh"],
    ]);
  });

  test("is for a failure all the same when another shard had something to say", async () => {
    const rig = new Rig({}, 2);
    await rig.warm({ 1: "one", 2: "two" });
    rig.elsewhere.invalidates(ONE);
    const [withRecord] = rig.stream.shards().filter((shard) => shard.read(0, 1).length > 0);
    rig.plan = ({ shardId }) => (shardId === withRecord?.id ? {} : { fail: "throttled" });
    expect((await rig.invocation()).end()).toMatchObject({ entriesInvalidated: 1, throttles: 1 });
    rig.forgetCalls();
    (await rig.invocation()).end();
    expect(rig.calls).toEqual([]);
  });
});
