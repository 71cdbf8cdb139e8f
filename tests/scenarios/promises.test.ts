/**
 * The promises, one test for each, which bears it as its name: through Middy, the package's own client and HTTP, on the
 * embedded Kinesis. What each rule of the protocol does for them is in the other scenarios.
 */
import { Metrics } from "@aws-lambda-powertools/metrics";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from "@jest/globals";
import { type DecodedRecord, dataId, PublishError, type ScacheOptions } from "../../src/index.js";
import type { Logger } from "../../src/logging.js";
import { type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { mergeShards, openShardIds, splitShard } from "../../tools/emulators/streams.js";
import { type Body, type FaultRule, throttle } from "../../tools/proxy.js";
import { GARBAGE } from "../support/garbage.js";
import { heldBytes } from "../support/heap.js";
import { moveClock } from "../support/moved-clock.js";
import { publishedKeys } from "../support/published.js";
import { nextMillisecond, openStage, rowId, type Stage } from "../support/stage.js";
import { captureStandardOutput } from "../support/standard-output.js";
import type { TestEnvironment } from "../support/test-environment.js";
import { until } from "../support/until.js";

const MIB = 1024 * 1024;

let kinesis: RunningEmulator;
let stage: Stage;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  stage = await openStage(kinesis, 2);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stage.close();
});

const times = <T>(count: number, work: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => work(i));
const numbered = (count: number) => times(count, String);
const current = (id: string) => stage.rows.get(id) ?? 1;

test("Once `invalidate(id)` has resolved, no invocation that begins later, in any environment, is served the entry cached before it. (`maxStalenessMs` 0, the default; else promise 6.)", async () => {
  const environments = times(3, () => stage.environment());
  const acknowledged = new Map<string, number>();
  let hits = 0;
  const reader = async (environment: TestEnvironment) => {
    for (let round = 0; round < 40; round += 1) {
      const id = String(round % 3);
      const oldest = acknowledged.get(id) ?? 1;
      const read = await environment.read(id);
      expect(read.version).toBeGreaterThanOrEqual(oldest);
      if (read.hit) hits += 1;
    }
  };
  const writer = async (environment: TestEnvironment) => {
    for (let round = 0; round < 15; round += 1) {
      const id = String(round % 3);
      const version = stage.write(id);
      await environment.invoke((cache) => cache.invalidate(rowId(id)));
      acknowledged.set(id, Math.max(version, acknowledged.get(id) ?? 1));
    }
  };
  await Promise.all(
    environments.flatMap((environment) => [reader(environment), reader(environment), writer(environment)]),
  );
  for (const writing of environments) {
    const version = stage.write("1");
    await writing.invoke((cache) => cache.invalidate(rowId("1")));
    for (const environment of environments) expect((await environment.read("1")).version).toBe(version);
    for (const environment of environments) expect(await environment.read("1")).toMatchObject({ version, hit: true });
  }
  expect(hits).toBeGreaterThan(0);
});

test("A value loaded before an invalidation is never served after it, even if it is added after it.", async () => {
  const environment = await stage.environment().settle("other");
  const load = () => stage.load("1");
  const adding: Record<string, (change: () => Promise<unknown>) => Promise<unknown>> = {
    "get and add": (change) =>
      environment.invoke(async (cache) => {
        cache.get(rowId("1"));
        const row = await load();
        await change();
        cache.add(rowId("1"), row);
      }),
    "add alone": (change) =>
      environment.invoke(async (cache) => {
        const row = await load();
        await change();
        cache.add(rowId("1"), row);
      }),
    getOrAdd: (change) =>
      environment.invoke((cache) =>
        cache.getOrAdd(rowId("1"), async () => {
          const row = await load();
          await change();
          return row;
        }),
      ),
  };
  const changes: (() => Promise<unknown>)[] = [
    () => stage.change("1"),
    () => stage.change("1").then(() => environment.read("other")),
    () => {
      stage.write("1");
      return environment.invoke((cache) => cache.invalidate(rowId("1")));
    },
  ];
  for (const add of Object.values(adding)) {
    for (const change of changes) {
      await add(change);
      expect((await environment.read("1")).version).toBe(current("1"));
      await stage.change("1");
    }
  }
});

test("When the stream cannot be read in time the cache misses; it never guesses (policy `bypass`, the default).", async () => {
  const faults: FaultRule[] = [
    { hang: true },
    { delayMs: 5_000 },
    { reset: true },
    { error: "InternalFailure", status: 500 },
    { error: "ServiceUnavailable", status: 503 },
    { error: "AccessDeniedException" },
    throttle,
    { rewriteAnswer: () => ({}) },
    {
      rewriteAnswer: (_, { ShardIterator }: Body) => ({
        NextShardIterator: ShardIterator,
        MillisBehindLatest: 1,
        Records: [],
      }),
    },
  ];
  const environment = await stage.environment({ refreshTimeoutMs: 200 }).settle("1");
  for (const fault of faults) {
    stage.proxy.fault("*", fault);
    const beganMs = performance.now();
    const read = await environment.read("1");
    expect(read).toMatchObject({ hit: false, version: current("1") });
    expect(read.freshness.state).not.toBe("fresh");
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    await stage.change("1");
    expect(await environment.read("1")).toMatchObject({ hit: false, version: current("1") });
    stage.proxy.clear();
    await until("the cache serves again", async () => (await environment.read("1")).hit);
    expect((await environment.read("1")).version).toBe(current("1"));
  }
});

test("No invalidation is skipped: empty pages, resharding, expired iterators, freezes and long gaps are read through, or the cache is flushed.", async () => {
  const [first = "", ...rest] = numbered(12);
  const ids = [first, ...rest];
  const change = async () => {
    for (const id of ids) {
      await nextMillisecond();
      await stage.change(id);
    }
  };
  const clock = moveClock();
  const emptyPage = (_: Body, request: Body) => ({
    Records: [],
    NextShardIterator: request.ShardIterator,
    MillisBehindLatest: 9,
  });
  const reshard = async () => {
    const [first = ""] = await openShardIds(stage.direct, stage.streamName);
    await splitShard(stage.direct, stage.streamName, first);
    await change();
    const [, left = "", right = ""] = await openShardIds(stage.direct, stage.streamName);
    await mergeShards(stage.direct, stage.streamName, left, right);
  };
  const adversities: Record<string, () => unknown> = {
    "empty pages": () => stage.proxy.fault("GetRecords", { rewriteAnswer: emptyPage }, 6),
    "pages of one record": () =>
      stage.proxy.fault("GetRecords", { rewriteRequest: (request) => ({ ...request, Limit: 1 }) }),
    resharding: reshard,
    "expired iterators": () => stage.proxy.fault("GetRecords", { error: "ExpiredIteratorException" }, 2),
    freeze: () => clock.advance(10 * 60_000),
    "long gap": () => clock.advance(16 * 60_000),
    "all of it": async () => {
      await reshard();
      stage.proxy.fault("GetRecords", { error: "ExpiredIteratorException" }, 2);
      stage.proxy.fault("GetRecords", { rewriteAnswer: emptyPage }, 6);
      clock.advance(10 * 60_000);
    },
  };
  for (const adversity of Object.values(adversities)) {
    await stage.newStream(2);
    const environment = await stage.environment({ refreshTimeoutMs: 5_000 }).settle(first, ...rest);
    await change();
    await adversity();
    await change();
    for (const id of [...ids, ...ids]) expect((await environment.read(id)).version).toBe(current(id));
    for (const id of ids) expect(await environment.read(id)).toMatchObject({ hit: true, version: current(id) });
  }
});

test("A record that cannot be understood never stops the stream, and never leaves a stale entry behind (the cache is flushed and the record counted).", async () => {
  const { lines } = await captureStandardOutput(async () => {
    const environment = await stage.environment({ metrics: new Metrics({ namespace: "scenario" }) }).settle("1", "2");
    for (const data of Object.values(GARBAGE)) {
      // What the record meant to say cannot be known, so it may have been this.
      stage.write("1");
      await stage.put(data);
      await stage.change("2");
      expect((await environment.read("1")).version).toBe(current("1"));
      expect(await environment.read("2")).toMatchObject({ hit: false, version: current("2") });
      expect(await environment.read("2")).toMatchObject({ hit: true, version: current("2") });
      await stage.change("2");
      expect((await environment.read("2")).version).toBe(current("2"));
    }
  });
  const reports = lines.map((line) => JSON.parse(line) as { recordsSkipped: number; flushes: number });
  const counted = (name: "recordsSkipped" | "flushes") => reports.reduce((sum, report) => sum + report[name], 0);
  expect(counted("recordsSkipped")).toBe(Object.keys(GARBAGE).length);
  expect(counted("flushes")).toBe(Object.keys(GARBAGE).length);
});

test("With `maxStalenessMs: s`, an entry is served only if, at most `s` ms before the invocation began, it was loaded or a refresh began that proved the cache caught up.", async () => {
  const maxStalenessMs = 1_000;
  const clock = moveClock();
  const environments = times(2, () => stage.environment({ maxStalenessMs }));
  /** When each version's change was acknowledged: from then on older versions are out of date. */
  const acknowledgedAtMs: number[] = [];
  let hits = 0;
  let oldHits = 0;
  stage.proxy.resetCounts();
  for (let step = 0; step < 150; step += 1) {
    clock.advance((step * 7_919) % 400);
    if (step % 5 === 4) {
      await stage.change("1");
      acknowledgedAtMs[current("1")] = Date.now();
    }
    const beganMs = Date.now();
    const read = await (environments[(step >> 1) % 2] as TestEnvironment).read("1");
    const outdatedAtMs = acknowledgedAtMs[read.version + 1] ?? Number.POSITIVE_INFINITY;
    expect(beganMs - outdatedAtMs).toBeLessThanOrEqual(maxStalenessMs);
    if (!read.hit) continue;
    hits += 1;
    if (read.version < current("1")) oldHits += 1;
    expect(read.freshness.boundMs).toBeLessThanOrEqual(maxStalenessMs);
  }
  // The bound is used, not only kept: most hits cost no call, and some are of a value that has just changed.
  expect(stage.proxy.calls.GetRecords).toBeLessThan(2 * hits);
  expect(oldHits).toBeGreaterThan(0);
});

test("`invalidate()` resolves only when Kinesis holds every record; otherwise it rejects and names the ids that may not have been published. The local entry is dropped either way.", async () => {
  const ids = times(2_000, (n) => rowId(`a datum with a rather long name, number ${n}`));
  const missing = (published: ReadonlySet<string>) => ids.map(String).filter((key) => !published.has(key));
  /** Caches all ids, publishes them while Kinesis has this fault, and resolves to those that are named. */
  const unpublished = async (fault: FaultRule, calls: number): Promise<readonly string[]> => {
    await stage.newStream(2);
    const environment = stage.environment();
    await environment.invoke((cache) => {
      for (const id of ids) cache.add(id, { version: 1 });
    });
    const added = stage.proxy.fault("PutRecords", fault, calls);
    const named = await environment.invoke(async (cache) => {
      const failure = await cache.invalidate(...ids).then(
        () => undefined,
        (error: unknown) => error as PublishError,
      );
      for (const id of ids) expect(cache.get(id)).toBeUndefined();
      if (failure !== undefined) expect(failure).toBeInstanceOf(PublishError);
      return failure?.ids ?? [];
    }, 1_500);
    expect(added.used).toBeGreaterThan(0);
    added.remove();
    return named;
  };
  // One record of several is refused, in an answer of 200 that says so.
  const tooLarge = Buffer.alloc(MIB + 1).toString("base64");
  const refuseSecond: FaultRule = {
    rewriteRequest: ({ Records, ...request }) => ({
      ...request,
      Records: (Records as Body[]).map((record, at) =>
        at === Math.min(1, (Records as Body[]).length - 1) ? { ...record, Data: tooLarge } : record,
      ),
    }),
  };
  for (const fault of [refuseSecond, throttle, { loseAnswer: "reset" }, { reset: true }] as const) {
    expect(await unpublished(fault, 1)).toEqual([]);
    expect(missing(new Set(await publishedKeys(stage)))).toEqual([]);
  }
  for (const fault of [
    refuseSecond,
    { error: "AccessDeniedException" },
    { error: "InternalFailure", status: 500 },
  ] as const) {
    const named = await unpublished(fault, 100);
    expect(named.length).toBeGreaterThan(0);
    expect(missing(new Set([...named, ...(await publishedKeys(stage))]))).toEqual([]);
  }
}, 60_000);

test("Memory is bounded, in entries and in bytes.", async () => {
  const maxBytes = 8 * MIB;
  const maxEntries = 3_000;
  const environment = stage.environment({ maxBytes, maxEntries, metrics: new Metrics({ namespace: "scenario" }) });
  /** Adds values, 250 in an invocation, and resolves to what the last of these said of the cache. */
  const fill = async (count: number, valueFor: (n: number) => unknown) => {
    const { lines } = await captureStandardOutput(async () => {
      for (let first = 0; first < count; first += 250) {
        await environment.invoke((cache) => {
          for (let n = first; n < first + 250; n += 1)
            cache.add(dataId("db.documents.id", `${count}/${n}`), valueFor(n));
        });
      }
    });
    return JSON.parse(lines.at(-1) ?? "") as { entries: number; bytes: number; evictions: number };
  };
  const before = await heldBytes();
  const large = await fill(2_500, (n) => Buffer.alloc(40_000, n));
  expect(large.bytes).toBeLessThanOrEqual(maxBytes);
  expect(large.bytes).toBeGreaterThan(0.9 * maxBytes);
  expect((await heldBytes()) - before).toBeLessThan(1.25 * maxBytes);
  const small = await fill(20_000, (n) => ({ n, tags: ["a", "b"] }));
  expect(small.entries).toBe(maxEntries);
  expect(small.bytes).toBeLessThanOrEqual(maxBytes);
  expect((await heldBytes()) - before).toBeLessThan(1.25 * maxBytes);
  // A value too large for the whole cache is not stored, and drives nothing out.
  await captureStandardOutput(() =>
    environment.invoke((cache) => {
      expect(cache.add(dataId("db.documents.id", "huge"), Buffer.alloc(maxBytes + 1))).toBe(false);
      expect(cache.get(dataId("db.documents.id", "20000/19999"))).toEqual({ n: 19_999, tags: ["a", "b"] });
    }),
  );
});

test("A handler, its result and its error are never changed by a failure of the cache, of Kinesis or of the metrics (policy `throw` excepted).", async () => {
  const fails = () => {
    throw new Error("it fails");
  };
  const failing = new Proxy({}, { get: () => fails });
  const faults: readonly FaultRule[] = [
    { hang: true },
    { reset: true },
    throttle,
    { error: "AccessDeniedException" },
    { rewriteAnswer: () => ({ Shards: 5, Records: "x" }) },
  ];
  const brokenOptions: readonly ScacheOptions[] = [
    { client: { send: fails, config: {} } as unknown as KinesisClient },
    { client: { send: () => undefined, config: {} } as unknown as KinesisClient },
    { logger: failing as Logger },
    { metrics: failing as unknown as Metrics },
    { sizeOf: fails },
    { sizeOf: () => Number.NaN },
    { decode: fails },
    { decode: () => null as unknown as DecodedRecord },
  ];
  const play = async (options: ScacheOptions) => {
    const environment = stage.environment({ refreshTimeoutMs: 100, ...options });
    const result = { body: "the handler's own" };
    const error = new Error("the handler's own");
    for (let invocation = 0; invocation < 3; invocation += 1) {
      await stage.put("not understood");
      const returned = await environment.invoke(async (cache) => {
        await environment.readIn(cache, "1");
        cache.add(rowId("2"), {
          get version() {
            return fails();
          },
        } as never);
        return result;
      });
      expect(returned).toBe(result);
      const thrown = environment.invoke(async (cache) => {
        await environment.readIn(cache, "1");
        throw error;
      });
      expect(await thrown.catch((reason: unknown) => reason)).toBe(error);
    }
  };
  await captureStandardOutput(async () => {
    for (const options of brokenOptions) await play(options);
    for (const fault of faults) {
      stage.proxy.fault("*", fault);
      await play({});
      await play({ onRefreshError: "serve" });
      stage.proxy.clear();
    }
  });
});
