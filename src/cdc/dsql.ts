/**
 * Changes of rows of Aurora DSQL, as its change data capture writes them to Kinesis: like Debezium's, but without an old image
 * beyond the key, unordered, and with rows that are too large in pieces. A piece names no table; the record that announces
 * it does.
 */
import type { DecodedRecord } from "../core/record.js";
import { type ChangedRows, changedRows, type Operation, WHOLE_TABLE } from "./changes.js";
import { columnsOf } from "./columns.js";
import { type ChangeDecoder, createDecoder, type Fields, fieldsIn, own, textIn } from "./decoder.js";
import { scalarText } from "./numbers.js";
import { checkTables } from "./table-rules.js";
import { createTableMap, NOTHING_CHANGED, type TableMap, type Tables } from "./tables.js";

const OPERATIONS: ReadonlyMap<unknown, Operation> = new Map([
  ["c", "insert"],
  ["u", "update"],
  ["d", "delete"],
]);

/** @throws InvalidOptionError */
export function fromDsql(tables: Tables): ChangeDecoder {
  checkTables("tables", tables);
  const map = createTableMap(tables);
  return createDecoder({
    name: "an Aurora DSQL change record",
    advice: "Records of another writer on this stream need a stream of their own",
    read: (record, mark) => readRecord(record, mark, map),
  });
}

function readRecord(record: Fields, mark: string, map: TableMap): DecodedRecord | undefined {
  const type = own(record, "type");
  const source = fieldsIn(record, "source");
  if (type === "fragment" && source === undefined) return NOTHING_CHANGED;
  const table = source && textIn(source, "table");
  if (source === undefined || table === undefined) return undefined;
  const name = { schema: textIn(source, "schema") ?? textIn(source, "db"), table };
  return map.changed(name, type === "full" && own(record, "op") !== "t" ? rowsOf(record, mark) : WHOLE_TABLE);
}

function rowsOf(record: Fields, mark: string): ChangedRows {
  const image = (name: string) => {
    const fields = fieldsIn(record, name);
    return fields && columnsOf(fields, (value) => scalarText(value, mark));
  };
  const operation = OPERATIONS.get(own(record, "op")) ?? "unknown";
  return changedRows(operation, { before: image("before"), after: image("after"), isBeforeTrusted: false });
}
