/**
 * Changes of rows as Debezium writes them, for every connector: an envelope of `before`, `after`, `source` and `op`, with or
 * without its schema, or rows flattened by `ExtractNewRecordState`. Changes of a schema, truncations, transactions,
 * heartbeats and tombstones arrive among them, and each means something of its own.
 */
import type { DecodedRecord } from "../core/record.js";
import { ChangeRecordError } from "../errors.js";
import { changedRows, type Operation, WHOLE_TABLE } from "./changes.js";
import { isSchemaChange, schemaChange } from "./debezium-ddl.js";
import { flattenedReader, imageReader } from "./debezium-values.js";
import { type ChangeDecoder, createDecoder, type Fields, fieldsIn, isFields, own, textIn } from "./decoder.js";
import { changedDocuments } from "./mongodb.js";
import { checkDecoderOptions, checkTables, FLAG, ONLY_FULL } from "./table-rules.js";
import { createTableMap, NOTHING_CHANGED, type TableMap, type TableName, type Tables } from "./tables.js";

export interface DebeziumOptions {
  /**
   * Old images hold every column: PostgreSQL with `REPLICA IDENTITY FULL` on every table. Without it they hold the key alone,
   * beside placeholders. Not needed for MySQL, MariaDB, SQL Server, Oracle, Db2 and MongoDB.
   */
  readonly oldImage?: "full";
  /** Rows come flattened by `ExtractNewRecordState`, with `add.fields=op,table` and `delete.tombstone.handling.mode=rewrite`. */
  readonly flattened?: boolean;
}

/** What a record is read with. */
interface Reading {
  readonly map: TableMap;
  readonly isBeforeFull: boolean;
}

const OPERATIONS: ReadonlyMap<unknown, Operation> = new Map([
  ["c", "insert"],
  ["r", "insert"],
  ["u", "update"],
  ["d", "delete"],
]);
const TRUNCATE = "t";
const MESSAGE = "m";
/** Connectors whose old images, where there is one, are what the row was. */
const WHOLE_BEFORE: ReadonlySet<unknown> = new Set(["mysql", "mariadb", "sqlserver", "oracle", "db2", "mongodb"]);

/** @throws InvalidOptionError */
export function fromDebezium(tables: Tables, options: DebeziumOptions = {}): ChangeDecoder {
  checkTables("tables", tables);
  checkDecoderOptions(options, { oldImage: ONLY_FULL, flattened: FLAG });
  const reading: Reading = { map: createTableMap(tables), isBeforeFull: options.oldImage === "full" };
  if (options.flattened === true) {
    return createDecoder({
      name: "a flattened Debezium row that names its table",
      advice: "ExtractNewRecordState needs add.fields=op,table",
      read: (record, mark) => readFlattened(record, mark, reading),
      empty: refuseTombstone,
    });
  }
  return createDecoder({
    name: "a Debezium change event",
    advice: 'Debezium must write plain JSON, and rows it has flattened need the option "flattened"',
    read: (record, mark) => readEvent(record, mark, reading),
    // Every delete is told by an event of its own, before the tombstone that Kafka would need.
    empty: () => NOTHING_CHANGED,
  });
}

function refuseTombstone(): never {
  throw new ChangeRecordError(
    "a row was deleted, and a tombstone does not say which. ExtractNewRecordState needs delete.tombstone.handling.mode=rewrite",
  );
}

interface Unwrapped {
  readonly payload: unknown;
  readonly schema: Fields | undefined;
}

/** Kafka Connect's JSON may wrap what is said in `schema` and `payload`. */
function unwrap(record: Fields): Unwrapped {
  const isWrapped = Object.keys(record).every((name) => name === "schema" || name === "payload");
  if (!isWrapped || !Object.hasOwn(record, "payload")) return { payload: record, schema: undefined };
  return { payload: own(record, "payload"), schema: fieldsIn(record, "schema") };
}

function readEvent(record: Fields, mark: string, reading: Reading): DecodedRecord | undefined {
  const { payload, schema } = unwrap(record);
  if (payload === null) return NOTHING_CHANGED;
  if (!isFields(payload)) return undefined;
  const op = own(payload, "op");
  if (op === MESSAGE || isHeartbeat(payload) || isTransactionMark(payload)) return NOTHING_CHANGED;
  const source = fieldsIn(payload, "source");
  if (op === undefined && isSchemaChange(payload)) return schemaChange(payload, source, reading.map);
  const name = source && tableOf(source);
  if (source === undefined || name === undefined) return undefined;
  if (op === TRUNCATE) return reading.map.changed(name, WHOLE_TABLE);
  const operation = OPERATIONS.get(op) ?? "unknown";
  const read = imageReader(schema, mark);
  const isBeforeTrusted = reading.isBeforeFull || WHOLE_BEFORE.has(own(source, "connector"));
  const rows = Object.hasOwn(source, "collection")
    ? changedDocuments(operation, payload)
    : changedRows(operation, { before: read(payload, "before"), after: read(payload, "after"), isBeforeTrusted });
  return reading.map.changed(name, rows);
}

const TIMES = /^ts_(?:ms|us|ns)$/;

function isHeartbeat(event: Fields): boolean {
  const names = Object.keys(event);
  return names.length > 0 && names.every((name) => TIMES.test(name));
}

/** Of the topic of transactions: what they changed is told by events of its own. */
function isTransactionMark(event: Fields): boolean {
  const status = own(event, "status");
  return (status === "BEGIN" || status === "END") && Object.hasOwn(event, "data_collections");
}

function tableOf(source: Fields): TableName | undefined {
  const table = textIn(source, "table") ?? textIn(source, "collection");
  const schema = textIn(source, "schema") ?? textIn(source, "db") ?? textIn(source, "keyspace");
  return table === undefined ? undefined : { schema, table };
}

/**
 * Of a flattened row only the fields that were asked for tell what it is. There is one image, of what the row is now or, of
 * a deleted row, was.
 */
function readFlattened(record: Fields, mark: string, { map, isBeforeFull }: Reading): DecodedRecord | undefined {
  const { payload, schema } = nameOf(record) ? { payload: record, schema: undefined } : unwrap(record);
  if (payload === null) refuseTombstone();
  if (!isFields(payload)) return undefined;
  const op = field(payload, "op");
  if (op === MESSAGE || isHeartbeat(payload) || isTransactionMark(payload)) return NOTHING_CHANGED;
  const name = nameOf(payload);
  if (name === undefined) return undefined;
  if (op === TRUNCATE) return map.changed(name, WHOLE_TABLE);
  const image = flattenedReader(schema, mark)(payload);
  if (op === "d" || String(own(payload, "__deleted")) === "true") {
    const isBeforeTrusted = isBeforeFull || WHOLE_BEFORE.has(field(payload, "connector"));
    return map.changed(name, changedRows("delete", { before: image, isBeforeTrusted }));
  }
  const operation = OPERATIONS.get(op) ?? "unknown";
  return map.changed(name, changedRows(operation, { after: image, isBeforeTrusted: false }));
}

/** A field that `add.fields` has added, of the event itself or of its source. */
function field(row: Fields, name: string): unknown {
  return own(row, `__${name}`) ?? own(row, `__source_${name}`);
}

function nameOf(row: Fields): TableName | undefined {
  const text = (name: string) => textIn(row, `__${name}`) ?? textIn(row, `__source_${name}`);
  const table = text("table") ?? text("collection");
  return table === undefined ? undefined : { schema: text("schema") ?? text("db"), table };
}
