/**
 * Calls that fail on their way, are late, throttled or lost: reading keeps its deadline and the handler its time, and
 * publishing says what Kinesis holds and what it may not.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { PublishError } from "../../src/index.js";
import { kinesisClient, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { type Body, type FaultRule, throttle } from "../../tools/proxy.js";
import { moveClock } from "../support/moved-clock.js";
import { publishedKeys } from "../support/published.js";
import { openStage, rowId, type Stage } from "../support/stage.js";
import type { TestEnvironment } from "../support/test-environment.js";
import { until } from "../support/until.js";

/** Beside a deadline, for timers and a busy machine. */
const SLACK_MS = 700;

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

async function steady(options = {}): Promise<TestEnvironment> {
  const environment = await stage.environment(options).settle("1");
  stage.proxy.resetCounts();
  return environment;
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; tookMs: number }> {
  const beganMs = performance.now();
  const result = await work();
  return { result, tookMs: performance.now() - beganMs };
}

describe("the refresh's deadline", () => {
  test("is refreshTimeoutMs, kept while Kinesis is silent", async () => {
    const environment = await steady({ refreshTimeoutMs: 300 });
    stage.proxy.fault("GetRecords", { hang: true });
    const { result, tookMs } = await timed(() => environment.read("1"));
    expect(result).toMatchObject({ hit: false, freshness: { state: "bypassed" } });
    expect(tookMs).toBeGreaterThan(295);
    expect(tookMs).toBeLessThan(300 + SLACK_MS);
  });

  test("is half the invocation's remaining time when that is sooner", async () => {
    const environment = await steady({ refreshTimeoutMs: 10_000 });
    stage.proxy.fault("GetRecords", { hang: true });
    const { result, tookMs } = await timed(() => environment.read("1", 400));
    expect(result).toMatchObject({ hit: false, freshness: { state: "bypassed" } });
    expect(tookMs).toBeLessThan(200 + SLACK_MS);
  });

  test("holds for the first refresh as a whole, not for each of its calls", async () => {
    const environment = stage.environment({ refreshTimeoutMs: 300 });
    await environment.warm("1");
    stage.proxy.latencyMs = 140;
    const { result, tookMs } = await timed(() => environment.read("1"));
    expect(result.hit).toBe(false);
    expect(tookMs).toBeLessThan(300 + SLACK_MS);
  });

  test("holds with a client that retries on its own", async () => {
    const { endpoint } = stage.proxy;
    const client = kinesisClient({ ...kinesis, endpoint, credentials: stage.credentials }, { maxAttempts: 5 });
    const environment = await steady({ refreshTimeoutMs: 300, client });
    stage.proxy.fault("GetRecords", throttle);
    const { result, tookMs } = await timed(() => environment.read("1"));
    expect(result.hit).toBe(false);
    expect(tookMs).toBeLessThan(300 + SLACK_MS);
    client.destroy();
  });

  test("leaves no call under way when it has passed", async () => {
    const environment = await steady({ refreshTimeoutMs: 100 });
    stage.proxy.fault("GetRecords", { hang: true });
    await environment.read("1");
    await until("no call is under way", () => stage.proxy.inFlight === 0);
  });

  test("does not lose what was read before it: the next refresh goes on from there", async () => {
    await stage.newStream(2);
    const environment = await steady({ refreshTimeoutMs: 300 });
    await stage.change("1");
    stage.proxy.fault("GetRecords", { hang: true }, 1);
    stage.proxy.fault("GetRecords", { delayMs: 5_000 }, 1);
    await environment.read("1");
    stage.proxy.clear();
    expect((await environment.read("1")).version).toBe(2);
    stage.proxy.resetCounts();
    await environment.read("1");
    expect(stage.proxy.calls).toEqual({ GetRecords: expect.any(Number) });
  });
});

describe("throttling", () => {
  test("backs off, and while it does costs the handler neither a call nor time", async () => {
    const clock = moveClock();
    const environment = await steady();
    stage.proxy.fault("GetRecords", throttle);
    expect(await environment.read("1")).toMatchObject({ hit: false, freshness: { state: "bypassed" } });
    expect(stage.proxy.calls).toEqual({ GetRecords: 1 });
    stage.proxy.latencyMs = 1_000;
    const { tookMs } = await timed(async () => {
      for (let invocation = 0; invocation < 10; invocation += 1) await environment.read("1");
    });
    expect(tookMs).toBeLessThan(100);
    expect(stage.proxy.calls).toEqual({ GetRecords: 1 });
    stage.proxy.latencyMs = 0;
    clock.advance(5_000);
    await environment.read("1");
    expect(stage.proxy.calls).toEqual({ GetRecords: 2 });
  });

  test("for a minute costs at most one call in a few seconds, and ends at once when Kinesis answers", async () => {
    const clock = moveClock();
    const environment = await steady();
    stage.proxy.fault("GetRecords", throttle);
    for (let second = 0; second < 60; second += 1) {
      await environment.read("1");
      clock.advance(1_000);
    }
    expect(stage.proxy.calls.GetRecords).toBeLessThan(25);
    stage.proxy.clear();
    await stage.change("1");
    clock.advance(5_000);
    expect((await environment.read("1")).version).toBe(2);
    expect(await environment.read("1")).toMatchObject({ version: 2, hit: true });
    expect(environment.log.warnings).toHaveLength(1);
    expect(environment.log.infos).toHaveLength(1);
  });

  test("keeps the entries: after it, what did not change is a hit", async () => {
    const clock = moveClock();
    const environment = await steady();
    stage.proxy.fault("GetRecords", throttle, 1);
    expect((await environment.read("1")).hit).toBe(false);
    clock.advance(5_000);
    expect((await environment.invoke((cache) => cache.get(rowId("1"))))?.version).toBe(1);
  });
});

describe("a connection", () => {
  test("that is reset is replaced within the same refresh", async () => {
    const environment = await steady();
    await stage.change("1");
    stage.proxy.resetConnections();
    expect(await environment.read("1")).toMatchObject({ version: 2, freshness: { state: "fresh" } });
  });

  test("that is reset under a call costs one more call", async () => {
    const environment = await steady();
    stage.proxy.fault("GetRecords", { reset: true }, 1);
    expect(await environment.read("1")).toMatchObject({ hit: true, freshness: { state: "fresh" } });
    expect(stage.proxy.calls).toEqual({ GetRecords: 2 });
  });

  test("that swallows everything after a freeze is replaced within the refresh's deadline", async () => {
    const environment = await steady({ refreshTimeoutMs: 1_000 });
    await stage.change("1");
    stage.proxy.blackHoleConnections();
    const { result, tookMs } = await timed(() => environment.read("1"));
    expect(result).toMatchObject({ version: 2, freshness: { state: "fresh" } });
    expect(tookMs).toBeLessThan(1_000 + SLACK_MS);
    expect((await environment.read("1")).hit).toBe(true);
  });

  test("that swallows everything, one for each of four shards, all are replaced", async () => {
    await stage.newStream(4);
    const environment = await steady({ refreshTimeoutMs: 1_000 });
    await stage.change("1");
    stage.proxy.blackHoleConnections();
    expect(await environment.read("1")).toMatchObject({ version: 2, freshness: { state: "fresh" } });
    expect((await environment.read("1")).hit).toBe(true);
  });
});

describe("publishing", () => {
  const ids = Array.from({ length: 1_500 }, (_, n) => rowId(`a datum with a rather long name, number ${n}`));
  const keys = ids.map(String);

  /** Ids that the error names, or none. */
  const invalidate = (environment: TestEnvironment, remainingMs?: number) =>
    environment.invoke(
      (cache) =>
        cache.invalidate(...ids).then(
          () => [],
          (error: unknown) => (error as PublishError).ids,
        ),
      remainingMs,
    );
  const isMissing = (published: readonly string[]) => {
    const held = new Set(published);
    return keys.filter((key) => !held.has(key));
  };

  /** The embedded Kinesis refuses a record that is too large, in an answer of 200: one a call, since each takes it a second. */
  const refuse = (...indexes: readonly number[]): FaultRule => ({
    rewriteRequest: ({ Records, ...request }) => ({
      ...request,
      Records: (Records as Body[]).map((record, index) =>
        indexes.includes(index) ? { ...record, Data: Buffer.alloc(1024 * 1024 + 1).toString("base64") } : record,
      ),
    }),
  });

  test("repeats only the records that failed", async () => {
    const environment = stage.environment();
    const sizes: number[] = [];
    const count = ({ Records }: Body) => {
      sizes.push((Records as Body[]).length);
      return false;
    };
    stage.proxy.fault("PutRecords", { when: count, hang: true });
    stage.proxy.fault("PutRecords", refuse(2), 1);
    expect(await invalidate(environment)).toEqual([]);
    expect(sizes).toEqual([5, 1]);
    const published = await publishedKeys(stage);
    expect(isMissing(published)).toEqual([]);
    expect(published).toHaveLength(keys.length);
  });

  test("names exactly the ids of the records that may not be there", async () => {
    const environment = stage.environment();
    stage.proxy.fault("PutRecords", refuse(1), 1);
    stage.proxy.fault("PutRecords", { error: "AccessDeniedException" });
    const named = await invalidate(environment);
    expect(named.length).toBeLessThan(keys.length / 2);
    expect(isMissing(await publishedKeys(stage)).sort()).toEqual([...named].sort());
  });

  test.each(["reset", "hang"] as const)("repeats a call whose answer was lost (%s)", async (loseAnswer) => {
    const environment = stage.environment();
    stage.proxy.fault("PutRecords", { loseAnswer }, 1);
    expect(await invalidate(environment)).toEqual([]);
    const published = await publishedKeys(stage);
    expect(isMissing(published)).toEqual([]);
    // Twice, which is harmless.
    expect(published).toHaveLength(2 * keys.length);
  });

  test("that cannot know whether Kinesis holds the records says so before the invocation's time is up", async () => {
    const writer = stage.environment();
    const reader = stage.environment();
    await reader.warm("1");
    stage.write("1");
    stage.proxy.fault("PutRecords", { loseAnswer: "hang" });
    const { result, tookMs } = await timed(() =>
      writer.invoke((cache) => cache.invalidate(rowId("1")).catch((error: unknown) => error), 500),
    );
    expect(result).toBeInstanceOf(PublishError);
    expect(tookMs).toBeLessThan(500);
    // "May not" is not "is not": it was written, and is heeded.
    expect((await reader.read("1")).version).toBe(2);
  });

  test("throttled for a while is repeated with growing pauses, and succeeds", async () => {
    const environment = stage.environment();
    stage.proxy.fault("PutRecords", throttle, 3);
    const { result, tookMs } = await timed(() => invalidate(environment));
    expect(result).toEqual([]);
    expect(tookMs).toBeGreaterThan((50 + 100 + 200) / 2);
  });

  test("by several at once writes everything", async () => {
    const environment = await steady();
    await Promise.all(Array.from({ length: 8 }, () => invalidate(environment)));
    expect(isMissing(await publishedKeys(stage))).toEqual([]);
  });
});
