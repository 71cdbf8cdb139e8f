/**
 * The fault proxy: every test that relies on a fault relies on this one. Each fault is seen through the real SDK.
 */
import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { kinesisClient, newAccount, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream, openShardIds } from "../../tools/emulators/streams.js";
import { type EndedCall, type FaultProxy, startProxy, throttle } from "../../tools/proxy.js";
import { until } from "../support/until.js";

let kinesis: RunningEmulator;
let proxy: FaultProxy;
let direct: KinesisClient;
let client: KinesisClient;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  const credentials = newAccount();
  proxy = await startProxy(kinesis.endpoint);
  direct = kinesisClient({ ...kinesis, credentials });
  client = kinesisClient({ ...kinesis, credentials, endpoint: proxy.endpoint }, { maxAttempts: 1 });
  await createStream(direct, "s");
});
afterEach(async () => {
  client.destroy();
  direct.destroy();
  await proxy.stop();
});

const list = (signal?: AbortSignal) =>
  client.send(new ListShardsCommand({ StreamName: "s" }), signal === undefined ? {} : { abortSignal: signal });
const put = () =>
  client.send(new PutRecordsCommand({ StreamName: "s", Records: [{ Data: Buffer.from("x"), PartitionKey: "p" }] }));

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error("it resolved"),
    (reason: unknown) => reason,
  );
  return error as Error;
}

/** The name of a call's error that is given up once it has been sent. */
async function errorOfAbandoned(): Promise<string> {
  const abort = new AbortController();
  const error = errorOf(list(abort.signal));
  await until("the call is under way", () => proxy.inFlight > 0);
  abort.abort();
  return (await error).name;
}

describe("without faults", () => {
  test("passes calls on, over one connection, and counts them by operation", async () => {
    await list();
    await put();
    await list();
    expect(proxy.calls).toMatchObject({ ListShards: 2, PutRecords: 1 });
    expect(proxy.calls.GetRecords).toBe(0);
    expect(proxy.totalCalls).toBe(3);
    expect(proxy.connections).toEqual({ accepted: 1, open: 1 });
    proxy.resetCounts();
    expect(proxy.totalCalls).toBe(0);
  });

  test("counts how many calls were under way at once", async () => {
    proxy.latencyMs = 20;
    await Promise.all([list(), list(), list()]);
    expect(proxy.maxInFlight).toBe(3);
    expect(proxy.inFlight).toBe(0);
  });

  test("adds its latency to every call", async () => {
    await list();
    proxy.latencyMs = 60;
    const beganMs = performance.now();
    await list();
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(59);
  });
});

describe("the latency", () => {
  test("has the service's own time within it, not on top", async () => {
    await list();
    proxy.latencyMs = 250;
    const spans: number[] = [];
    const other = await startProxy(proxy.endpoint, {
      latencyMs: 260,
      onEnded: ({ dueMs, endedMs }) => spans.push(endedMs - dueMs),
    });
    const through = kinesisClient({ ...kinesis, endpoint: other.endpoint }, { maxAttempts: 1 });
    await through.send(new ListShardsCommand({ StreamName: "missing" })).catch(() => undefined);
    through.destroy();
    await other.stop();
    // On top of each other, these would be 250 ms late.
    expect(spans).toHaveLength(1);
    expect(spans[0]).toBeLessThan(200);
  });

  test("may be another for some calls, and whoever asks is told how late each was", async () => {
    const ended: EndedCall[] = [];
    const other = await startProxy(kinesis.endpoint, {
      latencyOf: ({ body }) => (body.StreamName === "slow" ? 80 : undefined),
      onEnded: (call) => ended.push(call),
    });
    const through = kinesisClient({ ...kinesis, endpoint: other.endpoint }, { maxAttempts: 1 });
    const beganMs = performance.now();
    await through.send(new ListShardsCommand({ StreamName: "slow" })).catch(() => undefined);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(79);
    await through.send(new ListShardsCommand({ StreamName: "quick" })).catch(() => undefined);
    through.destroy();
    await other.stop();
    expect(ended).toMatchObject([{ operation: "ListShards", body: { StreamName: "slow" } }, { isRefused: false }]);
    for (const { dueMs, endedMs } of ended) expect(endedMs).toBeGreaterThanOrEqual(dueMs - 1);
  });
});

describe("a fault", () => {
  test("is an error by AWS's name, as often as it was asked for", async () => {
    const added = proxy.fault("ListShards", throttle, 1);
    expect((await errorOf(list())).name).toBe("ProvisionedThroughputExceededException");
    await list();
    expect(added.used).toBe(1);
    proxy.fault("ListShards", { error: "InternalFailure", status: 500 }, 1);
    expect(await errorOf(list())).toMatchObject({ name: "InternalFailure", $metadata: { httpStatusCode: 500 } });
  });

  test("concerns its operation only, or any", async () => {
    proxy.fault("PutRecords", throttle);
    await list();
    proxy.clear();
    proxy.fault("*", throttle, 2);
    await errorOf(list());
    expect((await errorOf(put())).name).toBe("ProvisionedThroughputExceededException");
  });

  test("can be chosen by the request's body, and taken back", async () => {
    const added = proxy.fault("ListShards", { ...throttle, when: ({ StreamName }) => StreamName === "s" });
    expect((await errorOf(list())).name).toBe("ProvisionedThroughputExceededException");
    expect(await errorOf(direct.send(new DescribeStreamSummaryCommand({ StreamName: "s" })))).toMatchObject({
      message: "it resolved",
    });
    added.remove();
    await list();
  });

  test("is a delay before the service sees the call", async () => {
    await list();
    proxy.fault("ListShards", { delayMs: 60 }, 1);
    const beganMs = performance.now();
    await list();
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(59);
  });

  test("is silence", async () => {
    proxy.fault("ListShards", { hang: true }, 1);
    expect(await errorOfAbandoned()).toBe("AbortError");
    await list();
  });

  test("is a connection reset, after which a new one works", async () => {
    proxy.fault("ListShards", { reset: true }, 1);
    expect(await errorOf(list())).toMatchObject({ message: expect.stringContaining("ECONNRESET") });
    await list();
  });

  test("is an answer lost after the service did what it was asked to", async () => {
    proxy.fault("CreateStream", { loseAnswer: "reset" }, 1);
    expect(await errorOf(createStream(client, "unacknowledged"))).toMatchObject({
      message: expect.stringContaining("ECONNRESET"),
    });
    expect(await openShardIds(direct, "unacknowledged")).toHaveLength(1);
  });

  test("is another answer or another request", async () => {
    proxy.fault("PutRecords", { rewriteAnswer: (answer) => ({ ...answer, FailedRecordCount: 7 }) }, 1);
    expect((await put()).FailedRecordCount).toBe(7);
    proxy.fault("ListShards", { rewriteRequest: (request) => ({ ...request, StreamName: "missing" }) }, 1);
    expect((await errorOf(list())).name).toBe("ResourceNotFoundException");
  });

  test("is all open connections reset at once", async () => {
    await list();
    proxy.resetConnections();
    // The client's pool may still hold the dead connection: at most one call meets it.
    await list().catch(() => list());
    expect(proxy.connections.accepted).toBe(2);
  });

  test("is a connection that swallows what is sent, while new ones work", async () => {
    await list();
    expect(proxy.blackHoleConnections(({ body }) => body.StreamName === "other")).toBe(0);
    expect(proxy.blackHoleConnections(({ body }) => body.StreamName === "s")).toBe(1);
    expect(await errorOfAbandoned()).toBe("AbortError");
    await list();
    expect(proxy.connections.accepted).toBe(2);
  });
});

test("stops with calls hanging and delayed", async () => {
  const other = await startProxy(kinesis.endpoint, { latencyMs: 60_000 });
  const waiting = errorOf(
    kinesisClient({ ...kinesis, endpoint: other.endpoint }, { maxAttempts: 1 }).send(
      new ListShardsCommand({ StreamName: "s" }),
    ),
  );
  await until("the call is under way", () => other.inFlight > 0);
  await other.stop();
  expect((await waiting).message).not.toBe("it resolved");
});
