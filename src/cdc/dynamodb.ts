/**
 * Changes of DynamoDB items, as Kinesis Data Streams for DynamoDB, a DynamoDB Streams event or EventBridge Pipes tell them.
 * The key is in every record, under `Keys`, and never changes; the images are as full as the stream was set up to make them.
 */
import type { DecodedRecord } from "../core/record.js";
import { type ChangedRows, changedRows, type Operation } from "./changes.js";
import { type Columns, columnsOf, layered } from "./columns.js";
import { type ChangeDecoder, createDecoder, type Fields, fieldsIn, isFields, own, textIn } from "./decoder.js";
import { decimalText } from "./numbers.js";
import { checkTables } from "./table-rules.js";
import { createTableMap, type TableMap, type Tables } from "./tables.js";

const OPERATIONS: ReadonlyMap<unknown, Operation> = new Map([
  ["INSERT", "insert"],
  ["MODIFY", "update"],
  ["REMOVE", "delete"],
]);

/**
 * A decoder of DynamoDB's change records. `byKey` sees the attributes of the primary key alone; `byValue` needs
 * `NEW_AND_OLD_IMAGES` (Kinesis Data Streams for DynamoDB always has both). Numbers are as JavaScript writes them, binary
 * values base64; sets, lists and maps have no one text.
 * @throws InvalidOptionError
 */
export function fromDynamoDb(tables: Tables): ChangeDecoder {
  checkTables("tables", tables);
  const map = createTableMap(tables);
  return createDecoder({
    name: "a DynamoDB change record",
    advice: "A pipe must pass records on as they are, without an input template",
    read: (record) => readItem(itemChange(record), map),
  });
}

/** Through an event bus, the record is the event's detail. */
function itemChange(record: Fields): Fields {
  return Object.hasOwn(record, "dynamodb") ? record : (fieldsIn(record, "detail") ?? record);
}

function readItem(record: Fields, map: TableMap): DecodedRecord | undefined {
  const change = fieldsIn(record, "dynamodb");
  const table = tableOf(record);
  if (change === undefined || table === undefined) return undefined;
  return map.changed({ table }, rowsOf(OPERATIONS.get(own(record, "eventName")) ?? "unknown", change));
}

const TABLE_IN_ARN = /^arn:[^:]*:dynamodb:[^:]*:[^:]*:table\/([^/]+)/;

function tableOf(record: Fields): string | undefined {
  return textIn(record, "tableName") ?? TABLE_IN_ARN.exec(textIn(record, "eventSourceARN") ?? "")?.[1];
}

function rowsOf(operation: Operation, change: Fields): ChangedRows {
  const attributes = (name: string) => {
    const image = fieldsIn(change, name);
    return image && columnsOf(image, attributeText);
  };
  const keys = attributes("Keys");
  // Without an image the key is all that is known; an id that is made of it is known, too.
  const whole = (image: Columns | undefined) => (image && keys ? layered(image, keys) : (image ?? keys));
  const before = operation === "insert" ? undefined : whole(attributes("OldImage"));
  const after = operation === "delete" ? undefined : whole(attributes("NewImage"));
  const { values } = changedRows(operation, { before, after, isBeforeTrusted: true });
  return { keys: keys && [keys], values };
}

/** `{ "S": "text" }`: one type, one value. */
function attributeText(attribute: unknown): string | undefined {
  if (!isFields(attribute)) return undefined;
  const [[type, value] = []] = Object.entries(attribute);
  switch (type) {
    case "S":
      return typeof value === "string" ? value : undefined;
    case "N":
      return typeof value === "string" ? decimalText(value) : undefined;
    case "BOOL":
      return typeof value === "boolean" ? String(value) : undefined;
    case "B":
      if (ArrayBuffer.isView(value))
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
      return typeof value === "string" ? value : undefined;
    default:
      return undefined;
  }
}
