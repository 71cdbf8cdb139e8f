/**
 * `scache/cdc`: change data capture as invalidations, so that nobody can forget to publish. Decoders of a database's change
 * records, for the option `decode`, and a relay that publishes what they say to any log. It must never load a client of AWS
 * nor Middy: a relay is given its publisher.
 */
import { systemClock } from "../core/clock.js";
import type { InvalidationPublisher } from "../core/publishing/invalidator.js";
import type { RecordDecoder } from "../core/record.js";
import { createLineLogger, logLevelOf } from "../log-line.js";
import { createRelaySink } from "../metrics/relay-emf.js";
import { check, functionOr, objectWith } from "../option-rules.js";
import { createRelay, type RelayHandler } from "./relay.js";

export type { DataId } from "../core/data-id.js";
export type { InvalidationPublisher } from "../core/publishing/invalidator.js";
export type { DecodedRecord, RecordDecoder } from "../core/record.js";
export { ChangeRecordError, InvalidOptionError, ScacheError, type ScacheErrorCode } from "../errors.js";
export type { Row } from "./columns.js";
export { type DebeziumOptions, fromDebezium } from "./debezium.js";
export type { ChangeDecoder } from "./decoder.js";
export { type DmsOptions, fromDms } from "./dms.js";
export { fromDsql } from "./dsql.js";
export { fromDynamoDb } from "./dynamodb.js";
export type { BatchResponse, RelayHandler } from "./relay.js";
export type { RelayEvent } from "./relay-event.js";
export type { IdOf, TableSources, Tables } from "./tables.js";

/**
 * A Lambda handler for a Kinesis or DynamoDB event source, or a pipe: publishes what the change records of a batch say, each
 * id once, and resolves when the log holds it. What could not be published is reported, from the first such record on, for
 * Lambda to give again: the event source mapping must have `ReportBatchItemFailures`. A record that cannot be understood, or
 * not be written, is published as everything.
 *
 * @param decode one of the decoders here, or one of your own
 * @param publisher of `createPublisher()`, or any object with its three methods
 * @throws InvalidOptionError
 */
export function relay(decode: RecordDecoder, publisher: InvalidationPublisher): RelayHandler {
  check("decode", decode, functionOr(undefined));
  for (const method of ["invalidate", "invalidateSource", "invalidateAll"] as const) {
    check("publisher", publisher, objectWith(method));
  }
  const { env } = process;
  const { POWERTOOLS_SERVICE_NAME, AWS_LAMBDA_FUNCTION_NAME: functionName } = env;
  const serviceName = POWERTOOLS_SERVICE_NAME ?? functionName;
  const logger = createLineLogger({
    serviceName,
    level: logLevelOf(env),
    now: systemClock.now,
  });
  return createRelay(decode, publisher, {
    clock: systemClock,
    report: createRelaySink({ serviceName, functionName }),
    warn: (message) => logger.warn(`scache: relay: ${message}`, {}),
  });
}
