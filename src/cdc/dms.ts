/**
 * Changes of rows as AWS Database Migration Service writes them to Kinesis: `data`, `metadata`, and an old image where one was
 * asked for. What it leaves out decides most here: without a before image nobody knows which key an update has changed,
 * and a null in the image of a deleted row says that the column was not recorded.
 */
import type { DecodedRecord } from "../core/record.js";
import { type ChangedRows, changedRows, type Operation, WHOLE_TABLE } from "./changes.js";
import { columnsOf, layered } from "./columns.js";
import { type ChangeDecoder, createDecoder, type Fields, fieldsIn, own, textIn } from "./decoder.js";
import { scalarText } from "./numbers.js";
import { checkDecoderOptions, checkTables, FLAG, NAME, ONLY_FULL } from "./table-rules.js";
import { createTableMap, NOTHING_CHANGED, type TableMap, type Tables } from "./tables.js";

export interface DmsOptions {
  /** Under which name records hold the old image, `FieldName` of `BeforeImageSettings`. Default `"before-image"`. */
  readonly beforeImage?: string;
  /**
   * No primary key is ever changed. Without a before image, any update could have changed the key, and sources made of the
   * key go as a whole.
   */
  readonly keysNeverChange?: boolean;
  /** Old images hold every column (`ColumnFilter: "all"`, and a database that logs whole rows). */
  readonly oldImage?: "full";
}

const OPERATIONS: ReadonlyMap<unknown, Operation> = new Map([
  ["load", "insert"],
  ["insert", "insert"],
  ["update", "update"],
  ["delete", "delete"],
]);
/** Tables in which DMS keeps its own books. A user may have one of such a name, too: it counts where it is listed. */
const OF_DMS = /^awsdms_/i;

/** @throws InvalidOptionError */
export function fromDms(tables: Tables, options: DmsOptions = {}): ChangeDecoder {
  checkTables("tables", tables);
  checkDecoderOptions(options, { beforeImage: NAME, keysNeverChange: FLAG, oldImage: ONLY_FULL });
  const map = createTableMap(tables);
  // A copy: a decoder stays what it was made.
  const { beforeImage = "before-image", keysNeverChange = false, oldImage } = options;
  const settings: Settings = { beforeImage, keysNeverChange, isBeforeFull: oldImage === "full" };
  return createDecoder({
    name: "a DMS record",
    advice: "An object mapping of the task must keep the metadata, and MessageFormat be json or json-unformatted",
    read: (record, mark) => readRecord(record, mark, map, settings),
  });
}

interface Settings {
  readonly beforeImage: string;
  readonly keysNeverChange: boolean;
  readonly isBeforeFull: boolean;
}

function readRecord(record: Fields, mark: string, map: TableMap, settings: Settings): DecodedRecord | undefined {
  const metadata = fieldsIn(record, "metadata");
  const table = metadata && textIn(metadata, "table-name");
  if (metadata === undefined || table === undefined) return undefined;
  const name = { schema: textIn(metadata, "schema-name"), table };
  if (OF_DMS.test(table) && !map.lists(name)) return NOTHING_CHANGED;
  const isRow = own(metadata, "record-type") === "data" && !Object.hasOwn(record, "control");
  return map.changed(name, isRow ? rowsOf(record, mark, own(metadata, "operation"), settings) : WHOLE_TABLE);
}

function rowsOf(record: Fields, mark: string, named: unknown, settings: Settings): ChangedRows {
  const { isBeforeFull, keysNeverChange } = settings;
  const image = (name: string) => {
    const fields = fieldsIn(record, name);
    return fields && columnsOf(fields, (value) => scalarText(value, mark));
  };
  const operation = OPERATIONS.get(named) ?? "unknown";
  const data = image("data");
  const old = image(settings.beforeImage);
  if (operation === "insert") return changedRows("insert", { after: data, isBeforeTrusted: false });
  // Old images may hold changed columns only: the rest of a key is in the new one, or in the image of what was deleted.
  const before = old && data ? layered(old, data) : old;
  if (operation === "delete") {
    return changedRows("delete", { before: before ?? data, isBeforeTrusted: isBeforeFull });
  }
  const { keys } = changedRows(operation, { before, after: data, isBeforeTrusted: false });
  const { values } = changedRows(operation, { before: old, after: data, isBeforeTrusted: isBeforeFull });
  const isKeyKnown = operation === "unknown" || old !== undefined || keysNeverChange;
  return { keys: isKeyKnown ? keys : undefined, values };
}
