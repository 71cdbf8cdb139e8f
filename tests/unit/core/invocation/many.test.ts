/** Several data with one load: found, shared and stored by the rules of each. */
import { describe, expect, test } from "@jest/globals";
import { type DataId, dataId } from "../../../../src/core/data-id.js";
import { Rig, slowLoad, userId } from "../../support/rig.js";

const [ONE, TWO, THREE] = [userId("1"), userId("2"), userId("3")];

/** A loader that keeps what it was asked for. */
function loader(prefix = "loaded") {
  const asked: string[][] = [];
  const load = async (missing: readonly DataId<string>[]) => {
    asked.push(missing.map(({ id }) => id));
    return new Map(missing.map((id) => [id, `${prefix} ${id.id}`]));
  };
  return { asked, load };
}

const rejection = () => Promise.reject(new Error("down"));

describe("getOrAddMany", () => {
  test("loads all that is missing at once, in the order asked for, and caches it", async () => {
    const rig = new Rig();
    await rig.warm({ 2: "two" });
    const { asked, load } = loader();
    const invocation = await rig.invocation();
    const values = await invocation.cache.getOrAddMany([THREE, TWO, ONE, THREE], load);
    expect([...values].map(([id, value]) => [id.id, value])).toEqual([
      ["3", "loaded 3"],
      ["2", "two"],
      ["1", "loaded 1"],
    ]);
    expect([asked, invocation.cache.get(ONE), invocation.end()]).toEqual([
      [["3", "1"]],
      "loaded 1",
      expect.objectContaining({ hits: 2, misses: 2 }),
    ]);
  });

  test("calls no loader where nothing is missing", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const { asked, load } = loader();
    const { cache } = await rig.invocation();
    expect([await cache.getOrAddMany([ONE], load), await cache.getOrAddMany([], load), asked]).toEqual([
      new Map([[ONE, "one"]]),
      new Map(),
      [],
    ]);
  });

  test("leaves out, and does not cache, what the loader leaves out", async () => {
    const { cache } = await new Rig().invocation();
    const values = await cache.getOrAddMany([ONE, TWO], () => new Map([[dataId<string>("db.users.id", "2"), "two"]]));
    expect([[...values.values()], cache.get(ONE), cache.get(TWO)]).toEqual([["two"], undefined, "two"]);
  });

  test("loads together what came to nothing elsewhere", async () => {
    const rig = new Rig();
    const [other, own] = [await rig.invocation(), await rig.invocation()];
    const failing = other.cache.getOrAddMany([ONE, TWO, THREE], () => Promise.reject(new Error("down")));
    const { asked, load } = loader();
    const values = own.cache.getOrAddMany([ONE, TWO, THREE], load);
    await expect(failing).rejects.toThrow("down");
    expect([(await values).size, asked]).toEqual([3, [["1", "2", "3"]]]);
  });

  test("shares the loads of others, and others share its own", async () => {
    const { cache } = await new Rig().invocation();
    const slow = slowLoad<string>();
    const one = cache.getOrAdd(ONE, slow.load);
    const { asked, load } = loader("many");
    const many = cache.getOrAddMany([ONE, TWO], load);
    const two = cache.getOrAdd(TWO, () => "alone");
    slow.returns("one");
    expect([await one, await two, [...(await many).values()], asked]).toEqual([
      "one",
      "many 2",
      ["one", "many 2"],
      [["2"]],
    ]);
  });

  test("stores nothing that was invalidated while it was loaded, but hands it out", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation();
    const slow = slowLoad<Map<DataId<string>, string>>();
    const many = invocation.cache.getOrAddMany([ONE, TWO], slow.load);
    await invocation.cache.invalidate(ONE);
    slow.returns(
      new Map([
        [ONE, "old"],
        [TWO, "two"],
      ]),
    );
    expect([[...(await many).values()], invocation.cache.get(ONE), invocation.cache.get(TWO)]).toEqual([
      ["old", "two"],
      undefined,
      "two",
    ]);
  });

  test("counts for each hit its share of what the load has cost", async () => {
    const rig = new Rig();
    const { cache, ...rest } = await rig.invocation().then((invocation) => ({ cache: invocation.cache, invocation }));
    const many = cache.getOrAddMany([ONE, TWO], async (missing) => {
      await new Promise<void>((resolve) => rig.clock.after(100, resolve));
      return new Map(missing.map((id) => [id, id.id]));
    });
    await rig.clock.advance(100);
    await many;
    cache.get(ONE);
    expect(rest.invocation.end()).toMatchObject({ timeSavedMs: 50 });
  });

  test("rejects with what the loader rejects with, and the next call loads anew", async () => {
    const { cache } = await new Rig().invocation();
    const failing = cache.getOrAddMany([ONE, TWO], async () => {
      throw new Error("no database");
    });
    await expect(failing).rejects.toThrow("no database");
    expect([...(await cache.getOrAddMany([ONE, TWO], loader().load)).values()]).toEqual(["loaded 1", "loaded 2"]);
  });

  test("settles though its loader asks for one of its own ids", async () => {
    const { cache } = await new Rig().invocation();
    const values = await cache.getOrAddMany([ONE, TWO], async () => {
      const two = await cache.getOrAdd(TWO, () => "beside");
      return new Map([
        [ONE, "one"],
        [TWO, two],
      ]);
    });
    expect([...values.values()]).toEqual(["one", "beside"]);
  });

  test("gives the loader a list of its own, whatever it does with that", async () => {
    const { cache } = await new Rig().invocation();
    const asked = [THREE, ONE, TWO];
    const values = cache.getOrAddMany(asked, async (missing) => {
      const left = missing as DataId<string>[];
      const found = new Map<DataId<string>, string>();
      while (left.length > 0) for (const id of left.reverse().splice(0, 2)) found.set(id, `user ${id.id}`);
      return found;
    });
    asked.reverse();
    expect([...(await values)].map(([id, value]) => [id.id, value])).toEqual([
      ["3", "user 3"],
      ["1", "user 1"],
      ["2", "user 2"],
    ]);
  });

  test("answers for each of several equal ids", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    const { cache } = await rig.invocation();
    const ids = ["1", "2", "1", "2"].map(userId);
    const values = await cache.getOrAddMany(ids, loader().load);
    expect(ids.map((id) => values.get(id))).toEqual(["one", "loaded 2", "one", "loaded 2"]);
  });

  test.each([
    [
      "in its Map",
      (ids: readonly DataId[]) => new Map(ids.map((id) => [id, rejection()])),
      "a promise cannot be cached",
    ],
    ["in place of it", (ids: readonly DataId[]) => ids.map(rejection), "must return a Map"],
  ])("caches no promise %s, and lets none end the process", async (_where, load, message) => {
    const { cache } = await new Rig().invocation();
    await expect(cache.getOrAddMany([ONE, TWO], load as never)).rejects.toThrow(message);
    await new Promise((resolve) => setImmediate(resolve));
    expect(cache.get(ONE)).toBeUndefined();
  });

  test("that leaves an id out leaves it to the loaders of those who share that load, of each invocation one", async () => {
    const rig = new Rig();
    const [first, second] = [await rig.invocation(), await rig.invocation()];
    const slow = slowLoad<Map<DataId<string>, string>>();
    const several = first.cache.getOrAddMany([ONE, TWO], slow.load);
    const loads: string[] = [];
    const load = (by: string) => () => {
      loads.push(by);
      return `of ${by}`;
    };
    const alone = [first, second].flatMap(({ cache }, index) =>
      Array.from({ length: 10 }, () => cache.getOrAdd(TWO, load(`invocation ${index}`))),
    );
    const { asked, load: loadMany } = loader();
    const others = second.cache.getOrAddMany([TWO, THREE], loadMany);
    slow.returns(new Map([[ONE, "one"]]));
    expect([...(await several).values()]).toEqual(["one"]);
    const values = new Set(await Promise.all(alone));
    expect([...values].every((value) => value.startsWith("of invocation"))).toBe(true);
    expect(loads.length).toBeLessThanOrEqual(2);
    expect([(await others).size, asked[0]]).toEqual([2, ["3"]]);
  });

  test("of several calls of one invocation that were left something out together one loads it, and the others share that", async () => {
    const { cache } = await new Rig().invocation();
    let loads = 0;
    const load = async () => {
      loads += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return new Map<DataId<string>, string>();
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => cache.getOrAddMany([ONE], load)));
    expect(answers.map(({ size }) => size)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(loads).toBe(2);
  });

  test.each(["getOrAdd", "getOrAddMany"] as const)(
    "with copies, what one invocation does to its own is not seen by another that shared the load: %s",
    async (way) => {
      const USER = dataId<{ name: string }>("db.users.id", "1");
      const rig = new Rig({ freeze: "copy" });
      const [first, second] = [await rig.invocation(), await rig.invocation()];
      const slow = slowLoad<Map<DataId<{ name: string }>, { name: string }>>();
      const changing = first.cache.getOrAddMany([USER], slow.load).then((users) => {
        Object.assign(users.get(USER) ?? {}, { name: "changed" });
        return users.get(USER);
      });
      const sharing =
        way === "getOrAdd"
          ? second.cache.getOrAdd(USER, () => ({ name: "alone" }))
          : second.cache.getOrAddMany([USER], () => new Map()).then((users) => users.get(USER));
      slow.returns(new Map([[USER, { name: "loaded" }]]));
      expect(await changing).toEqual({ name: "changed" });
      expect(await sharing).toEqual({ name: "loaded" });
    },
  );

  test("refuses what is no list of ids, or no loader, also where it would not have been called", async () => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    cache.add(ONE, "one");
    for (const [call, message] of [
      [() => cache.getOrAddMany(ONE as never, () => new Map()), 'option "ids" must be a list of data ids'],
      [() => cache.getOrAddMany([ONE], undefined as never), 'option "load" must be a function that loads the value'],
      [
        () => cache.getOrAdd(ONE, "one" as never),
        'option "load" must be a function that loads the value, but got "one"',
      ],
    ] as const) {
      await expect(call()).rejects.toThrow(message);
    }
  });

  test.each([
    ["an array", () => ["one"], "must return a Map of the data ids it was given to their values"],
    ["nothing", () => undefined, "must return a Map of the data ids it was given to their values"],
    [
      "a Map of other keys",
      () => new Map([[5, "one"]]),
      "must return a Map of the data ids it was given to their values; a key of it is 5",
    ],
  ])("refuses %s from the loader in words", async (_what, load, message) => {
    const { cache } = await new Rig().invocation();
    await expect(cache.getOrAddMany([ONE], load as never)).rejects.toThrow(message);
  });

  test("refuses what is no id, and wrong options, before anything is loaded", async () => {
    const { cache } = await new Rig().invocation();
    const { asked, load } = loader();
    await expect(cache.getOrAddMany(["1" as never], load)).rejects.toMatchObject({ code: "INVALID_DATA_ID" });
    await expect(cache.getOrAddMany([ONE], load, { ttlMs: -1 })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(asked).toEqual([]);
  });
});
