/**
 * The rules of reading: each rule of the protocol where it is needed, against what Kinesis answers. What it costs is in
 * cost.slow.test.ts, faults on the way are in faults.slow.test.ts.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import {
  createStream,
  deleteStream,
  mergeShards,
  openShardIds,
  splitShard,
  updateShardCount,
} from "../../tools/emulators/streams.js";
import type { Body } from "../../tools/proxy.js";
import { withExpiredIterator } from "../support/expired-iterator.js";
import { GARBAGE } from "../support/garbage.js";
import { type MovedClock, moveClock } from "../support/moved-clock.js";
import { nextMillisecond, openStage, rowId, type Stage } from "../support/stage.js";
import type { TestEnvironment } from "../support/test-environment.js";

const MINUTE_MS = 60_000;

let kinesis: RunningEmulator;
let stage: Stage;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  stage = await openStage(kinesis);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stage.close();
});

const open = () => openShardIds(stage.direct, stage.streamName);
const split = (shardId = "") => splitShard(stage.direct, stage.streamName, shardId);
const merge = (shardId = "", other = "") => mergeShards(stage.direct, stage.streamName, shardId, other);

/** An environment that holds ids 1 to 3 and is past its first refresh. */
async function steady(options = {}): Promise<TestEnvironment> {
  const environment = await stage.environment(options).settle("1", "2", "3");
  stage.proxy.resetCounts();
  return environment;
}

/** After a change of 1 and 2: neither is stale, and 3, which did not change, is still cached. */
async function expectReadThrough(environment: TestEnvironment): Promise<void> {
  expect(await environment.read("1")).toMatchObject({ version: stage.rows.get("1"), hit: false });
  expect(await environment.read("2")).toMatchObject({ version: stage.rows.get("2"), hit: false });
  expect(await environment.read("3")).toMatchObject({ version: 1, hit: true });
}

describe("the first refresh", () => {
  test("reads a shard that was closed since the fence, and its children", async () => {
    const environment = stage.environment();
    await environment.warm("1", "2", "3");
    const [parent = ""] = await open();
    await stage.changeOn(parent, "1");
    await split(parent);
    const [, child = ""] = await open();
    await stage.changeOn(child, "2");
    await expectReadThrough(environment);
  });

  test("reads on after two reshards since the fence", async () => {
    const environment = stage.environment();
    await environment.warm("1", "2", "3");
    await split((await open())[0]);
    await stage.change("1");
    const [first, second] = await open();
    await merge(first, second);
    await stage.change("2");
    await expectReadThrough(environment);
  });

  test("finds what was published while the first value was being loaded", async () => {
    const environment = stage.environment();
    await environment.invoke(async (cache) => {
      cache.get(rowId("1"));
      const old = await stage.load("1");
      await stage.change("1");
      cache.add(rowId("1"), old);
    });
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
  });

  test("reads a listing of many pages, and never names the stream beside a token", async () => {
    await stage.newStream(5);
    const asked: Body[] = [];
    const onePerPage = (request: Body) => {
      asked.push(request);
      return { ...request, MaxResults: 1 };
    };
    stage.proxy.fault("ListShards", { rewriteRequest: onePerPage });
    const environment = await steady();
    expect(asked).toHaveLength(5);
    expect(asked[0]).toMatchObject({ StreamName: stage.streamName, ShardFilter: { Type: "FROM_TIMESTAMP" } });
    for (const request of asked.slice(1)) expect(Object.keys(request)).toEqual(["NextToken"]);
    for (const shardId of await open()) {
      await stage.changeOn(shardId, "1");
      expect(await environment.read("1")).toMatchObject({ version: stage.rows.get("1"), hit: false });
    }
  });
});

describe("a shard that ends", () => {
  test("is followed to its children from their beginning", async () => {
    const environment = await steady();
    const [parent = ""] = await open();
    await stage.changeOn(parent, "1");
    await split(parent);
    for (const child of await open()) await stage.changeOn(child, "2");
    await expectReadThrough(environment);
  });

  test("is followed to its grandchildren in the same refresh", async () => {
    const environment = await steady();
    await split((await open())[0]);
    const [first] = await open();
    await split(first);
    for (const shardId of await open()) await stage.changeOn(shardId, "1");
    await stage.change("2");
    await expectReadThrough(environment);
    stage.proxy.resetCounts();
    await environment.read("3");
    expect(stage.proxy.calls).toEqual({ GetRecords: 3 });
  });

  test("by a merge, has its child read once although two parents name it", async () => {
    await stage.newStream(2);
    const environment = await steady();
    const [first = "", second = ""] = await open();
    await stage.changeOn(second, "1");
    await merge(first, second);
    await stage.change("2");
    stage.proxy.resetCounts();
    await environment.invoke(() => undefined);
    expect(stage.proxy.calls).toEqual({ GetRecords: 3, GetShardIterator: 1 });
    await expectReadThrough(environment);
  });

  test("by a merge, has its child read although the parents are met in different refreshes", async () => {
    await stage.newStream(2);
    const environment = await steady();
    const [first = "", second = ""] = await open();
    await merge(first, second);
    stage.proxy.fault("GetRecords", { error: "InternalFailure", status: 500 }, 1);
    stage.proxy.fault("GetRecords", { hang: true }, 1);
    await stage.change("1", "2");
    for (let attempt = 0; attempt < 2; attempt += 1) await environment.invoke(() => undefined);
    await expectReadThrough(environment);
  });

  test("without naming its children has them looked up", async () => {
    const environment = await steady();
    await split((await open())[0]);
    await stage.change("1", "2");
    stage.proxy.fault("GetRecords", { rewriteAnswer: ({ ChildShards: _, ...answer }) => answer }, 1);
    await expectReadThrough(environment);
    expect(stage.proxy.calls.ListShards).toBe(1);
  });

  test("when the number of shards doubles and halves again under traffic", async () => {
    await stage.newStream(2);
    const environment = await steady();
    const resharding = updateShardCount(stage.direct, stage.streamName, 4).then(() =>
      updateShardCount(stage.direct, stage.streamName, 2),
    );
    let done = false;
    const over = resharding.finally(() => {
      done = true;
    });
    while (!done) {
      await stage.change("1", "2");
      await expectReadThrough(environment);
    }
    await over;
    await stage.change("1", "2");
    await expectReadThrough(environment);
  });
});

describe("a page", () => {
  test("that is empty is not the tip while it says it is behind", async () => {
    const environment = await steady();
    const emptyPage = (_: Body, { ShardIterator }: Body) => ({
      Records: [],
      NextShardIterator: ShardIterator,
      MillisBehindLatest: 1,
    });
    await stage.change("1", "2");
    stage.proxy.fault("GetRecords", { rewriteAnswer: emptyPage }, 20);
    await expectReadThrough(environment);
  });

  test("that holds a part of the backlog is not the tip", async () => {
    const environment = await steady();
    for (let record = 0; record < 8; record += 1) await stage.put(JSON.stringify({ keys: [] }));
    for (const id of ["1", "2"]) {
      await nextMillisecond();
      await stage.change(id);
    }
    stage.proxy.fault("GetRecords", { rewriteRequest: (request) => ({ ...request, Limit: 1 }) });
    await expectReadThrough(environment);
    expect(stage.proxy.calls.GetRecords).toBeGreaterThanOrEqual(10);
  });

  test("that does not say how far behind it is proves nothing", async () => {
    const environment = await steady({ refreshTimeoutMs: 200 });
    const added = stage.proxy.fault("GetRecords", {
      rewriteAnswer: ({ MillisBehindLatest: _, ...answer }) => answer,
    });
    expect(await environment.read("3")).toMatchObject({ hit: false, freshness: { state: "bypassed" } });
    added.remove();
  });
});

describe("an iterator", () => {
  let clock: MovedClock;
  beforeEach(() => {
    clock = moveClock();
  });

  test("that Kinesis calls expired is replaced where the last proof stands", async () => {
    const environment = await steady();
    await stage.change("1", "2");
    const added = stage.proxy.fault("GetRecords", { rewriteRequest: withExpiredIterator }, 1);
    await expectReadThrough(environment);
    expect(added.used).toBe(1);
  });

  test("older than four minutes is not tried", async () => {
    const environment = await steady();
    await stage.change("1", "2");
    clock.advance(4 * MINUTE_MS + 1);
    let tried = 0;
    const count = (request: Body) => {
      tried += 1;
      return request;
    };
    stage.proxy.fault("GetShardIterator", { rewriteRequest: count });
    await expectReadThrough(environment);
    expect(tried).toBe(1);
  });

  test("of an environment frozen for ten minutes reads what was published meanwhile", async () => {
    const environment = await steady();
    for (let record = 0; record < 30; record += 1) await stage.change("1", "2");
    clock.advance(10 * MINUTE_MS);
    await expectReadThrough(environment);
  });
});

describe("a gap", () => {
  test("longer than maxGapMs flushes the cache without a call", async () => {
    const clock = moveClock();
    const environment = await steady({ maxGapMs: 1_000 });
    await stage.change("1");
    clock.advance(1_500);
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: false, freshness: { state: "empty" } });
    expect(stage.proxy.totalCalls).toBe(0);
    expect(await environment.invoke((cache) => cache.get(rowId("3")))).toBeUndefined();
  });

  test("shorter is read through", async () => {
    const clock = moveClock();
    const environment = await steady({ maxGapMs: 2_000 });
    await stage.change("1", "2");
    clock.advance(1_500);
    await expectReadThrough(environment);
  });
});

describe("a position that is lost", () => {
  /** 1 and 2 have changed, which the stream did not say: nothing stale all the same, and in the end hits again. */
  async function expectFlushed(environment: TestEnvironment): Promise<void> {
    for (const id of ["1", "2"]) {
      expect(await environment.read(id)).toMatchObject({ version: stage.rows.get(id), hit: false });
    }
    await environment.read("3");
    await environment.read("3");
    expect(await environment.read("3")).toMatchObject({ version: 1, hit: true });
    await stage.change("1");
    expect((await environment.read("1")).version).toBe(stage.rows.get("1"));
  }

  test("when the stream was deleted and created again, with other shards, flushes the cache", async () => {
    await stage.newStream(2);
    const environment = await steady();
    // Published before, so that it is gone with the stream.
    await stage.change("1", "2");
    await deleteStream(stage.direct, stage.streamName);
    await createStream(stage.direct, stage.streamName, 1);
    await expectFlushed(environment);
  });

  test.each(["InvalidArgumentException", "ResourceNotFoundException"])("by %s flushes the cache", async (error) => {
    const environment = await steady();
    for (const id of ["1", "2"]) stage.write(id);
    stage.proxy.fault("GetRecords", { error }, 1);
    await expectFlushed(environment);
  });

  test("because the clock runs an hour ahead is found again, and nothing stale is served", async () => {
    const clock = moveClock();
    clock.advance(60 * MINUTE_MS);
    const environment = stage.environment();
    await environment.warm("1", "2", "3");
    await stage.change("1", "2");
    await environment.read("1");
    await environment.read("2");
    await environment.read("3");
    expect(await environment.read("3")).toMatchObject({ version: 1, hit: true });
    await stage.change("1", "2");
    await expectReadThrough(environment);
  });

  test("because Kinesis refuses a timestamp in its future flushes the cache", async () => {
    const environment = stage.environment();
    await environment.warm("1");
    await stage.change("1");
    const future = Date.now() / 1_000 + 3_600;
    stage.proxy.fault("GetShardIterator", { rewriteRequest: (request) => ({ ...request, Timestamp: future }) }, 1);
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
    expect(environment.log.warnings).toHaveLength(1);
    await environment.read("1");
    await environment.read("1");
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: true });
  });
});

test.each(Object.entries(GARBAGE))("a record (%s) flushes the cache, and the stream goes on", async (_, data) => {
  const environment = await steady();
  stage.write("1");
  await stage.put(data);
  expect(await environment.read("1")).toMatchObject({ version: 2, hit: false });
  expect(await environment.read("1")).toMatchObject({ version: 2, hit: true });
  await stage.change("1");
  expect(await environment.read("1")).toMatchObject({ version: 3, hit: false });
  expect(environment.log.warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining("contains a record that could not be decoded, so the cache was flushed"),
  ]);
});
