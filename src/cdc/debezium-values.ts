/**
 * The values of Debezium's images as texts. Most are what JSON says they are; decimals are bytes with a scale in the schema,
 * and what PostgreSQL did not log is a word that looks like any other text.
 */
import { type Columns, columnsOf, type ReadValue } from "./columns.js";
import { type Fields, fieldsIn, isFields, own, textIn } from "./decoder.js";
import { connectDecimal, isMarked, scalarText } from "./numbers.js";

/** The image under this name, if there is one. */
export type ImageReader = (event: Fields, name: string) => Columns | undefined;

/** Stands for a large value that did not change and so was not logged: as text, and as the bytes of it. */
const UNAVAILABLE = "__debezium_unavailable_value";
const NO_VALUE: ReadonlySet<string> = new Set([
  UNAVAILABLE,
  Buffer.from(UNAVAILABLE).toString("base64"),
  Buffer.from(UNAVAILABLE).toString("hex"),
]);

const DECIMAL = "org.apache.kafka.connect.data.Decimal";

/** @param schema of the whole event */
export function imageReader(schema: Fields | undefined, mark: string): ImageReader {
  return (event, name) => {
    const image = fieldsIn(event, name);
    return image && columnsOf(image, valueReader(columnSchemas(fieldSchema(schema, name)), mark));
  };
}

/** @param schema of the row */
export function flattenedReader(schema: Fields | undefined, mark: string): (row: Fields) => Columns {
  return (row) => columnsOf(row, valueReader(columnSchemas(schema), mark));
}

type Schemas = ReadonlyMap<string, Fields>;

/** The fields of a schema, asked for by the first value that needs them. */
function columnSchemas(schema: Fields | undefined): () => Schemas {
  let known: Schemas | undefined;
  return () => {
    known ??= new Map(fieldsOf(schema).map((field) => [textIn(field, "field") ?? "", field]));
    return known;
  };
}

function fieldsOf(schema: Fields | undefined): readonly Fields[] {
  const fields = schema && own(schema, "fields");
  return Array.isArray(fields) ? fields.filter(isFields) : [];
}

function fieldSchema(schema: Fields | undefined, name: string): Fields | undefined {
  return fieldsOf(schema).find((field) => own(field, "field") === name);
}

function valueReader(schemas: () => Schemas, mark: string): ReadValue {
  return (value, column) => {
    if (isFields(value)) return variableScale(value);
    if (typeof value !== "string" || isMarked(value, mark)) return scalarText(value, mark);
    if (NO_VALUE.has(value)) return undefined;
    const schema = schemas().get(column);
    if (schema === undefined || own(schema, "name") !== DECIMAL) return value;
    const scale = own(fieldsIn(schema, "parameters") ?? {}, "scale");
    return connectDecimal(value, typeof scale === "string" ? Number.parseInt(scale, 10) : Number.NaN);
  };
}

/** A decimal whose column has no scale of its own (Oracle's NUMBER): the scale comes with each value. */
function variableScale(value: Fields): string | undefined {
  const scale = own(value, "scale");
  const digits = textIn(value, "value");
  return typeof scale === "number" && digits !== undefined ? connectDecimal(digits, scale) : undefined;
}
