/**
 * Changes of a schema, from Debezium's topic of them: which tables they name. Whatever was made of those tables goes, of the
 * old name and of the new one: what a statement did to the rows is not read out of its text.
 */
import type { DecodedRecord } from "../core/record.js";
import { ChangeRecordError } from "../errors.js";
import { WHOLE_TABLE } from "./changes.js";
import { type Fields, isFields, own, textIn } from "./decoder.js";
import type { TableMap, TableName } from "./tables.js";

export function isSchemaChange(event: Fields): boolean {
  return ["ddl", "tableChanges", "databaseName"].some((name) => Object.hasOwn(event, name));
}

/** @throws ChangeRecordError when it names no table */
export function schemaChange(event: Fields, source: Fields | undefined, map: TableMap): DecodedRecord {
  const names = [...inChanges(own(event, "tableChanges")), ...inSource(event, source ?? {}, map)];
  if (names.length === 0) {
    throw new ChangeRecordError(
      "a change of the schema names no table. Keep the connector to the tables that are read (table.include.list)",
    );
  }
  const changed = names.map((name) => map.changed(name, WHOLE_TABLE));
  return { ids: [], sources: [...new Set(changed.flatMap(({ sources = [] }) => [...sources]))] };
}

function inChanges(changes: unknown): readonly TableName[] {
  if (!Array.isArray(changes)) return [];
  return changes.filter(isFields).flatMap((change) => {
    // Of a table that was renamed, the name it had, too.
    const ids = [textIn(change, "id"), textIn(change, "previousId")];
    return ids.flatMap((id) => (id === undefined ? [] : [nameIn(id)]));
  });
}

/** A part in double quotes, which are doubled within it, or one without. */
const PART = /"((?:[^"]|"")*)"|[^."]+/g;

/** `"inventory"."customers"`, or with the database before the schema. */
function nameIn(id: string): TableName {
  const parts = Array.from(id.matchAll(PART), ([whole, quoted]) => quoted?.replaceAll('""', '"') ?? whole);
  return { schema: parts.at(-2), table: parts.at(-1) ?? id };
}

/** Of several tables, the source has their names with commas between them. */
function inSource(event: Fields, source: Fields, map: TableMap): readonly TableName[] {
  const table = textIn(source, "table");
  if (table === undefined) return [];
  const schema =
    textIn(event, "schemaName") ?? textIn(source, "schema") ?? textIn(event, "databaseName") ?? textIn(source, "db");
  const one = { schema, table };
  return map.knows(one) ? [one] : table.split(",").map((name) => ({ schema, table: name.trim() }));
}
