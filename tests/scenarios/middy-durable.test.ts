/**
 * Durable execution under Middy 7, on AWS's own local runner: at a wait the invocation is suspended, its hooks `after`
 * and `onError` never run, and the handler is replayed from the start in a new invocation, with its steps' results kept.
 */
import type { DurableContext } from "@aws/durable-execution-sdk-js";
import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import middy from "middy7";
import { executionModeDurableContext } from "middy7/DurableContext";
import { type CacheContext, dataId, scache } from "../../src/index.js";
import { FakeKinesisClient } from "../support/fake-kinesis-client.js";
import { captureStandardOutput } from "../support/standard-output.js";

const user = dataId<string>("users", "1");
type Chain = { use(middleware: object): Chain; handler(handler: object): never };

beforeAll(async () => {
  process.env.AWS_LAMBDA_RUNTIME_API = "127.0.0.1:1";
  await LocalDurableTestRunner.setupTestEnvironment({ skipTime: true });
});
afterAll(async () => {
  await LocalDurableTestRunner.teardownTestEnvironment();
  delete process.env.AWS_LAMBDA_RUNTIME_API;
});

test("a replayed handler has its cache again, and both invocations are accounted for once", async () => {
  const kinesis = new FakeKinesisClient();
  const found: unknown[] = [];
  // Middy's own timer would outlive a suspended invocation by a quarter of an hour.
  const chain = middy({ executionMode: executionModeDurableContext, timeoutEarlyInMillis: 0 }) as unknown as Chain;
  const handlerFunction = chain
    .use(scache("stream", { client: kinesis.asClient() }))
    .handler(async (_event: unknown, context: DurableContext & CacheContext) => {
      found.push(context.cache.get(user));
      // What is read from a cache may differ at the replay: it belongs into a step, whose result is kept.
      const name = await context.step("read", () => context.cache.getOrAdd(user, async () => "Ann"));
      await context.wait({ seconds: 5 });
      const token = await context.step("write", () => context.cache.invalidate(user));
      return { name, written: typeof token };
    });
  const { result, lines } = await captureStandardOutput(async () =>
    new LocalDurableTestRunner({ handlerFunction }).run({ payload: {} }),
  );
  expect(result.getStatus()).toBe("SUCCEEDED");
  expect(result.getResult()).toEqual({ name: "Ann", written: "string" });
  expect(found).toEqual([undefined, "Ann"]);
  const reports = lines.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line) as object);
  expect(reports).toEqual([
    expect.objectContaining({ CacheHits: 0, publishLatencyMs: 0 }),
    expect.objectContaining({ CacheHits: 1, state: "fresh", publishLatencyMs: expect.any(Number) }),
  ]);
});
