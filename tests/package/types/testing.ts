/**
 * What a user's own module may export of `scache/testing` without writing types: each has to have a public name, or a
 * project with `declaration: true` does not compile. It is compiled, and never run.
 */
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { type CacheContext, dataId } from "scache";
import { createPublisher, type InvalidationPublisher } from "scache/publisher";
import {
  scache as inPlaceOf,
  ManualClock,
  MemoryStream,
  createPublisher as publisherInPlace,
  testClock,
  testContext,
  testPublisher,
  testScache,
  testStream,
} from "scache/testing";

export const clock = new ManualClock();
export const stream = new MemoryStream({ clock, shards: 2 });
export const client = stream.connect(() => ({ fail: "throttled" }));
export const shard = stream.shard("shardId-000000000000");
export const [record] = shard.read(0, 1);
export const range = shard.range;
export const outcomes = stream.put([]);
export const middleware = testScache(stream, { clock, maxStalenessMs: 1_000 });
export const publisher = testPublisher(stream, { publishTimeoutMs: 1_000 });

// A writer takes the one in production and the other in its tests.
export const announce = (to: InvalidationPublisher) => to.invalidate(dataId("db.users.id", "1"));
export const announced = [announce(publisher), announce(createPublisher("stream"))];

// The hooks are those of the middleware itself.
export const before = (context: Context & CacheContext) =>
  middleware.before({ event: {}, context, response: undefined, error: undefined, internal: {} });

// @ts-expect-error a test's cache has no client: it has the stream
testScache(stream, { clock, client: undefined });
// @ts-expect-error it needs a clock
testScache(stream, {});
// @ts-expect-error and a stream, not its name
testPublisher("stream");

// A test calls a handler with a context that is typed as one with a cache.
const handler = middy<{ readonly id: string }, string>()
  .use(middleware)
  .handler(async ({ id }, context) => context.cache.getOrAdd(dataId<string>("s", id), () => id));
export const called: Promise<string> = handler({ id: "1" }, testContext());
export const declaredContext: Context = testContext({ functionName: "f" });
// @ts-expect-error a context has no such member
testContext({ functionNme: "f" });

// What stands in the place of `scache` takes the same options, and a test gets hold of its stream and its clock.
export const inPlace = inPlaceOf("stream", { maxStalenessMs: 1_000, metrics: false });
export const inPlacePublisher = publisherInPlace("stream");
export const published = testStream("stream").put([]);
export const moved = testClock.advance(1_000);
