/**
 * `scache/dynamodb`: the same cache and the same publisher over a log in a DynamoDB table. The public names, and how they are
 * put together; it must never load the Kinesis client.
 */
import type { ClientLike } from "../aws/client-like.js";
import { buildMiddleware, type ChosenLog } from "../build-middleware.js";
import { newNonce, systemClock, systemRandom } from "../core/clock.js";
import type { InvalidationLog, LogFailure } from "../core/log.js";
import { createInvalidator, type InvalidationPublisher } from "../core/publishing/invalidator.js";
import { createRecordPublisher } from "../core/publishing/publisher.js";
import type { ScacheMiddleware } from "../middleware.js";
import { check, clientOf, milliseconds, OPTIONS, objectWith, type Rule, withDefaults } from "../option-rules.js";
import type { ScacheOptions as AnyOptions } from "../options.js";
import { createTableApi } from "./api.js";
import { createDynamoDBClient, type DynamoDBClient } from "./client.js";
import { createTableLog } from "./log.js";
import { resolveTable, type TableRef } from "./table-ref.js";

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
export type { Logger } from "../logging.js";
export type { MetricsLike } from "../metrics/emf.js";
export type { CacheContext, LambdaContext, ScacheMiddleware } from "../middleware.js";
export type { RefreshErrorPolicy, RefreshWhen } from "../options.js";

interface LogOptions {
  /** The log's name in the table: each kind of data may have its own. Default `scache`. */
  readonly log?: string;
  /** A DynamoDB client. Default: one with keep-alive connections, time-outs and a single attempt per call. */
  readonly client?: ClientLike;
}

/** As on a stream. `clockMarginMs` has no effect: no clock but its own tells an environment how fresh its cache is. */
export interface ScacheOptions extends Omit<AnyOptions, "client">, LogOptions {}

export interface PublisherOptions extends LogOptions {
  /** How long one call may take, its repeated attempts included, in milliseconds. Default 10,000. */
  readonly publishTimeoutMs?: number;
}

const LOG_RULES = {
  // Checked with the table.
  log: { expected: "a log's name", fits: () => true, otherwise: undefined },
  client: objectWith("send"),
} satisfies Record<keyof LogOptions, Rule>;
const OF_DYNAMODB = clientOf("DynamoDB");
const PUBLISHER_RULES = {
  ...LOG_RULES,
  publishTimeoutMs: milliseconds(1, 900_000, 10_000),
} satisfies Record<keyof PublisherOptions, Rule>;

/**
 * Puts `context.cache` into a handler: a cache in this environment's memory that is kept coherent with every other
 * environment through a log in a DynamoDB table. Call it at module scope; two handlers that use the same middleware share one
 * cache.
 *
 * @param table the table's name or ARN
 * @throws InvalidOptionError
 */
export function scache(table: string, options: ScacheOptions = {}): ScacheMiddleware {
  check("options", options, OPTIONS);
  const { log, client, ...rest } = options;
  if (client !== undefined) checkClient(client);
  const ref = resolveTable(table, log);
  const chosen: ChosenLog = {
    kind: "DynamoDB",
    name: `${ref.name}/${ref.log}`,
    label: `log "${ref.log}" in table "${ref.name}"`,
    identity: `table ${ref.arn ?? ref.name}/${ref.log}`,
    ownOptions: Object.keys(LOG_RULES),
    open: (_resolved, trouble) =>
      openLog(ref, client, (failure) => {
        // The rest passes, and costs nobody an invalidation; what is refused stays so until somebody is told.
        if (failure.kind === "refused") trouble.failed("refused", failure.message, failure);
      }),
  };
  return buildMiddleware(chosen, rest);
}

/**
 * A publisher for writers outside of Lambda's handlers.
 * @param table the table's name or ARN
 * @throws InvalidOptionError
 */
export function createPublisher(table: string, options: PublisherOptions = {}): InvalidationPublisher {
  const { log, client, publishTimeoutMs } = withDefaults(options, PUBLISHER_RULES);
  check("client", client, OF_DYNAMODB);
  const publisher = createRecordPublisher(openLog(resolveTable(table, log), client), systemClock, systemRandom);
  return createInvalidator(publisher, publishTimeoutMs);
}

/** @throws InvalidOptionError */
function checkClient(client: ClientLike): void {
  check("client", client, LOG_RULES.client);
  check("client", client, OF_DYNAMODB);
}

function openLog(
  table: TableRef,
  client: ClientLike = createDynamoDBClient(table),
  onReliefFailure: (failure: LogFailure) => void = () => undefined,
): InvalidationLog {
  return createTableLog({
    api: createTableApi(client as DynamoDBClient, table),
    table,
    clock: systemClock,
    random: systemRandom,
    newIncarnation: newNonce,
    onReliefFailure,
  });
}
