/**
 * `scache/cdc`: change data capture as invalidations, so that nobody can forget to publish. Decoders of a database's change
 * records, for the option `decode`, and a relay that publishes what they say to any log.
 */
export type { InvalidationPublisher } from "../core/publishing/invalidator.js";
export type { DecodedRecord, RecordDecoder } from "../core/record.js";
export { ChangeRecordError, InvalidOptionError, ScacheError, type ScacheErrorCode } from "../errors.js";
export type { Row } from "./columns.js";
export { type DebeziumOptions, fromDebezium } from "./debezium.js";
export type { ChangeDecoder } from "./decoder.js";
export { type DmsOptions, fromDms } from "./dms.js";
export { fromDsql } from "./dsql.js";
export { fromDynamoDb } from "./dynamodb.js";
export type { IdOf, TableSources, Tables } from "./tables.js";
