/** The same Lambda handler three times: without a cache, on the original's algorithm and on scache. */

import type { KinesisClient } from "@aws-sdk/client-kinesis";
import middy from "@middy/core";
import { scache as tableScache } from "../src/dynamodb/index.js";
import { type ScacheOptions, scache } from "../src/index.js";
import type { ScacheMiddleware } from "../src/middleware.js";
import { userById, userOf } from "./keys.js";
import { OriginalCache } from "./original.js";

export interface Handler {
  /** One invocation with a context of its own. */
  readonly invoke: () => Promise<unknown>;
  /** How often the source was asked so far. */
  readonly loads: () => number;
}

const ID = userById("12345");

/** What the Lambda runtime hands to every invocation, as far as it is used. */
export function lambdaContext() {
  return { awsRequestId: "00000000-0000-0000-0000-000000000000", getRemainingTimeInMillis: () => 300_000 } as never;
}

function slowSource(delayMs: number) {
  let loads = 0;
  return {
    loads: () => loads,
    async load() {
      loads += 1;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return userOf(ID.id);
    },
  };
}

export function noCacheHandler(sourceMs: number): Handler {
  const source = slowSource(sourceMs);
  const handler = middy().handler(async () => source.load());
  return { loads: source.loads, invoke: () => handler({}, lambdaContext()) };
}

export function originalHandler(client: KinesisClient, stream: string, sourceMs: number): Handler {
  const source = slowSource(sourceMs);
  const cache = new OriginalCache(client, stream);
  const key = ID.toString();
  const handler = middy()
    .use({ before: () => cache.observe() })
    .handler(async () => {
      const hit = cache.get(key);
      if (hit !== undefined) return hit;
      const loaded = await source.load();
      cache.add(key, loaded);
      return loaded;
    });
  return { loads: source.loads, invoke: () => handler({}, lambdaContext()) };
}

export function scacheHandler(stream: string, sourceMs: number, options: ScacheOptions = {}): Handler {
  return cachedHandler(scache(stream, { metrics: false, refreshTimeoutMs: 10_000, ...options }), sourceMs);
}

/** The same with its log in a table. */
export function tableHandler(table: string, sourceMs: number): Handler {
  return cachedHandler(tableScache(table, { metrics: false, refreshTimeoutMs: 10_000 }), sourceMs);
}

function cachedHandler(cache: ScacheMiddleware, sourceMs: number): Handler {
  const source = slowSource(sourceMs);
  const handler = middy()
    .use(cache)
    .handler(async (_event, context) => context.cache.getOrAdd(ID, source.load));
  return { loads: source.loads, invoke: () => handler({}, lambdaContext()) };
}
