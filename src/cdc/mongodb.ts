/**
 * Changes of MongoDB's documents, as Debezium writes them: images are texts of MongoDB's own JSON, whose values say their
 * types. The key of a document, `_id`, never changes.
 */
import { type ChangedRows, changedRows, type Operation } from "./changes.js";
import { type Columns, columnsOf } from "./columns.js";
import { type Fields, isFields, own } from "./decoder.js";
import { isMarked, numberText, parseExact, scalarText } from "./numbers.js";

export function changedDocuments(operation: Operation, event: Fields): ChangedRows {
  const [before, after, filter] = ["before", "after", "filter"].map((name) => documentIn(event, name));
  const { keys, values } = changedRows(operation, { before, after, isBeforeTrusted: true });
  // Connectors that read the oplog have the key in a field of its own, and an update need not have the new document.
  const key = before ?? after ?? filter;
  return { keys: keys ?? (key && [key]), values };
}

/** Undefined when there is none, or none that can be read: the table is known all the same. */
function documentIn(event: Fields, name: string): Columns | undefined {
  const document = own(event, name);
  if (isFields(document)) return columnsOf(document, (value) => valueText(value, ""));
  if (typeof document !== "string") return undefined;
  try {
    const { value, mark } = parseExact(document);
    return isFields(value) ? columnsOf(value, (field) => valueText(field, mark)) : undefined;
  } catch {
    return undefined;
  }
}

/** A value of MongoDB's extended JSON, of either version, that has one text. */
function valueText(value: unknown, mark: string): string | undefined {
  if (!isFields(value)) return scalarText(value, mark);
  const [type, ...more] = Object.keys(value);
  if (type === "$binary") return binaryText(value);
  if (type === undefined || more.length > 0) return undefined;
  const given = own(value, type);
  switch (type) {
    case "$oid":
    case "$uuid":
    case "$symbol":
    case "$numberDecimal":
      return typeof given === "string" ? given : undefined;
    case "$numberLong":
    case "$numberInt":
    case "$numberDouble":
      return typeof given === "string" && !isMarked(given, mark) ? numberText(given) : scalarText(given, mark);
    default:
      return undefined;
  }
}

const UUID_SUBTYPE = "04";

/** `{ "$binary": { "base64", "subType" } }`, or `{ "$binary", "$type" }` in the older version. */
function binaryText(value: Fields): string | undefined {
  const binary = own(value, "$binary");
  const [base64, type] = isFields(binary)
    ? [own(binary, "base64"), own(binary, "subType")]
    : [binary, own(value, "$type")];
  if (typeof base64 !== "string" || typeof type !== "string") return undefined;
  if (type.padStart(2, "0") !== UUID_SUBTYPE) return base64;
  const hex = Buffer.from(base64, "base64").toString("hex");
  return hex.length === 32 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : undefined;
}
