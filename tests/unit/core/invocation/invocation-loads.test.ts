/** What `getOrAdd` loads, stores and shares, within one invocation and among several. */
import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../../../src/core/data-id.js";
import { Rig, slowLoad, userId } from "../../support/rig.js";

const ONE = userId("1");
const mustNotLoad = () => Promise.reject(new Error("was loaded again"));

describe("getOrAdd", () => {
  test("loads what is not there, caches it, and does not load it again", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    expect(await cache.getOrAdd(ONE, async () => "one")).toBe("one");
    expect(await cache.getOrAdd(ONE, mustNotLoad)).toBe("one");
    expect(await (await rig.invocation()).cache.getOrAdd(ONE, mustNotLoad)).toBe("one");
  });

  test("takes a load that returns at once, and one that returns null", async () => {
    const { cache } = await new Rig().invocation();
    expect(await cache.getOrAdd(ONE, () => "one")).toBe("one");
    const none = dataId<null>("s", "none");
    expect(await cache.getOrAdd(none, () => null)).toBeNull();
    expect(await cache.getOrAdd(none, mustNotLoad)).toBeNull();
  });

  test("hands on undefined without caching it", async () => {
    const { cache } = await new Rig().invocation();
    let loads = 0;
    const load = () => {
      loads += 1;
      return undefined;
    };
    expect([await cache.getOrAdd(dataId("s", "1"), load), await cache.getOrAdd(dataId("s", "1"), load)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(loads).toBe(2);
  });

  test("rejects with exactly what the load threw or rejected with, and loads anew next time", async () => {
    const { cache } = await new Rig().invocation();
    const failure = new Error("no such table");
    const thrown = cache.getOrAdd(ONE, () => {
      throw failure;
    });
    expect(await thrown.catch((error: unknown) => error)).toBe(failure);
    expect(await cache.getOrAdd(ONE, () => Promise.reject(failure)).catch((error: unknown) => error)).toBe(failure);
    expect(await cache.getOrAdd(ONE, () => "one")).toBe("one");
  });

  test("returns what it loaded even when that cannot be cached", async () => {
    const { cache } = await new Rig({ maxBytes: 100 }).invocation();
    const large = "x".repeat(1_000);
    expect(await cache.getOrAdd(ONE, () => large)).toBe(large);
    expect(cache.get(ONE)).toBeUndefined();
  });

  test("returns the first value frozen, as every later one is", async () => {
    const { cache } = await new Rig().invocation();
    const value = await cache.getOrAdd(dataId<{ tags: string[] }>("s", "1"), () => ({ tags: ["a"] }));
    expect([Object.isFrozen(value), Object.isFrozen(value.tags)]).toEqual([true, true]);
  });

  test("does not store what was invalidated while it was loaded, though it returns it", async () => {
    const { cache } = await new Rig().invocation();
    const slow = slowLoad<string>();
    const loading = cache.getOrAdd(ONE, slow.load);
    await cache.invalidate(ONE);
    slow.returns("old");
    expect(await loading).toBe("old");
    expect(cache.get(ONE)).toBeUndefined();
  });

  test("does not store what another environment invalidated while it was loaded", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const invocation = await rig.invocation();
    const slow = slowLoad<string>();
    const loading = invocation.cache.getOrAdd(ONE, slow.load);
    rig.elsewhere.invalidates(ONE);
    const second = await rig.invocation();
    slow.returns("old");
    await loading;
    expect([invocation.cache.get(ONE), second.cache.get(ONE)]).toEqual([undefined, undefined]);
  });
});

describe("a load under way", () => {
  test("is shared by all that ask for the id, and by none that ask for another", async () => {
    const { cache } = await new Rig().invocation();
    const slow = slowLoad<string>();
    const shared = [cache.getOrAdd(ONE, slow.load), cache.getOrAdd(userId("1"), mustNotLoad)];
    expect(await cache.getOrAdd(userId("2"), () => "two")).toBe("two");
    slow.returns("one");
    expect(await Promise.all(shared)).toEqual(["one", "one"]);
  });

  test("that fails, fails for all who share it", async () => {
    const { cache } = await new Rig().invocation();
    const slow = slowLoad<string>();
    const shared = [cache.getOrAdd(ONE, slow.load), cache.getOrAdd(ONE, mustNotLoad)];
    slow.fails(new Error("no such table"));
    for (const result of await Promise.allSettled(shared)) {
      expect(result).toMatchObject({ status: "rejected", reason: { message: "no such table" } });
    }
  });

  test("is not shared any more once the id was invalidated", async () => {
    const { cache } = await new Rig().invocation();
    const slow = slowLoad<string>();
    const before = cache.getOrAdd(ONE, slow.load);
    await cache.invalidate(ONE);
    const after = cache.getOrAdd(ONE, () => "new");
    slow.returns("old");
    expect([await before, await after, cache.get(ONE)]).toEqual(["old", "new", "new"]);
  });

  test("of another invocation is shared when everything since was read", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const first = await rig.invocation();
    const slow = slowLoad<string>();
    const loading = first.cache.getOrAdd(ONE, slow.load);
    const second = await rig.invocation();
    expect(second.cache.freshness.state).toBe("fresh");
    const shared = second.cache.getOrAdd(ONE, mustNotLoad);
    slow.returns("one");
    expect([await loading, await shared]).toEqual(["one", "one"]);
    expect(second.end()).toMatchObject({ loadsShared: 1, misses: 1, hits: 0 });
  });

  test("that began before an invocation with nothing to read is not shared with it", async () => {
    const rig = new Rig();
    const first = await rig.invocation();
    const slow = slowLoad<string>();
    const loading = first.cache.getOrAdd(ONE, slow.load);
    const second = await rig.invocation();
    expect(second.cache.freshness.state).toBe("empty");
    expect(await second.cache.getOrAdd(ONE, () => "new")).toBe("new");
    slow.returns("old");
    await loading;
    expect(second.cache.get(ONE)).toBe("new");
  });

  test("that began before an invocation that could not read is not shared with it; a later one is", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const first = await rig.invocation();
    const early = slowLoad<string>();
    const loading = first.cache.getOrAdd(ONE, early.load);
    rig.plan = { fail: "unavailable" };
    const second = await rig.invocation();
    expect(second.cache.freshness.state).toBe("bypassed");
    const late = slowLoad<string>();
    const both = [second.cache.getOrAdd(ONE, late.load), second.cache.getOrAdd(ONE, mustNotLoad)];
    late.returns("new");
    early.returns("old");
    expect([await loading, ...(await Promise.all(both))]).toEqual(["old", "new", "new"]);
  });

  test("that began before an invocation served under onRefreshError serve is shared with it", async () => {
    const rig = new Rig({ onRefreshError: "serve" });
    await rig.warm({ other: "value" });
    const first = await rig.invocation();
    const slow = slowLoad<string>();
    const loading = first.cache.getOrAdd(ONE, slow.load);
    rig.plan = { fail: "unavailable" };
    const second = await rig.invocation();
    expect(second.cache.freshness.state).toBe("stale");
    const shared = second.cache.getOrAdd(ONE, mustNotLoad);
    slow.returns("one");
    expect([await loading, await shared]).toEqual(["one", "one"]);
  });

  test("of an invocation that is over is not waited for, whenever that was: it may never return", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const [ended, late] = [await rig.invocation(), await rig.invocation(1_000)];
    const beside = await rig.invocation();
    void ended.cache.getOrAdd(ONE, slowLoad<string>().load);
    void late.cache.getOrAdd(userId("2"), slowLoad<string>().load);
    ended.end();
    expect(await beside.cache.getOrAdd(ONE, () => "one")).toBe("one");
    await rig.clock.advance(1_001);
    expect(await beside.cache.getOrAdd(userId("2"), () => "two")).toBe("two");
  });

  test("of another invocation is shared until its time is up, the last moment included", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const first = await rig.invocation(1_000);
    const beside = await rig.invocation();
    const slow = slowLoad<string>();
    const loading = first.cache.getOrAdd(ONE, slow.load);
    await rig.clock.advance(1_000);
    const shared = beside.cache.getOrAdd(ONE, mustNotLoad);
    slow.returns("one");
    expect([await loading, await shared]).toEqual(["one", "one"]);
  });

  test("is shared within its own invocation even when that is over, as a response still streaming is", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation(1_000);
    const slow = slowLoad<string>();
    const loading = invocation.cache.getOrAdd(ONE, slow.load);
    await rig.clock.advance(1_001);
    const shared = invocation.cache.getOrAdd(ONE, mustNotLoad);
    slow.returns("one");
    expect([await loading, await shared]).toEqual(["one", "one"]);
  });

  test("refresh() keeps what began before it, and was invalidated meanwhile, from being shared or stored", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const { cache } = await rig.invocation();
    const slow = slowLoad<string>();
    const loading = cache.getOrAdd(ONE, slow.load);
    rig.elsewhere.invalidates(ONE);
    await cache.refresh();
    expect(await cache.getOrAdd(ONE, () => "new")).toBe("new");
    slow.returns("old");
    await loading;
    expect(cache.get(ONE)).toBe("new");
  });
});
