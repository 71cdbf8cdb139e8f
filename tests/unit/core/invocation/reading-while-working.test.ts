/** `refreshWhen` "alongside" and "used": what waits, for how long, what is served, and what is left behind. */
import { describe, expect, test } from "@jest/globals";
import { RefreshError } from "../../../../src/errors.js";
import type { ScacheOptions } from "../../../../src/options.js";
import { settled } from "../../../../src/testing/manual-clock.js";
import { Rig, userId } from "../../support/rig.js";

const ONE = userId("1");
const TWO = userId("2");
const MINUTE_MS = 60_000;

/** An environment in which these were loaded, in so many milliseconds, and whose readings take 10. */
async function setUp(options: ScacheOptions, savedMs: Readonly<Record<string, number>> = { 1: 40, 2: 40 }) {
  const rig = new Rig(options);
  const filling = await rig.invocation();
  for (const [id, ms] of Object.entries(savedMs)) filling.cache.add(userId(id), `old ${id}`, { savedMs: ms });
  filling.end();
  rig.plan = { answerMs: 10 };
  for (let reading = 0; reading < 9; reading++) {
    const invocation = await rig.invocation();
    const read = invocation.cache.ready();
    await rig.clock.advance(30);
    await read;
    invocation.cache.get(ONE);
    invocation.end();
  }
  rig.forgetCalls();
  const load = (ms: number, value = "new") => {
    return () => new Promise<string>((resolve) => rig.clock.after(ms, () => resolve(value)));
  };
  /** What it comes to, and when. */
  const timed = async <T>(promise: Promise<T>) => {
    const fromMs = rig.clock.monotonic();
    const result = await promise;
    return [result, rig.clock.monotonic() - fromMs] as const;
  };
  return { rig, load, timed };
}

const MODES = [["alongside"], ["used"]] as const;

describe.each(MODES)("%s", (refreshWhen) => {
  test("waits for the reading where loading takes longer, and serves what it has proven", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen });
    const invocation = await rig.invocation();
    expect(invocation.cache.freshness.state).toBe("unread");
    const value = timed(invocation.cache.getOrAdd(ONE, load(40)));
    await rig.clock.advance(50);
    expect(await value).toEqual(["old 1", 10]);
    expect(invocation.cache.freshness.state).toBe("fresh");
    expect(invocation.end()).toMatchObject({
      hits: 1,
      misses: 0,
      kinesisLatencyMs: 10,
      sparedMs: 40,
      loadsPreferred: 0,
    });
    expect(rig.calls).toEqual(["getRecords"]);
  });

  test("looks anew after the reading: what was dropped is loaded", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen });
    rig.elsewhere.invalidates(ONE);
    const invocation = await rig.invocation();
    const value = timed(invocation.cache.getOrAdd(ONE, load(40)));
    await rig.clock.advance(60);
    expect(await value).toEqual(["new", 50]);
    expect(invocation.end()).toMatchObject({ hits: 0, misses: 1, sparedMs: 0 });
  });

  test("loads what takes less than the reading, serves that from then on, and leaves nothing behind", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen }, { 1: 5 });
    const invocation = await rig.invocation();
    const value = timed(invocation.cache.getOrAdd(ONE, load(5)));
    await rig.clock.advance(5);
    expect(await value).toEqual(["new", 5]);
    expect(invocation.cache.get(ONE)).toBe("new");
    expect(invocation.end()).toMatchObject({ loadsPreferred: 1, preferredMs: 5, kinesisLatencyMs: 0, hits: 1 });
    expect(rig.client.pendingCalls).toBe(0);
  });

  test("loads as well once the reading takes longer than expected, and the first answer counts", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen });
    rig.plan = { answerMs: 200 };
    const first = await rig.invocation();
    const loaded = timed(first.cache.getOrAdd(ONE, load(40)));
    await rig.clock.advance(52.5);
    expect(await loaded).toEqual(["new", 52.5]);
    expect(first.end()).toMatchObject({ kinesisLatencyMs: 12.5, misses: 1, loadsPreferred: 1 });
    await settled();
    rig.plan = { answerMs: 60 };
    const second = await rig.invocation();
    const read = timed(second.cache.getOrAdd(TWO, load(70)));
    await rig.clock.advance(60);
    expect(await read).toEqual(["old 2", 60]);
    // The load is still under way, and must not be frozen half-way.
    const outrun = timed(second.outrunLoads() ?? Promise.resolve());
    await rig.clock.advance(400);
    expect((await outrun)[1]).toBe(47.5);
    expect(second.end()).toMatchObject({ hits: 1, misses: 0 });
  });

  test("a load that is not needed any more is given twice the time that it took before, and no more", async () => {
    const { rig, load } = await setUp({ refreshWhen });
    rig.plan = { answerMs: 60 };
    const invocation = await rig.invocation();
    const read = invocation.cache.getOrAdd(ONE, load(10_000));
    await rig.clock.advance(60);
    expect([await read, invocation.outrunLoads() === undefined]).toEqual(["old 1", false]);
    const outrun = invocation.outrunLoads();
    let isOver = false;
    void outrun?.then(() => (isOver = true));
    await rig.clock.advance(79);
    expect(isOver).toBe(false);
    await rig.clock.advance(1);
    expect(isOver).toBe(true);
    invocation.end();
    expect(rig.clock.pendingTimers).toBe(1);
  });

  test("under throw a load that began beside a late reading is not left under way when that fails", async () => {
    const { rig, load } = await setUp({ refreshWhen, onRefreshError: "throw", refreshTimeoutMs: 100 }, { 1: 200 });
    rig.plan = { hang: true };
    const invocation = await rig.invocation();
    const refused = expect(invocation.cache.getOrAdd(ONE, load(200))).rejects.toThrow(RefreshError);
    await rig.clock.advance(100);
    await refused;
    const outrun = invocation.outrunLoads();
    expect(outrun).toBeDefined();
    await rig.clock.advance(400);
    await outrun;
    expect(invocation.outrunLoads()).toBeUndefined();
    invocation.end();
  });

  test("short invocations that left their readings behind keep nobody from waiting for what is dear", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen }, { 1: 40, 2: 2_000 });
    for (let times = 0; times < 2; times++) {
      const short = await rig.invocation();
      short.cache.get(ONE);
      short.end();
    }
    const dear = await rig.invocation();
    const value = timed(dear.cache.getOrAdd(TWO, load(2_000)));
    await rig.clock.advance(10);
    expect(await value).toEqual(["old 2", 10]);
    dear.end();
  });

  test("an entry whose load fails is waited for after all", async () => {
    const { rig, timed } = await setUp({ refreshWhen }, { 1: 5 });
    const invocation = await rig.invocation();
    const value = timed(invocation.cache.getOrAdd(ONE, () => Promise.reject(new Error("down"))));
    await rig.clock.advance(10);
    expect(await value).toEqual(["old 1", 10]);
    expect(invocation.end()).toMatchObject({ hits: 1, misses: 0, loadsPreferred: 0, sparedMs: 5 });
  });

  test("one that begins while another's reading is under way expects to wait for that first", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen });
    const first = await rig.invocation();
    const before = first.cache.getOrAdd(ONE, load(40));
    await rig.clock.advance(2);
    const second = await rig.invocation();
    const value = timed(second.cache.getOrAdd(TWO, load(40)));
    await rig.clock.advance(20);
    expect([await before, ...(await value)]).toEqual(["old 1", "old 2", 18]);
    first.end();
    expect(second.end()).toMatchObject({ loadsPreferred: 0 });
  });

  test("where one that was waited for was gone, no more wait at once than will all probably be kept", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen }, { 1: 40, 2: 40, 3: 40 });
    rig.elsewhere.invalidates(userId("3"));
    const first = await rig.invocation();
    const gone = first.cache.getOrAdd(userId("3"), load(1));
    await rig.clock.advance(11);
    await gone;
    first.end();
    const second = await rig.invocation();
    const [one, two] = [timed(second.cache.getOrAdd(ONE, load(40))), timed(second.cache.getOrAdd(TWO, load(40)))];
    await rig.clock.advance(40);
    expect([await one, await two]).toEqual([
      ["old 1", 10],
      ["new", 40],
    ]);
    second.end();
  });

  test("a load that fails beside the reading fails the call at once", async () => {
    const { rig } = await setUp({ refreshWhen });
    rig.plan = { hang: true };
    const invocation = await rig.invocation();
    const value = expect(invocation.cache.getOrAdd(ONE, () => Promise.reject(new Error("down")))).rejects.toThrow(
      "down",
    );
    await rig.clock.advance(12.5);
    await value;
    invocation.end();
  });

  test("ready() waits, and then get serves", async () => {
    const { rig } = await setUp({ refreshWhen });
    const invocation = await rig.invocation();
    expect(invocation.cache.get(ONE)).toBeUndefined();
    const ready = invocation.cache.ready();
    await rig.clock.advance(10);
    expect([(await ready).state, invocation.cache.get(ONE)]).toEqual(["fresh", "old 1"]);
    expect(invocation.end()).toMatchObject({ kinesisLatencyMs: 10, hits: 1, misses: 1 });
  });

  test("the end of the invocation ends its reading, which is no failure of the log", async () => {
    const { rig } = await setUp({ refreshWhen });
    rig.plan = { hang: true };
    const invocation = await rig.invocation();
    const waiting = invocation.cache.getOrAdd(ONE, () => "new");
    const ready = invocation.cache.ready();
    expect(rig.client.pendingCalls).toBe(1);
    expect(invocation.end()).toMatchObject({ refreshFailures: 0, state: "unread" });
    await settled();
    expect([rig.client.pendingCalls, rig.clock.pendingTimers]).toEqual([0, 0]);
    expect([await waiting, (await ready).state, rig.notices.started]).toEqual(["new", "unread", []]);
  });

  test("after two readings in a row that were left behind it stops for a while", async () => {
    const { rig } = await setUp({ refreshWhen });
    rig.plan = { hang: true };
    for (let invocations = 0; invocations < 4; invocations++) {
      const invocation = await rig.invocation();
      invocation.cache.get(ONE);
      await rig.clock.advance(5);
      invocation.end();
      await settled();
    }
    expect(rig.forgetCalls()).toHaveLength(2);
    await rig.clock.advance(10_000);
    const later = await rig.invocation();
    later.cache.get(ONE);
    expect(rig.calls).toHaveLength(1);
    later.end();
  });

  test("under throw whoever waited gets the RefreshError, and the before-hook throws nothing", async () => {
    const { rig, load } = await setUp({ refreshWhen, onRefreshError: "throw" });
    rig.plan = { fail: "refused" };
    const invocation = await rig.invocation();
    const failed = expect(invocation.cache.getOrAdd(ONE, load(40))).rejects.toThrow(RefreshError);
    await settled();
    await failed;
    await expect(invocation.cache.ready()).rejects.toThrow(RefreshError);
    const next = invocation.cache.getOrAdd(ONE, load(40));
    await rig.clock.advance(40);
    expect(await next).toBe("new");
    expect(invocation.end()).toMatchObject({ state: "bypassed", refreshFailures: 1 });
  });

  test("under serve the stored value is served once the time for the reading is up, and not before", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen, onRefreshError: "serve", refreshTimeoutMs: 200 });
    rig.plan = { hang: true };
    const invocation = await rig.invocation();
    const value = timed(invocation.cache.getOrAdd(ONE, load(1_000)));
    await rig.clock.advance(199);
    expect(invocation.cache.get(ONE)).toBeUndefined();
    await rig.clock.advance(1);
    expect(await value).toEqual(["old 1", 200]);
    expect(invocation.cache.freshness.state).toBe("stale");
    await rig.clock.advance(1_000);
    invocation.end();
  });

  test("getOrAddMany waits once for all, or loads all that were found at once", async () => {
    const { rig, timed } = await setUp({ refreshWhen }, { 1: 6, 2: 6, 3: 1 });
    const loadAll = (ids: readonly (typeof ONE)[]) =>
      new Promise<Map<typeof ONE, string>>((resolve) =>
        rig.clock.after(6, () => resolve(new Map(ids.map((id) => [id, "new"])))),
      );
    const first = await rig.invocation();
    const both = timed(first.cache.getOrAddMany([ONE, TWO], loadAll));
    await rig.clock.advance(10);
    expect([[...(await both)[0].values()], (await both)[1]]).toEqual([["old 1", "old 2"], 10]);
    first.end();
    const second = await rig.invocation();
    const one = timed(second.cache.getOrAddMany([userId("3")], loadAll));
    await rig.clock.advance(6);
    expect([[...(await one)[0].values()], (await one)[1]]).toEqual([["new"], 6]);
    expect(second.end()).toMatchObject({ loadsPreferred: 1, preferredMs: 1, misses: 1 });
  });

  test("getOrAddMany takes the answer of a late reading, if that is sooner than its load", async () => {
    const { rig, load, timed } = await setUp({ refreshWhen });
    rig.plan = { answerMs: 20 };
    const invocation = await rig.invocation();
    const loadAll = async () => new Map([[ONE, await load(400)()]]);
    const both = timed(invocation.cache.getOrAddMany([ONE, TWO, ONE], loadAll));
    await rig.clock.advance(20);
    const [values, tookMs] = await both;
    expect([[...values.values()], tookMs]).toEqual([["old 1", "old 2"], 20]);
    const settled = invocation.outrunLoads();
    await rig.clock.advance(400);
    await settled;
    expect(invocation.end()).toMatchObject({ hits: 2, misses: 0, loadsPreferred: 0, sparedMs: 80 });
  });

  test("getOrAddMany waits for nothing where it is asked for what the invocation has loaded itself", async () => {
    const { rig, timed } = await setUp({ refreshWhen });
    const invocation = await rig.invocation();
    invocation.cache.add(userId("3"), "own", { savedMs: 100 });
    const own = timed(invocation.cache.getOrAddMany([userId("3")], async () => new Map()));
    await settled();
    expect([[...(await own)[0].values()], (await own)[1]]).toEqual([["own"], 0]);
    expect(invocation.end()).toMatchObject({ hits: 1, loadsPreferred: 0 });
  });

  test("what is loaded while nothing is stored is kept, however rarely the environment is invoked", async () => {
    const { rig, load } = await setUp({ refreshWhen, maxGapMs: 60_000, ttlMs: 500_000 }, {});
    let loads = 0;
    for (let times = 0; times < 6; times++) {
      await rig.clock.advance(35_000);
      const invocation = await rig.invocation();
      const value = invocation.cache.getOrAdd(ONE, () => {
        loads++;
        return load(40)();
      });
      await rig.clock.advance(60);
      await value;
      invocation.end();
    }
    // On a stream the first reading takes longer than is expected of one: the load begins as well, and is not needed.
    expect(loads).toBeLessThanOrEqual(2);
  });

  test("a place that grows old is renewed, if anything was asked for since", async () => {
    const { rig, load } = await setUp({ refreshWhen }, { 1: 1 });
    const cheap = await rig.invocation();
    const loaded = cheap.cache.getOrAdd(ONE, load(1));
    await rig.clock.advance(1);
    await loaded;
    cheap.end();
    rig.forgetCalls();
    await rig.clock.advance(2 * MINUTE_MS);
    for (let n = 0; n < 9; n++) (await rig.invocation()).end();
    rig.forgetCalls();
    await rig.clock.advance(1.5 * MINUTE_MS);
    const upkeep = await rig.invocation();
    expect(rig.calls).toEqual(["getRecords"]);
    upkeep.end();
  });
});

describe("when a reading begins", () => {
  test.each([
    ["beside the first load, where more were found before", 2, [10, ["getRecords"]]],
    ["not where the first was the only one", 1, [6, []]],
  ])("used: %s", async (_when, found, expected) => {
    const { rig, load, timed } = await setUp({ refreshWhen: "used" }, { 1: 6, 2: 6 });
    const ids = [ONE, TWO].slice(0, found);
    for (let n = 0; n < 9; n++) {
      const before = await rig.invocation();
      const read = before.cache.ready();
      await rig.clock.advance(10);
      await read;
      for (const id of ids) before.cache.get(id);
      before.end();
    }
    rig.forgetCalls();
    const invocation = await rig.invocation();
    const all = timed(
      (async () => {
        for (const id of ids) await invocation.cache.getOrAdd(id, load(6));
      })(),
    );
    await rig.clock.advance(20);
    expect([(await all)[1], rig.forgetCalls()]).toEqual(expected);
    invocation.end();
  });

  test("alongside: with the invocation", async () => {
    const { rig } = await setUp({ refreshWhen: "alongside" });
    const invocation = await rig.invocation();
    expect(rig.calls).toEqual(["getRecords"]);
    invocation.end();
  });

  test("used: when something is found, by get, too", async () => {
    const { rig } = await setUp({ refreshWhen: "used" });
    const invocation = await rig.invocation();
    invocation.cache.get(userId("unknown"));
    expect(rig.calls).toEqual([]);
    invocation.cache.get(ONE);
    expect(rig.calls).toEqual(["getRecords"]);
    invocation.end();
  });

  test("alongside, where it could not pay: as used", async () => {
    const { rig } = await setUp({ refreshWhen: "alongside" });
    for (let n = 0; n < 9; n++) {
      const idle = await rig.invocation();
      await rig.clock.advance(20);
      idle.end();
    }
    rig.forgetCalls();
    const invocation = await rig.invocation();
    expect(rig.calls).toEqual([]);
    invocation.end();
  });
});

test("before: ready() is so from the start, and makes no call", async () => {
  const rig = new Rig();
  await rig.warm({ 1: "one" });
  const invocation = await rig.invocation();
  rig.forgetCalls();
  expect([(await invocation.cache.ready()).state, rig.calls]).toEqual(["fresh", []]);
});
