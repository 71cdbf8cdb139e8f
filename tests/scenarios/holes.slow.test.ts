/**
 * Each hole of the original's read algorithm as a scenario, played twice through the real SDK: with this package, which
 * must serve nothing stale, and with the original's algorithm, which must, or the scenario would show nothing.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { kinesisClient, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { openShardIds, splitShard } from "../../tools/emulators/streams.js";
import { throttle } from "../../tools/proxy.js";
import { OriginalReader, type Reader } from "../support/original-reader.js";
import { openStage, recordOf, rowId, type Stage } from "../support/stage.js";
import { gate, until } from "../support/until.js";

const TRIALS = 5;
const BETWEEN_ITERATOR_AND_RECORDS_MS = 40;

/** Plays once; resolves to whether the last read was stale. */
type Scenario = (stage: Stage, reader: Reader, another: Reader) => Promise<boolean>;

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

async function read(reader: Reader, id = "1"): Promise<number> {
  return reader.invoke(async (cache) => {
    const cached = cache.get(rowId(id));
    if (cached !== undefined) return cached.version;
    const row = await stage.load(id);
    cache.add(rowId(id), row);
    return row.version;
  });
}

async function isStale(reader: Reader, id = "1"): Promise<boolean> {
  return (await read(reader, id)) !== (stage.rows.get(id) ?? 1);
}

async function isHit(reader: Reader): Promise<boolean> {
  stage.proxy.clear();
  await read(reader);
  const { loads } = stage;
  return !(await isStale(reader)) && stage.loads === loads;
}

/** Gives even the original a position, by a record that arrives between its iterator and its records. */
async function holdPosition(reader: Reader): Promise<void> {
  const before = stage.proxy.calls.GetRecords ?? 0;
  stage.proxy.fault("GetRecords", { delayMs: BETWEEN_ITERATOR_AND_RECORDS_MS }, 1);
  const invocation = reader.invoke(() => undefined);
  await until("GetRecords is on its way", () => (stage.proxy.calls.GetRecords ?? 0) > before);
  await stage.put(recordOf("filler"));
  await invocation;
}

/** Warm with datum 1 and, for the original too, with a position. */
async function warmWithPosition(reader: Reader): Promise<void> {
  await read(reader);
  await holdPosition(reader);
}

async function whileKinesisFails(reader: Reader, fail: () => void): Promise<boolean> {
  await warmWithPosition(reader);
  await stage.change("1");
  fail();
  return isStale(reader);
}

const SCENARIOS: Record<string, Scenario> = {
  "an entry is added to an empty cache and invalidated before the next request": async (stage, reader, another) => {
    await read(reader);
    stage.write("1");
    await another.invoke((cache) => cache.invalidate(rowId("1")));
    return isStale(reader);
  },
  "a shard returned no records before the invalidation": async (stage, reader) => {
    await warmWithPosition(reader);
    await reader.invoke(() => undefined);
    await reader.invoke(() => undefined);
    await stage.change("1");
    return isStale(reader);
  },
  "the environment that wrote the datum reads it back": async (stage, reader) => {
    await read(reader);
    stage.write("1");
    await reader.invoke((cache) => cache.invalidate(rowId("1")));
    return isStale(reader);
  },
  "a shard was split before the invalidation": async (stage, reader) => {
    await warmWithPosition(reader);
    const [shardId = ""] = await openShardIds(stage.direct, stage.streamName);
    await splitShard(stage.direct, stage.streamName, shardId);
    await stage.change("1");
    return isStale(reader);
  },
  "an undecodable record came before the invalidation": async (stage, reader) => {
    await warmWithPosition(reader);
    await stage.put("this is not JSON");
    await stage.change("1");
    return isStale(reader);
  },
  "PutRecords answers 200 and writes nothing": async (stage, reader, another) => {
    await warmWithPosition(reader);
    stage.write("1");
    // The embedded Kinesis refuses a record that is too large, and that record only.
    const oversized = Buffer.alloc(1024 * 1024 + 1).toString("base64");
    stage.proxy.fault(
      "PutRecords",
      { rewriteRequest: (request) => ({ ...request, Records: [{ Data: oversized, PartitionKey: "p" }] }) },
      1,
    );
    await another.invoke((cache) => cache.invalidate(rowId("1")));
    return isStale(reader);
  },
  "Kinesis throttles every call": (stage, reader) => whileKinesisFails(reader, () => stage.proxy.fault("*", throttle)),
  "Kinesis fails every call": (stage, reader) =>
    whileKinesisFails(reader, () => stage.proxy.fault("*", { error: "InternalFailure", status: 500 })),
  "every connection is reset": (stage, reader) =>
    whileKinesisFails(reader, () => stage.proxy.fault("*", { reset: true })),
  "an empty page is not the tip": async (stage, reader) => {
    await warmWithPosition(reader);
    await stage.change("1");
    const emptyPage = (_: unknown, request: { readonly ShardIterator?: unknown }) => ({
      Records: [],
      NextShardIterator: request.ShardIterator,
      MillisBehindLatest: 5_000,
    });
    stage.proxy.fault("GetRecords", { rewriteAnswer: emptyPage }, 1);
    return isStale(reader);
  },
  "an old value is added after its invalidation was read": async (stage, reader) => {
    await read(reader, "another");
    await holdPosition(reader);
    const slow = gate();
    const loading = gate();
    const slowRead = reader.invoke(async (cache) => {
      cache.get(rowId("1"));
      const row = await stage.load("1");
      loading.open();
      await slow.opened;
      cache.add(rowId("1"), row);
    });
    await loading.opened;
    await stage.change("1");
    await read(reader);
    slow.open();
    await slowRead;
    return isStale(reader);
  },
};

async function staleReads(play: Scenario, newReader: () => Reader): Promise<number> {
  let stale = 0;
  for (const streamName of await stage.createStreams(TRIALS)) {
    stage.switchTo(streamName);
    const reader = newReader();
    if (await play(stage, reader, newReader())) stale += 1;
    // A cache that never serves anything is never stale either.
    else await until("the cache serves what it should", () => isHit(reader));
  }
  return stale;
}

describe.each(Object.entries(SCENARIOS))("%s", (_, play) => {
  test("serves nothing stale", async () => {
    expect(await staleReads(play, () => stage.environment())).toBe(0);
  });

  test("serves stale values with the original's algorithm", async () => {
    const client = kinesisClient(
      { endpoint: stage.proxy.endpoint, region: kinesis.region, credentials: stage.credentials },
      { maxAttempts: 1 },
    );
    expect(await staleReads(play, () => new OriginalReader(client, stage.streamName))).toBe(TRIALS);
    client.destroy();
  });
});
