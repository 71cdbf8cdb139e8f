/**
 * What the cache costs in calls to Kinesis, counted at the proxy: how many, which, and how many at once. The original's
 * figures stand beside them.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { kinesisClient, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { mergeShards, openShardIds } from "../../tools/emulators/streams.js";
import { moveClock } from "../support/moved-clock.js";
import { OriginalReader } from "../support/original-reader.js";
import { openStage, rowId, type Stage } from "../support/stage.js";

const LATENCY_MS = 40;

let kinesis: RunningEmulator;
let stage: Stage;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  stage = await openStage(kinesis);
});
afterEach(() => stage.close());

/** Calls by operation while `work` runs, and how many were under way at once. */
async function calls(work: () => Promise<unknown>): Promise<{ calls: Record<string, number>; atOnce: number }> {
  stage.proxy.resetCounts();
  await work();
  return { calls: { ...stage.proxy.calls }, atOnce: stage.proxy.maxInFlight };
}

describe.each([1, 4, 16])("on a stream of %i shards", (shards) => {
  beforeEach(() => stage.newStream(shards));

  test("steady state costs exactly one GetRecords per shard, in parallel, and no other call", async () => {
    const environment = await stage.environment().settle("1");
    stage.proxy.latencyMs = LATENCY_MS;
    for (let invocation = 0; invocation < 3; invocation += 1) {
      const seen = await calls(() => environment.read("1"));
      expect(seen).toEqual({ calls: { GetRecords: shards }, atOnce: shards });
    }
    await stage.change("1");
    expect(await calls(() => environment.read("1"))).toEqual({ calls: { GetRecords: shards }, atOnce: shards });
  });

  test("an empty cache costs no call", async () => {
    const environment = stage.environment();
    const misses = async () => {
      for (let invocation = 0; invocation < 3; invocation += 1)
        await environment.invoke((cache) => cache.get(rowId("1")));
    };
    expect((await calls(misses)).calls).toEqual({});
    await environment.warm("1");
    await stage.change("1");
    await environment.invoke(() => undefined);
    expect((await calls(misses)).calls).toEqual({});
  });

  test("the first refresh costs one ListShards, and per shard one GetShardIterator and one GetRecords", async () => {
    const environment = stage.environment();
    await environment.warm("1");
    stage.proxy.latencyMs = LATENCY_MS;
    expect(await calls(() => environment.read("1"))).toEqual({
      calls: { ListShards: 1, GetShardIterator: shards, GetRecords: shards },
      atOnce: shards,
    });
  });

  test("the original makes one call and two per shard at every hit, one after another", async () => {
    const { endpoint } = stage.proxy;
    const client = kinesisClient({ ...kinesis, endpoint, credentials: stage.credentials });
    const reader = new OriginalReader(client, stage.streamName);
    reader.add(rowId("1"), { version: 1 });
    expect(await calls(() => reader.invoke(() => undefined))).toEqual({
      calls: { ListShards: 1, GetShardIterator: shards, GetRecords: shards },
      atOnce: 1,
    });
    client.destroy();
  });
});

test("iterators too old to be used cost one ListShards and, per shard, one GetShardIterator more, once", async () => {
  await stage.newStream(2);
  const clock = moveClock();
  // Wide enough for the clock's leap, which is no freeze to the service.
  const environment = await stage.environment({ clockMarginMs: 60 * 60_000 }).settle("1");
  clock.advance(5 * 60_000);
  const seen = await calls(() => environment.read("1"));
  expect(seen.calls).toEqual({ ListShards: 1, GetShardIterator: 2, GetRecords: 2 });
  expect((await calls(() => environment.read("1"))).calls).toEqual({ GetRecords: 2 });
  clock.restore();
});

test("a closed shard costs nothing any more once it was read to its end", async () => {
  await stage.newStream(2);
  const environment = await stage.environment().settle("1");
  const [first = "", second = ""] = await openShardIds(stage.direct, stage.streamName);
  await mergeShards(stage.direct, stage.streamName, first, second);
  expect((await calls(() => environment.read("1"))).calls).toEqual({ GetShardIterator: 1, GetRecords: 3 });
  expect((await calls(() => environment.read("1"))).calls).toEqual({ GetRecords: 1 });
});

test("an invocation that only writes costs the writing of it", async () => {
  const environment = stage.environment();
  const seen = await calls(() => environment.invoke((cache) => cache.invalidate(rowId("1"), rowId("2"))));
  expect(seen.calls).toEqual({ PutRecords: 1 });
});

test("inside maxStalenessMs a hit costs no call", async () => {
  const environment = stage.environment({ maxStalenessMs: 60_000 });
  await environment.warm("1");
  const seen = await calls(async () => {
    for (let invocation = 0; invocation < 5; invocation += 1) expect((await environment.read("1")).hit).toBe(true);
  });
  expect(seen.calls).toEqual({});
});

test("all calls of an environment go over connections that stay open", async () => {
  await stage.newStream(4);
  const environment = await stage.environment().settle("1");
  const { accepted } = stage.proxy.connections;
  for (let invocation = 0; invocation < 10; invocation += 1) await environment.read("1");
  expect(stage.proxy.connections.accepted).toBe(accepted);
  expect(accepted).toBeLessThanOrEqual(4);
});
