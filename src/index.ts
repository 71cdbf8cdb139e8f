/** The public names of `scache`, and nothing else. */

export type { ClientLike } from "./aws/client-like.js";
export { DataId, dataId, dataSource, type Observable, parseDataId } from "./core/data-id.js";
export type { AddOptions, ContextCache, Freshness, RefreshOptions } from "./core/invocation/context-cache.js";
export type { FreshnessState, InvocationReport } from "./core/invocation/report.js";
export type { DecodedRecord, RecordDecoder } from "./core/record.js";
export {
  InvalidDataIdError,
  InvalidOptionError,
  InvalidValueError,
  LoadCycleError,
  PublishError,
  RefreshError,
  ScacheError,
  type ScacheErrorCode,
} from "./errors.js";
export type { Logger } from "./logging.js";
export type { MetricsLike } from "./metrics/emf.js";
export type { CacheContext, LambdaContext, ScacheMiddleware } from "./middleware.js";
export type { RefreshErrorPolicy, RefreshWhen, ScacheOptions } from "./options.js";
export { scache } from "./scache.js";
