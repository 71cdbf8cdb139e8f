/**
 * `scache/testing`: what our own tests stand on, for users' tests. The public names, and nothing else. Among them are all of
 * `scache`, `scache/dynamodb` and `scache/publisher`, so that a test runner can put this module in their place.
 */

export type { ClientLike } from "../aws/client-like.js";
export { DataId, dataId, dataSource, type Observable, parseDataId } from "../core/data-id.js";
export type { AddOptions, ContextCache, Freshness, RefreshOptions } from "../core/invocation/context-cache.js";
export type { FreshnessState, InvocationReport } from "../core/invocation/report.js";
export type { InvalidationPublisher } from "../core/publishing/invalidator.js";
export type { DecodedRecord, RecordDecoder } from "../core/record.js";
export {
  InvalidDataIdError,
  InvalidOptionError,
  InvalidValueError,
  LoadCycleError,
  PublishError,
  RefreshError,
  ScacheError,
  type ScacheErrorCode,
} from "../errors.js";
export type { PutOutcome } from "../kinesis/stream-api.js";
export type { Logger } from "../logging.js";
export type { MetricsLike } from "../metrics/emf.js";
export type { CacheContext, LambdaContext, ScacheMiddleware } from "../middleware.js";
export type { RefreshErrorPolicy, ScacheOptions } from "../options.js";
export type { CallPlan, CallPolicy, StreamCall, StreamOperation } from "./call-plan.js";
export { createPublisher, scache, testClock, testContext, testStream } from "./in-place.js";
export { ManualClock } from "./manual-clock.js";
export type { MemoryClient } from "./memory-client.js";
export type { HashRange, MemoryShard, StoredRecord } from "./memory-shard.js";
export { MemoryStream, type MemoryStreamOptions } from "./memory-stream.js";
export { type TestPublisherOptions, testPublisher } from "./test-publisher.js";
export { type TestScacheOptions, testScache } from "./test-scache.js";
