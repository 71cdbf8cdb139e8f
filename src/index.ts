/** The public names of `scache`, and nothing else. */
export type { AddOptions, ContextCache, Freshness } from "./core/context-cache.js";
export { DataId, dataId, dataSource, type Observable, parseDataId } from "./core/data-id.js";
export type { DecodedRecord, RecordDecoder } from "./core/invalidation-record.js";
export type { FreshnessState } from "./core/invocation-report.js";
export {
  InvalidDataIdError,
  InvalidOptionError,
  PublishError,
  RefreshError,
  ScacheError,
  type ScacheErrorCode,
} from "./errors.js";
export type { CacheContext, LambdaContext, ScacheMiddleware } from "./hooks.js";
export { scache } from "./middleware.js";
export type { RefreshErrorPolicy, ScacheOptions } from "./options.js";
