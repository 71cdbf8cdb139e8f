/**
 * Streaming responses under Middy 6 and 7. Middy runs `after` before it sends the body, so a body that is made while it
 * is sent may still ask the cache: it must get what it would have got, and the accounts are already closed.
 */
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import middy6 from "@middy/core";
import middy7 from "middy7";
import { executionModeStreamifyResponse } from "middy7/StreamifyResponse";
import { type CacheContext, dataId, scache } from "../../src/index.js";
import { FakeKinesisClient } from "../support/fake-kinesis-client.js";
import { type Middy, requestIdsOf } from "../support/middy-handler.js";
import { captureStandardOutput } from "../support/standard-output.js";

const user = dataId<{ name: string }>("users", "1");
const load = async () => ({ name: "Ann" });

/** What Lambda's runtime puts into the global scope for handlers that stream. */
const runtime = {
  streamifyResponse: <Handler>(handler: Handler) => handler,
  HttpResponseStream: { from: (stream: Writable, metadata: object) => Object.assign(stream, { metadata }) },
};

class Response extends Writable {
  text = "";
  metadata: object | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

beforeAll(() => {
  Object.assign(globalThis, { awslambda: runtime });
});
afterAll(() => {
  Reflect.deleteProperty(globalThis, "awslambda");
});

describe.each([
  ["6", middy6, { streamifyResponse: true }],
  ["7", middy7 as unknown as Middy, { executionMode: executionModeStreamifyResponse }],
] as [string, Middy, object][])("Middy %s", (major, middy, plugin) => {
  if (major === "6" && process.env.MIDDY === "7") plugin = { executionMode: executionModeStreamifyResponse };

  function streaming(handler: (event: unknown, context: CacheContext) => Promise<unknown>) {
    const kinesis = new FakeKinesisClient();
    const chain = middy(plugin as Parameters<Middy>[0])
      .use(scache("stream", { client: kinesis.asClient() }))
      .handler(handler);
    const run = chain as unknown as (event: unknown, response: Response, context: object) => Promise<void>;
    return async (awsRequestId: string) => {
      const response = new Response();
      const context = { awsRequestId, getRemainingTimeInMillis: () => 3_000 };
      const { lines } = await captureStandardOutput(() => run({}, response, context));
      return { response, reported: requestIdsOf(lines) };
    };
  }

  test("a body that is a text, with its status", async () => {
    const invoke = streaming(async (_event, context) => {
      const { name } = await context.cache.getOrAdd(user, load);
      return { statusCode: 200, headers: { "content-type": "text/plain" }, body: name };
    });
    for (const id of ["a", "b"]) {
      const { response, reported } = await invoke(id);
      expect(response.text).toBe("Ann");
      expect(response.metadata).toEqual({ statusCode: 200, headers: { "content-type": "text/plain" } });
      expect(reported).toEqual([id]);
    }
  });

  test("a body that asks the cache while it is sent", async () => {
    const found: unknown[] = [];
    const invoke = streaming(async (_event, context) => {
      async function* body() {
        yield "hello ";
        found.push(context.cache.get(user)?.name);
        yield (await context.cache.getOrAdd(user, load)).name;
      }
      return Readable.from(body());
    });
    for (const id of ["a", "b"]) {
      const { response, reported } = await invoke(id);
      expect(response.text).toBe("hello Ann");
      expect(reported).toEqual([id]);
    }
    expect(found).toEqual([undefined, "Ann"]);
  });

  test("a body that breaks half way breaks the invocation, and the next one is as any other", async () => {
    let broken = true;
    const invoke = streaming(async () => {
      async function* body() {
        yield "hello ";
        if (broken) throw new Error("the source broke");
        yield "Ann";
      }
      return Readable.from(body());
    });
    await expect(invoke("a")).rejects.toThrow("the source broke");
    broken = false;
    const { response, reported } = await invoke("b");
    expect(response.text).toBe("hello Ann");
    expect(reported).toEqual(["b"]);
  });
});
