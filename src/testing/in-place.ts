/**
 * What stands in the place of `scache`, `scache/dynamodb` and `scache/publisher` where a test runner replaces those modules
 * by `scache/testing`: a handler's module is then tested as it is, though it builds its cache itself. All that is built
 * under one name shares one stream in memory, and everything shares one clock; a test gets hold of both by name.
 * It must never open a socket or read the system's clock.
 */
import type { ClientLike } from "../aws/client-like.js";
import type { InvalidationPublisher } from "../core/publishing/invalidator.js";
import { isObject } from "../errors.js";
import type { CacheContext, LambdaContext, ScacheMiddleware } from "../middleware.js";
import { check, type Rule } from "../option-rules.js";
import type { ScacheOptions } from "../options.js";
import { ManualClock } from "./manual-clock.js";
import { MemoryStream } from "./memory-stream.js";
import { testPublisher } from "./test-publisher.js";
import { testScache } from "./test-scache.js";

/** The log's name in a table, which only a log in a table has. */
interface InTable {
  readonly log?: string;
}

/** Those of `scache/publisher`. */
interface PublisherOptions extends InTable {
  readonly client?: ClientLike;
  readonly publishTimeoutMs?: number;
}

const NAME: Rule = {
  expected: "the name or ARN of a stream or table",
  fits: (name) => typeof name === "string" && /^[\w.:/-]+$/.test(name),
};

const streams = new Map<string, MemoryStream>();
let contexts = 0;

/** The clock of everything built here. It stands still until a test moves it. */
export const testClock = new ManualClock();

/** The stream that stands for the log of this name: what has been published to it, and its faults, are a test's to look at. */
export function testStream(name: string, log = ""): MemoryStream {
  check("name", name, NAME);
  // By name and by ARN it is the same.
  const key = `${name.slice(name.lastIndexOf("/") + 1)}/${log}`;
  const stream = streams.get(key) ?? new MemoryStream({ clock: testClock });
  streams.set(key, stream);
  return stream;
}

/** As `scache()`, with the same options; clients, loggers and metrics have no part in it. */
export function scache(name: string, options: ScacheOptions & InTable = {}): ScacheMiddleware {
  const { client: _client, logger: _logger, metrics: _metrics, log, ...rest } = options;
  return testScache(testStream(name, log), { ...rest, clock: testClock });
}

/** As `createPublisher()`. */
export function createPublisher(name: string, options: PublisherOptions = {}): InvalidationPublisher {
  const { client: _client, log, ...rest } = options;
  return testPublisher(testStream(name, log), rest);
}

/**
 * A context to call a handler with: `handler(event, testContext())`. The cache that its type promises is put there by the
 * middleware, as in Lambda.
 *
 * @param given what shall be different
 */
export function testContext<Context extends LambdaContext = CacheContext>(given: Partial<Context> = {}): Context {
  check("given", given, { expected: "an object", fits: isObject });
  const name = "test";
  const context: LambdaContext = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:eu-west-1:123456789012:function:${name}`,
    memoryLimitInMB: "128",
    awsRequestId: `test-${++contexts}`,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: name,
    getRemainingTimeInMillis: () => 30_000,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
  return { ...context, ...given } as Context;
}
