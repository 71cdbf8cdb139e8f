/** Each option that changes what is served, and what `freshness` says about it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { dataId, RefreshError } from "../../src/index.js";
import { type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import type { Body } from "../../tools/proxy.js";
import { type MovedClock, moveClock } from "../support/moved-clock.js";
import { openStage, rowId, SOURCE, type Stage } from "../support/stage.js";
import type { TestEnvironment } from "../support/test-environment.js";

let kinesis: RunningEmulator;
let stage: Stage;
let clock: MovedClock;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  stage = await openStage(kinesis);
  clock = moveClock();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stage.close();
});

async function steady(options = {}): Promise<TestEnvironment> {
  const environment = await stage.environment(options).settle("1", "2");
  stage.proxy.resetCounts();
  return environment;
}

const freshnessOf = (environment: TestEnvironment) => environment.invoke((cache) => cache.freshness);
const failReads = () => stage.proxy.fault("GetRecords", { error: "InternalFailure", status: 500 });

describe("maxStalenessMs", () => {
  test("serves without a call until the bound is reached, and no longer", async () => {
    const environment = stage.environment({ maxStalenessMs: 60_000 });
    await environment.warm("1");
    await stage.change("1");
    clock.advance(50_000);
    expect(await environment.read("1")).toMatchObject({ version: 1, hit: true });
    expect(stage.proxy.totalCalls).toBe(0);
    clock.advance(10_000);
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
    expect(stage.proxy.totalCalls).toBeGreaterThan(0);
  });

  test("counts from the moment the refresh began, not from its end", async () => {
    const environment = stage.environment({ maxStalenessMs: 60_000 });
    await environment.warm("1");
    clock.advance(60_100);
    const slowly = (answer: Body) => {
      clock.advance(25_000);
      return answer;
    };
    stage.proxy.fault("GetRecords", { rewriteAnswer: slowly }, 1);
    expect((await environment.read("1")).freshness).toMatchObject({ state: "fresh" });
    stage.proxy.resetCounts();
    clock.advance(36_000);
    await environment.read("1");
    expect(stage.proxy.calls).toEqual({ GetRecords: 1 });
  });

  test("does not delay the environment's own invalidations", async () => {
    const environment = stage.environment({ maxStalenessMs: 60_000 });
    await environment.warm("1");
    stage.write("1");
    await environment.invoke((cache) => cache.invalidate(rowId("1")));
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
  });

  test("is overridden by refresh() in a long invocation", async () => {
    const environment = await steady({ maxStalenessMs: 60_000 });
    await environment.invoke(async (cache) => {
      await stage.change("1");
      expect(cache.get(rowId("1"))?.version).toBe(1);
      clock.advance(60_001);
      expect((await cache.refresh()).state).toBe("fresh");
      expect(cache.get(rowId("1"))).toBeUndefined();
    });
  });

  test("of 0 reads in every invocation that begins with something cached", async () => {
    const environment = await steady({ maxStalenessMs: 0 });
    await environment.read("1");
    await environment.read("1");
    expect(stage.proxy.calls).toEqual({ GetRecords: 2 });
  });
});

describe("onRefreshError", () => {
  test("bypass, the default, misses, keeps the entries, and takes new ones", async () => {
    const environment = await steady();
    const fault = failReads();
    expect(await environment.read("1")).toMatchObject({
      hit: false,
      freshness: { state: "bypassed", asOf: undefined },
    });
    expect(await environment.read("3")).toMatchObject({ hit: false });
    fault.remove();
    clock.advance(5_000);
    for (const id of ["1", "2", "3"]) expect((await environment.read(id)).hit).toBe(true);
  });

  test("serve serves what was proven at most maxGapMs ago, and says how old the proof is", async () => {
    const environment = await steady({ onRefreshError: "serve", maxGapMs: 60_000 });
    const fault = failReads();
    await stage.change("1");
    clock.advance(30_000);
    const served = await environment.read("1");
    expect(served).toMatchObject({ version: 1, hit: true, freshness: { state: "stale" } });
    expect(served.freshness.boundMs).toBeGreaterThanOrEqual(30_000);
    expect(served.freshness.boundMs).toBeLessThan(40_000);
    clock.advance(35_000);
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
    fault.remove();
    clock.advance(5_000);
    expect((await environment.read("1")).version).toBe(2);
  });

  test("serve drops what a refresh read before it failed", async () => {
    await stage.newStream(2);
    const environment = await steady({ onRefreshError: "serve" });
    await stage.change("1");
    // The shard without the change never says that it has come to its tip.
    const behind = ({ MillisBehindLatest, ...answer }: Body) =>
      (answer.Records as unknown[]).length > 0 ? { ...answer, MillisBehindLatest } : answer;
    stage.proxy.fault("GetRecords", { rewriteAnswer: behind });
    const read = await environment.read("1");
    expect(read).toMatchObject({ version: 2, hit: false, freshness: { state: "stale" } });
    expect(await environment.read("2")).toMatchObject({ version: 1, hit: true });
  });

  test("throw fails the invocation with a RefreshError that has the cause", async () => {
    const environment = await steady({ onRefreshError: "throw" });
    const fault = failReads();
    const failure = await environment.read("1").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RefreshError);
    expect(failure).toMatchObject({ code: "REFRESH_FAILED", message: expect.stringContaining(stage.streamName) });
    fault.remove();
    clock.advance(5_000);
    expect((await environment.read("1")).hit).toBe(true);
  });

  test("throw does not concern an invocation that has nothing to read", async () => {
    const environment = stage.environment({ onRefreshError: "throw" });
    stage.proxy.fault("*", { error: "InternalFailure", status: 500 });
    expect(await environment.read("1")).toMatchObject({ version: 1, hit: false });
  });
});

describe("holdOffMs", () => {
  test("keeps what a lagging replica returns after an invalidation out of the cache, for that long", async () => {
    const environment = await steady({ holdOffMs: 5_000 });
    await stage.change("1");
    const addOld = () =>
      environment.invoke((cache) => {
        cache.get(rowId("1"));
        return cache.add(rowId("1"), { version: 1 });
      });
    expect(await addOld()).toBe(false);
    clock.advance(4_000);
    expect(await addOld()).toBe(false);
    expect(await environment.invoke((cache) => cache.add(rowId("3"), { version: 1 }))).toBe(true);
    clock.advance(1_500);
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: true });
  });

  test("holds for the environment's own invalidations too, and for a source", async () => {
    const environment = await steady({ holdOffMs: 5_000 });
    const add = (id: string) => environment.invoke((cache) => cache.add(rowId(id), { version: 1 }));
    await environment.invoke((cache) => cache.invalidate(rowId("1")));
    expect(await add("1")).toBe(false);
    expect(await add("9")).toBe(true);
    await environment.invoke((cache) => cache.invalidateSource(SOURCE));
    expect(await add("9")).toBe(false);
    clock.advance(5_500);
    expect(await add("9")).toBe(true);
  });
});

describe("wide invalidations", () => {
  const other = dataId<number>("db.other.id", "1");

  test("invalidateSource drops every entry of the source, here and elsewhere, and of no other", async () => {
    const writer = await steady();
    const reader = await steady();
    for (const environment of [writer, reader]) await environment.invoke((cache) => cache.add(other, 7));
    for (const id of ["1", "2"]) stage.write(id);
    await writer.invoke((cache) => cache.invalidateSource(SOURCE));
    for (const environment of [writer, reader]) {
      expect(await environment.invoke((cache) => cache.get(other))).toBe(7);
      for (const id of ["1", "2"]) expect(await environment.read(id)).toMatchObject({ version: 2, hit: false });
      expect(await environment.read("1")).toMatchObject({ version: 2, hit: true });
    }
  });

  test("invalidateAll drops everything, here and elsewhere", async () => {
    const writer = await steady();
    const reader = await steady();
    for (const environment of [writer, reader]) await environment.invoke((cache) => cache.add(other, 7));
    stage.write("1");
    await writer.invoke((cache) => cache.invalidateAll());
    for (const environment of [writer, reader]) {
      await environment.invoke((cache) => expect(cache.get(other)).toBeUndefined());
      expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
      // The writer meets its own record once more.
      await environment.read("1");
      expect(await environment.read("1")).toMatchObject({ version: 2, hit: true });
    }
  });
});

describe("ttlMs", () => {
  test("an entry is served until its lifetime is over, and then not", async () => {
    const environment = await steady({ ttlMs: 10_000 });
    clock.advance(9_000);
    expect((await environment.read("2")).hit).toBe(true);
    clock.advance(2_000);
    expect((await environment.read("2")).hit).toBe(false);
  });

  test("when all entries have expired, nothing is read", async () => {
    const environment = await steady({ ttlMs: 10_000 });
    clock.advance(11_000);
    expect(await freshnessOf(environment)).toMatchObject({ state: "empty" });
    expect(stage.proxy.totalCalls).toBe(0);
  });
});

describe("freshness", () => {
  test("is empty, with a bound of 0, when nothing was cached", async () => {
    const beganMs = Date.now();
    const { state, asOf, boundMs } = await freshnessOf(stage.environment());
    expect({ state, boundMs }).toEqual({ state: "empty", boundMs: 0 });
    expect(asOf).toBeGreaterThanOrEqual(beganMs);
  });

  test("is fresh, as of a time within the invocation, after a refresh", async () => {
    const environment = await steady();
    const beganMs = Date.now();
    const { state, asOf, boundMs } = await freshnessOf(environment);
    expect({ state, boundMs }).toEqual({ state: "fresh", boundMs: 0 });
    expect(asOf).toBeGreaterThanOrEqual(beganMs);
  });

  test("is fresh, and says how old the proof is, inside maxStalenessMs", async () => {
    const environment = await steady({ maxStalenessMs: 60_000 });
    clock.advance(7_000);
    const { state, boundMs } = await freshnessOf(environment);
    expect(state).toBe("fresh");
    expect(boundMs).toBeGreaterThanOrEqual(7_000);
    expect(boundMs).toBeLessThan(20_000);
  });

  test("is bypassed, without a time or a bound, when the stream could not be read", async () => {
    const environment = await steady();
    failReads();
    expect(await freshnessOf(environment)).toEqual({ state: "bypassed", asOf: undefined, boundMs: undefined });
  });

  test("of one invocation is not another's", async () => {
    const environment = await steady();
    await environment.invoke(async (outer) => {
      expect(outer.freshness.state).toBe("fresh");
      failReads();
      expect((await freshnessOf(environment)).state).toBe("bypassed");
      expect(outer.freshness.state).toBe("fresh");
      expect(outer.get(rowId("1"))?.version).toBe(1);
    });
  });
});

describe("freeze", () => {
  const user = dataId<{ name: string; tags: string[] }>("db.users.id", "1");
  const add = (environment: TestEnvironment) =>
    environment.invoke((cache) => cache.add(user, { name: "Ann", tags: ["a"] }));
  const damage = (environment: TestEnvironment) =>
    environment.invoke((cache) => {
      cache.get(user)?.tags.push("damaged");
    });
  const served = (environment: TestEnvironment) => environment.invoke((cache) => cache.get(user));

  test("by default makes a handler fail that changes what it was served, and the next is served it whole", async () => {
    const environment = await steady();
    await add(environment);
    await expect(damage(environment)).rejects.toThrow(TypeError);
    expect(await served(environment)).toEqual({ name: "Ann", tags: ["a"] });
  });

  test("makes the handler fail in the invocation that loaded the value, too, stored or not", async () => {
    for (const options of [{}, { maxBytes: 1 }]) {
      const environment = stage.environment(options);
      const adding = environment.invoke((cache) => {
        const value = { name: "Ann", tags: ["a"] };
        cache.add(user, value);
        value.tags.push("damaged");
      });
      await expect(adding).rejects.toThrow(TypeError);
    }
  });

  test("false leaves values as they are, for handlers that know what they do", async () => {
    const environment = await steady({ freeze: false });
    await add(environment);
    await damage(environment);
    expect(await served(environment)).toEqual({ name: "Ann", tags: ["a", "damaged"] });
  });
});
