/** What one invocation is served, may store, and says of itself. */
import { describe, expect, test } from "@jest/globals";
import { type DataId, dataId } from "../../../../src/core/data-id.js";
import { InvalidDataIdError, InvalidOptionError } from "../../../../src/errors.js";
import { Rig, slowLoad, userId } from "../../support/rig.js";

const ONE = userId("1");

describe("get", () => {
  test("misses what is not there, and returns what was added", async () => {
    const { cache } = await new Rig().invocation();
    expect(cache.get(ONE)).toBeUndefined();
    expect(cache.add(ONE, "one")).toBe(true);
    expect(cache.get(ONE)).toBe("one");
    expect(cache.get(userId("2"))).toBeUndefined();
    expect(cache.get(dataId("db.orders.id", "1"))).toBeUndefined();
  });

  test("an id of another copy of the package names the same entry", async () => {
    const { cache } = await new Rig().invocation();
    const foreign = { source: "db.users.id", id: "1" } as unknown as DataId<string>;
    expect(cache.add(foreign, "one")).toBe(true);
    expect([cache.get(ONE), cache.get(foreign)]).toEqual(["one", "one"]);
  });

  test("waits for no load of another invocation before the stream has been read", async () => {
    const rig = new Rig();
    const slow = slowLoad<string>();
    const older = (await rig.invocation()).cache.getOrAdd(ONE, slow.load);
    expect(await rig.begin().cache.getOrAdd(ONE, () => "its own")).toBe("its own");
    slow.returns("older");
    expect(await older).toBe("older");
  });

  test("misses before the stream has been read, and after it could not be", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const invocation = rig.begin();
    expect(invocation.cache.get(ONE)).toBeUndefined();
    rig.plan = { fail: "unavailable" };
    await invocation.catchUp();
    expect([invocation.cache.get(ONE), invocation.cache.freshness.state]).toEqual([undefined, "bypassed"]);
    invocation.end();
    rig.plan = {};
    expect((await rig.invocation()).cache.get(ONE)).toBe("one");
  });

  test.each([["id=1&s=db.users.id&t=data.ID"], [undefined], [null], [5], [{}], [{ observableId: () => ONE }]])(
    "%p instead of an id is refused, by add and getOrAdd too",
    async (id) => {
      const { cache } = await new Rig().invocation();
      const wrong = id as unknown as DataId<string>;
      expect(() => cache.get(wrong)).toThrow(InvalidDataIdError);
      expect(() => cache.add(wrong, "one")).toThrow(InvalidDataIdError);
      const load = () => Promise.reject(new Error("was called"));
      await expect(cache.getOrAdd(wrong, load)).rejects.toThrow(InvalidDataIdError);
    },
  );

  test("an object that has an id is not taken for one, and the error says that an id was expected", async () => {
    const { cache } = await new Rig().invocation();
    const observable = { observableId: () => ONE } as unknown as DataId<string>;
    expect(() => cache.get(observable)).toThrow("scache: expected a data id, but got {observableId}");
  });
});

describe("add", () => {
  test("takes null, and everything false, as values; undefined is none", async () => {
    const { cache } = await new Rig().invocation();
    for (const value of [null, 0, "", false, Number.NaN]) {
      expect(cache.add(dataId<unknown>("s", "1"), value)).toBe(true);
      expect(cache.get(dataId("s", "1"))).toBe(value);
    }
    expect(cache.add(dataId<unknown>("s", "2"), undefined)).toBe(false);
    expect(cache.add(dataId<unknown>("s", "1"), undefined)).toBe(false);
    expect(cache.get(dataId("s", "1"))).toBeNaN();
  });

  test("replaces what was there", async () => {
    const { cache } = await new Rig().invocation();
    cache.add(ONE, "old");
    expect(cache.add(ONE, "new")).toBe(true);
    expect(cache.get(ONE)).toBe("new");
  });

  test("freezes the value all the way down, whether or not it can be stored", async () => {
    const { cache } = await new Rig({ maxBytes: 1_000 }).invocation();
    const id = dataId<{ name: string; tags: string[] }>("s", "1");
    const [stored, refused] = [
      { name: "a", tags: ["b"] },
      { name: "x".repeat(1_000), tags: ["b"] },
    ];
    expect([cache.add(id, stored), cache.add(dataId(id.source, "2"), refused)]).toEqual([true, false]);
    for (const value of [stored, refused]) {
      expect([Object.isFrozen(value), Object.isFrozen(value.tags)]).toEqual([true, true]);
    }
    expect(cache.get(id)).toBe(stored);
  });

  test("with freeze off the value stays as it is", async () => {
    const { cache } = await new Rig({ freeze: false }).invocation();
    const value = { tags: ["b"] };
    expect(cache.add(dataId("s", "1"), value)).toBe(true);
    expect([Object.isFrozen(value), Object.isFrozen(value.tags)]).toEqual([false, false]);
  });

  test("refuses, without a word to the handler, a value that cannot be measured", async () => {
    const sizes: (() => unknown)[] = [
      () => Number.NaN,
      () => -1,
      () => Number.POSITIVE_INFINITY,
      () => "5",
      () => {
        throw new Error("not today");
      },
    ];
    for (const sizeOf of sizes) {
      const { cache } = await new Rig({ sizeOf: sizeOf as () => number }).invocation();
      expect([cache.add(ONE, "one"), cache.get(ONE)]).toEqual([false, undefined]);
    }
  });

  test("refuses, and a debug line tells why, what a sizeOf throws at", async () => {
    const mine = new Error("mine");
    const rig = new Rig({
      sizeOf: () => {
        throw mine;
      },
    });
    const { cache } = await rig.invocation();
    expect(cache.add(ONE, "one")).toBe(false);
    expect([rig.notices.debugs, rig.notices.details]).toEqual([["a value could not be cached"], [{ cause: mine }]]);
  });

  test.each([
    [{ ttl: 5 }, "ttl", 'unknown option "ttl"; did you mean "ttlMs"?'],
    [{ constructor: 1 }, "constructor", 'unknown option "constructor"; the options are savedMs, ttlMs'],
    [{ savedMs: Number.NaN }, "savedMs", "a number of milliseconds, but got NaN"],
    [{ savedMs: Number.POSITIVE_INFINITY }, "savedMs", "a number of milliseconds, but got Infinity"],
    [{ savedMs: "5" }, "savedMs", 'a number of milliseconds, but got "5"'],
    [{ ttlMs: 0 }, "ttlMs", "a positive number of milliseconds, but got 0"],
    [{ ttlMs: -1 }, "ttlMs", "a positive number of milliseconds, but got -1"],
    [{ ttlMs: Number.NaN }, "ttlMs", "a positive number of milliseconds, but got NaN"],
    [{ ttlMs: "5" }, "ttlMs", 'a positive number of milliseconds, but got "5"'],
    [{ ttlMs: null }, "ttlMs", "a positive number of milliseconds, but got null"],
    [{ __proto__: { toString: 5 } }, "toString", 'unknown option "toString"; the options are savedMs, ttlMs'],
    [new Proxy({}, {}), "options", "an object, but got a Proxy"],
    [null, "options", "an object, but got null"],
    [5_000, "options", "an object, but got 5000"],
  ])("refuses the options %p, naming %s, as getOrAdd does before it loads", async (options, option, expected) => {
    const { cache } = await new Rig().invocation();
    const wrong = options as { savedMs: number };
    const message = expected.startsWith("unknown") ? expected : `option "${option}" must be ${expected}`;
    const failure = expect.objectContaining({ option, message: `scache: ${message}` });
    expect(() => cache.add(ONE, "one", wrong)).toThrow(InvalidOptionError);
    expect(() => cache.add(ONE, "one", wrong)).toThrow(failure);
    let loads = 0;
    const load = () => String(++loads);
    await expect(cache.getOrAdd(ONE, load, wrong)).rejects.toEqual(failure);
    expect(loads).toBe(0);
  });
});

describe("a lifetime", () => {
  test("is judged by the clock when it can end within the invocation", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation(60_000);
    cache.add(ONE, "one", { ttlMs: 1_000 });
    await rig.clock.advance(999);
    expect(cache.get(ONE)).toBe("one");
    await rig.clock.advance(1);
    expect(cache.get(ONE)).toBeUndefined();
  });

  test("that ends with the invocation's last moment is judged by the clock, too", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation(1_000);
    cache.add(ONE, "one", { ttlMs: 1_000 });
    await rig.clock.advance(1_000);
    expect(cache.get(ONE)).toBeUndefined();
  });

  test("is between the two bounds by chance, and the same for add and getOrAdd", async () => {
    const rig = new Rig({ ttlMs: { min: 1_000, max: 2_000 } });
    const { cache } = await rig.invocation(60_000);
    cache.add(ONE, "one");
    await cache.getOrAdd(userId("2"), () => "two");
    await rig.clock.advance(1_499);
    expect([cache.get(ONE), cache.get(userId("2"))]).toEqual(["one", "two"]);
    await rig.clock.advance(1);
    expect([cache.get(ONE), cache.get(userId("2"))]).toEqual([undefined, undefined]);
  });

  test("goes on while the environment is frozen", async () => {
    const rig = new Rig({ ttlMs: 1_000 });
    await rig.warm({ 1: "one" });
    rig.clock.freeze(1_001);
    const { cache } = await rig.invocation();
    expect([cache.get(ONE), cache.freshness.state]).toEqual([undefined, "empty"]);
  });
});

describe("the load behind an add", () => {
  test("began at the first miss: an invalidation since then keeps it out, and whatever is added later", async () => {
    const { cache } = await new Rig().invocation();
    cache.get(ONE);
    await cache.invalidate(ONE);
    cache.get(ONE);
    expect(cache.add(ONE, "of which miss?")).toBe(false);
    expect(cache.add(ONE, "of the other one?")).toBe(false);
    cache.get(ONE);
    expect(cache.add(ONE, "of a load without a get?")).toBe(false);
    expect(await cache.getOrAdd(ONE, () => "new")).toBe("new");
    expect(cache.get(ONE)).toBe("new");
  });

  test("began after the invocation's own change, when every miss before had been answered", async () => {
    const { cache } = await new Rig().invocation();
    cache.get(ONE);
    expect(cache.add(ONE, "old")).toBe(true);
    await cache.invalidate(ONE);
    expect(cache.get(ONE)).toBeUndefined();
    expect(cache.add(ONE, "new")).toBe(true);
  });

  test("without a miss began with the invocation", async () => {
    const { cache } = await new Rig().invocation();
    await cache.invalidate(ONE);
    expect(cache.add(ONE, "since when?")).toBe(false);
    expect(cache.add(userId("2"), "two")).toBe(true);
  });

  test.each([
    ["its source", (cache: CacheOf) => cache.invalidateSource("db.users.id")],
    ["everything", (cache: CacheOf) => cache.invalidateAll()],
  ])("is refused when %s was invalidated since", async (_what, invalidate) => {
    const { cache } = await new Rig().invocation();
    cache.get(ONE);
    await invalidate(cache);
    expect(cache.add(ONE, "old")).toBe(false);
  });

  test("never replaces a value whose load began later", async () => {
    const { cache } = await new Rig().invocation();
    const slow = slowLoad<string>();
    const older = cache.getOrAdd(ONE, slow.load);
    await cache.invalidate(userId("another"));
    cache.get(ONE);
    cache.add(ONE, "newer");
    slow.returns("older");
    expect(await older).toBe("older");
    expect(cache.get(ONE)).toBe("newer");
  });
});

type CacheOf = Awaited<ReturnType<Rig["invocation"]>>["cache"];
