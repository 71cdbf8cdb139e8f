/** `scache/testing`: what our own tests stand on, for users' tests. The public names, and nothing else. */

export type { InvocationReport } from "../core/invocation/report.js";
export type { InvalidationPublisher } from "../core/publishing/invalidator.js";
export type { PutOutcome } from "../kinesis/stream-api.js";
export type { ScacheMiddleware } from "../middleware.js";
export type { CallPlan, CallPolicy, StreamCall, StreamOperation } from "./call-plan.js";
export { ManualClock } from "./manual-clock.js";
export type { MemoryClient } from "./memory-client.js";
export type { HashRange, MemoryShard, StoredRecord } from "./memory-shard.js";
export { MemoryStream, type MemoryStreamOptions } from "./memory-stream.js";
export { type TestPublisherOptions, testPublisher } from "./test-publisher.js";
export { type TestScacheOptions, testScache } from "./test-scache.js";
