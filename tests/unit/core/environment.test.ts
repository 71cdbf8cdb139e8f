/** Several invocations over one cache: what each may be served of what the others do. */
import { describe, expect, test } from "@jest/globals";
import { readWhole } from "../../support/read-whole.js";
import { Rig, slowLoad, userId } from "../support/rig.js";

const ONE = userId("1");

describe("a cache held past its invocation", () => {
  test("misses once another invocation has begun", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const held = await rig.invocation();
    expect(held.cache.get(ONE)).toBe("one");
    held.end();
    rig.elsewhere.invalidates(ONE);
    rig.begin();
    expect(held.cache.get(ONE)).toBeUndefined();
    expect(await held.cache.getOrAdd(ONE, () => "new")).toBe("new");
  });

  test("goes on serving until then, as for a response that is still streaming", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const streaming = await rig.invocation();
    streaming.end();
    expect(streaming.cache.get(ONE)).toBe("one");
    expect(streaming.cache.add(userId("2"), "two")).toBe(true);
  });

  test("cannot store what it began to load before the next invocation began", async () => {
    const rig = new Rig();
    const held = await rig.invocation();
    const slow = slowLoad<string>();
    const loading = held.cache.getOrAdd(ONE, slow.load);
    held.cache.get(userId("2"));
    held.end();
    const next = await rig.invocation();
    slow.returns("old");
    await loading;
    expect(held.cache.add(userId("2"), "old")).toBe(false);
    expect([next.cache.get(ONE), next.cache.get(userId("2"))]).toEqual([undefined, undefined]);
  });

  test("is no reason to remember anything: one that was never ended is forgotten when its time is up", async () => {
    const rig = new Rig();
    const lost = await rig.invocation(1_000);
    lost.cache.get(ONE);
    await rig.clock.advance(1_001);
    const next = await rig.invocation();
    expect(lost.cache.add(ONE, "old")).toBe(false);
    expect(next.cache.get(ONE)).toBeUndefined();
  });
});

describe("an invocation that began with nothing cached", () => {
  test("reads nothing, and is served what was loaded since", async () => {
    const rig = new Rig();
    const [first, second] = [await rig.invocation(), await rig.invocation()];
    first.cache.add(userId("2"), "loaded before the second began, for all one knows");
    first.cache.get(ONE);
    first.cache.add(ONE, "loaded since");
    expect([second.cache.get(ONE), second.cache.get(userId("2"))]).toEqual(["loaded since", undefined]);
    expect(rig.calls).toEqual([]);
  });

  test("is not served what another began to load before it: that may have been invalidated in between", async () => {
    const rig = new Rig();
    const first = await rig.invocation();
    first.cache.get(ONE);
    rig.elsewhere.invalidates(ONE);
    const second = await rig.invocation();
    first.cache.add(ONE, "old");
    expect(second.cache.get(ONE)).toBeUndefined();
    expect(second.cache.freshness).toEqual({ state: "empty", asOf: rig.clock.now(), boundMs: 0 });
  });

  test("after refresh() is served only what is proven then", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    cache.get(ONE);
    cache.add(ONE, "one");
    await rig.clock.advance(5_000);
    expect(await cache.refresh()).toEqual({ state: "fresh", asOf: rig.clock.now(), boundMs: 0 });
    expect(cache.get(ONE)).toBe("one");
    rig.elsewhere.invalidates(ONE);
    expect(cache.get(ONE)).toBe("one");
    await cache.refresh();
    expect(cache.get(ONE)).toBeUndefined();
  });
});

describe("while a refresh() is under way", () => {
  test("freshness is still that of what is served", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const { cache } = await rig.invocation();
    const before = cache.freshness;
    await rig.clock.advance(1_000);
    rig.plan = { answerMs: 100 };
    const refreshing = cache.refresh();
    expect(cache.freshness).toEqual(before);
    await rig.clock.advance(100);
    expect(await refreshing).toEqual({
      state: "fresh",
      asOf: before.asOf === undefined ? 0 : before.asOf + 1_000,
      boundMs: 0,
    });
  });

  test("another one that began later, and ends earlier, is not undone by it", async () => {
    const rig = new Rig({ ttlMs: 1_000 });
    await rig.warm({ other: "value" });
    const { cache } = await rig.invocation();
    await rig.clock.advance(900);
    rig.plan = { answerMs: 500 };
    const earlier = cache.refresh();
    await rig.clock.advance(50);
    const slow = slowLoad<string>();
    const loading = cache.getOrAdd(ONE, slow.load);
    await rig.clock.advance(50);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(100);
    // By now what was cached has expired, so that nothing has to be read.
    expect((await cache.refresh()).state).toBe("empty");
    slow.returns("old");
    await loading;
    await rig.clock.advance(500);
    await earlier;
    expect([cache.freshness.state, cache.get(ONE)]).toEqual(["empty", undefined]);
  });
});

describe("a refresh() that is still under way when its invocation ends", () => {
  for (const onRefreshError of ["bypass", "throw"] as const) {
    test(`is left, and nothing is served by what was known before it, with ${onRefreshError}`, async () => {
      const rig = new Rig({ onRefreshError });
      await rig.warm({ 1: "one" });
      const invocation = await rig.invocation();
      rig.plan = { hang: true };
      const refreshing = invocation.cache.refresh();
      const covering = invocation.cache.refresh({ covers: "another's" });
      await rig.clock.advance(1);
      expect(rig.client.pendingCalls).toBe(1);
      invocation.end();
      expect([await refreshing, await covering]).toMatchObject([{ state: "bypassed" }, { state: "bypassed" }]);
      expect([rig.client.pendingCalls, rig.clock.pendingTimers]).toEqual([0, 0]);
      expect(invocation.cache.get(ONE)).toBeUndefined();
      rig.plan = {};
      expect((await rig.invocation()).cache.get(ONE)).toBe("one");
      expect(rig.notices.started).toEqual([]);
    });
  }

  test("goes on for another invocation that waits for it, too", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const first = await rig.invocation();
    rig.forgetCalls();
    rig.plan = { answerMs: 100 };
    const second = rig.begin();
    void first.cache.refresh();
    const caughtUp = second.catchUp();
    first.end();
    await rig.clock.advance(200);
    await caughtUp;
    expect([second.freshness.state, second.cache.get(ONE), rig.notices.started]).toEqual(["fresh", "one", []]);
    expect(rig.forgetCalls()).toEqual(["getRecords"]);
  });
});

describe("an invocation that could not read", () => {
  test("stores what it loads, for the others", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    rig.plan = { fail: "unavailable" };
    const blind = await rig.invocation();
    expect(await blind.cache.getOrAdd(ONE, () => "one")).toBe("one");
    expect(blind.cache.get(ONE)).toBeUndefined();
    rig.plan = {};
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });

  test("can read after all, by refresh()", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { fail: "unavailable" };
    const { cache } = await rig.invocation();
    rig.plan = {};
    expect(await cache.refresh()).toMatchObject({ state: "fresh" });
    expect(cache.get(ONE)).toBe("one");
  });
});

describe("invalidate", () => {
  test("drops here at once, and elsewhere with the next refresh", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one", 2: "two" });
    const [writer, beside] = [await rig.invocation(), await rig.invocation()];
    const publishing = writer.cache.invalidate(ONE);
    expect([writer.cache.get(ONE), beside.cache.get(ONE), beside.cache.get(userId("2"))]).toEqual([
      undefined,
      undefined,
      "two",
    ]);
    expect(await publishing).toMatch(/^[\w-]+$/);
    expect(rig.stream.shards()[0]?.read(0, 10)).toHaveLength(1);
  });

  test("drops again once it is acknowledged what was loaded and stored meanwhile", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    rig.plan = { answerMs: 100 };
    const publishing = cache.invalidate(ONE);
    expect(await cache.getOrAdd(ONE, () => "read too early, perhaps")).toBe("read too early, perhaps");
    expect(cache.get(ONE)).toBe("read too early, perhaps");
    const slow = slowLoad<string>();
    const loading = cache.getOrAdd(userId("2"), slow.load);
    await rig.clock.advance(100);
    await publishing;
    expect(cache.get(ONE)).toBeUndefined();
    slow.returns("two");
    await loading;
    expect(cache.get(userId("2"))).toBe("two");
  });

  test("says what has changed, in one record, and nothing else", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    await cache.invalidate(ONE, userId("2"), ONE);
    await cache.invalidateSource("db.users.id");
    await cache.invalidateAll();
    expect(rig.stream.shards().flatMap((shard) => shard.read(0, 10).map(({ data }) => readWhole(data)))).toEqual([
      { keys: [ONE.toString(), userId("2").toString()], sources: [], all: false },
      { keys: [], sources: ["db.users.id"], all: false },
      { keys: [], sources: [], all: true },
    ]);
  });

  test("drops a source, and everything, in the same way", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const { cache } = await rig.invocation();
    await cache.invalidateSource("db.orders.id");
    expect(cache.get(ONE)).toBe("one");
    await cache.invalidateSource("db.users.id");
    expect(cache.get(ONE)).toBeUndefined();
    cache.add(ONE, "new");
    await cache.invalidateAll();
    expect(cache.get(ONE)).toBeUndefined();
  });

  test("drops here all the same when it rejects, before and after, and names what was not published", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const { cache } = await rig.invocation();
    rig.plan = { fail: "refused" };
    const publishing = cache.invalidate(ONE, { observableId: () => userId("2") });
    expect(cache.get(ONE)).toBeUndefined();
    cache.add(ONE, "stored meanwhile");
    await expect(publishing).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      ids: [ONE.toString(), userId("2").toString()],
    });
    expect(cache.get(ONE)).toBeUndefined();
    await expect(cache.invalidateSource("db.users.id")).rejects.toMatchObject({ ids: [], sources: ["db.users.id"] });
    await expect(cache.invalidateAll()).rejects.toMatchObject({ everything: true });
    expect([rig.notices.started, rig.notices.reasons]).toEqual([["publish"], ["one was not acknowledged"]]);
    rig.plan = {};
    await cache.invalidateAll();
    expect(rig.notices.ended).toEqual(["publish"]);
  });

  test("rejects, and drops nothing, when one of the targets is no id", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const { cache } = await rig.invocation();
    for (const wrong of [undefined, "1", {}, { observableId: () => "1" }]) {
      await expect(cache.invalidate(ONE, wrong as never)).rejects.toMatchObject({ code: "INVALID_DATA_ID" });
    }
    await expect(cache.invalidateSource(5 as never)).rejects.toMatchObject({ code: "INVALID_DATA_ID" });
    expect(cache.get(ONE)).toBe("one");
    expect(rig.calls).not.toContain("putRecords");
  });

  test("gives up before the invocation's time is up, and after 10 seconds at most", async () => {
    for (const [remainingMs, givesUpMs] of [
      [1_000, 900],
      [60_000, 10_000],
    ] as const) {
      const rig = new Rig();
      const { cache } = await rig.invocation(remainingMs);
      rig.plan = { hang: true };
      let failed = false;
      cache.invalidate(ONE).catch(() => (failed = true));
      await rig.clock.advance(givesUpMs - 1);
      expect(failed).toBe(false);
      await rig.clock.advance(1);
      await rig.clock.advance(0);
      expect(failed).toBe(true);
      expect([rig.client.pendingCalls, rig.clock.pendingTimers]).toEqual([0, 0]);
    }
  });
});

describe("a record of its own", () => {
  test("says nothing new when it is read back: a write costs one miss, and another environment's costs one, too", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one", 2: "two" });
    const writing = await rig.invocation();
    await writing.cache.invalidate(userId("1"));
    expect(writing.cache.get(userId("1"))).toBeUndefined();
    writing.cache.add(userId("1"), "new");
    writing.end();
    // It reads its own record back, and another's beside it.
    rig.elsewhere.invalidates(userId("2"));
    const reading = await rig.invocation();
    expect([reading.cache.get(userId("1")), reading.cache.get(userId("2"))]).toEqual(["new", undefined]);
    expect(reading.end()).toMatchObject({ entriesInvalidated: 1, hits: 1, misses: 1 });
  });

  test("counts for nothing where the acknowledgement was lost and it was written twice", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    let lost = false;
    rig.plan = (call) => {
      if (call.operation !== "putRecords" || lost) return {};
      lost = true;
      return { loseAnswer: "reject" };
    };
    const writing = await rig.invocation();
    const published = writing.cache.invalidate(userId("1"));
    await rig.clock.advance(1_000);
    await published;
    writing.cache.get(userId("1"));
    writing.cache.add(userId("1"), "new");
    writing.end();
    expect((await rig.invocation()).cache.get(userId("1"))).toBe("new");
  });
});
