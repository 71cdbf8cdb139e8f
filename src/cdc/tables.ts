/**
 * From a table to the sources made of it, and from a changed row to their ids: what a user says of a database, and what
 * becomes of it at every change. A source either loses the very ids whose rows have changed, or it goes as a whole; which of
 * the two is decided here, for each source by itself, and never in favour of an id that was guessed.
 */
import { type DataId, dataSource } from "../core/data-id.js";
import type { DecodedRecord } from "../core/record.js";
import { ChangeRecordError } from "../errors.js";
import type { ChangedRows } from "./changes.js";
import { type Columns, type Row, readingOf, Unreadable } from "./columns.js";

/**
 * How the id of a datum is made of its row: the name of a column, or a function of the row. A function may name several ids,
 * or none (undefined) for a row that is no datum of the source. It must be pure. Where it throws, or reads a column that has no
 * text, the source goes as a whole, also if it catches the error.
 */
export type IdOf = string | ((row: Row) => string | readonly string[] | undefined);

/** The sources whose data are made of a table's rows. */
export interface TableSources {
  /** Sources whose ids are made of the primary key, and of nothing else. */
  readonly byKey?: Readonly<Record<string, IdOf>>;
  /** Sources whose ids are made of columns that may change: the ids of the old row and of the new one go. */
  readonly byValue?: Readonly<Record<string, IdOf>>;
  /** Sources that go as a whole at any change of the table: lists, counts. */
  readonly whole?: readonly string[];
}

/** By `schema.table` or `table`, as the database writes them. `"*"` stands for any other table. */
export type Tables = Readonly<Record<string, TableSources | "ignore">>;

/** A table as a record names it. */
export interface TableName {
  /** Where there are no schemas, the database. */
  readonly schema?: string | undefined;
  readonly table: string;
}

/** What is made of the tables of a database. */
export interface TableMap {
  /** Whether something was said of it, be it as of any other table. */
  knows(name: TableName): boolean;
  /** Whether it is there under its own name. */
  lists(name: TableName): boolean;
  /** @throws ChangeRecordError for a table that nothing was said of */
  changed(name: TableName, rows: ChangedRows): DecodedRecord;
}

interface Source {
  readonly name: string;
  readonly kind: keyof ChangedRows;
  readonly idOf: IdOf;
  readonly idWith: (id: string) => DataId;
}

interface Table {
  readonly sources: readonly Source[];
  readonly whole: readonly string[];
}

export const ANY_TABLE = "*";
export const NOTHING_CHANGED: DecodedRecord = { ids: [], sources: [] };

/** @param tables checked by `checkTables`; what is changed in them later changes nothing here */
export function createTableMap(tables: Tables): TableMap {
  // A Map, since tables may be called `constructor` or `__proto__`.
  const known = new Map(Object.entries(tables).map(([name, said]) => [name, said === "ignore" ? said : tableOf(said)]));

  function listed({ schema, table }: TableName): Table | "ignore" | undefined {
    const full = schema === undefined ? undefined : known.get(`${schema}.${table}`);
    return full ?? known.get(table);
  }

  const find = (name: TableName) => listed(name) ?? known.get(ANY_TABLE);

  return {
    knows: (name) => find(name) !== undefined,
    lists: (name) => listed(name) !== undefined,
    changed(name, rows) {
      const table = find(name);
      if (table === undefined) throw notMapped(name);
      return table === "ignore" ? NOTHING_CHANGED : changedIn(table, rows);
    },
  };
}

function tableOf({ byKey = {}, byValue = {}, whole = [] }: TableSources): Table {
  const sourcesOf = (kind: keyof ChangedRows, made: Readonly<Record<string, IdOf>>) =>
    Object.entries(made).map(([name, idOf]): Source => ({ name, kind, idOf, idWith: dataSource(name) }));
  return { sources: [...sourcesOf("keys", byKey), ...sourcesOf("values", byValue)], whole: [...whole] };
}

function changedIn({ sources, whole }: Table, rows: ChangedRows): DecodedRecord {
  const gone = new Set(whole);
  const ids = new Map<string, DataId>();
  for (const source of sources) {
    const named = idsOf(source, rows[source.kind]);
    if (named === undefined) gone.add(source.name);
    else for (const id of named) ids.set(id.toString(), id);
  }
  return { ids: [...ids.values()].filter(({ source }) => !gone.has(source)), sources: [...gone] };
}

/** Undefined when not every id is certain. */
function idsOf({ idOf, idWith }: Source, rows: readonly Columns[] | undefined): readonly DataId[] | undefined {
  try {
    return rows?.flatMap((row) => textsOf(idOf, row).map(idWith));
  } catch {
    // Whatever it is: a column that has no text, a mistake in the user's function, a text that no id can have.
    return undefined;
  }
}

function textsOf(idOf: IdOf, columns: Columns): readonly string[] {
  if (typeof idOf === "string") return [columns.text(idOf)];
  const { row, wasRefused } = readingOf(columns);
  const named: unknown = idOf(row);
  const texts: readonly unknown[] = named === undefined ? [] : Array.isArray(named) ? Array.from(named) : [named];
  const others = texts.filter((text) => typeof text !== "string");
  if (others.length === 0 && !wasRefused()) return texts as readonly string[];
  // Nobody will ever ask what became of a promise that is not taken, and Node ends a process for one that was rejected.
  for (const other of others) Promise.resolve(other).catch(() => undefined);
  throw new Unreadable("no text was made of a row");
}

function notMapped({ schema, table }: TableName): ChangeRecordError {
  const name = schema === undefined ? table : `${schema}.${table}`;
  const key = name === "__proto__" ? '["__proto__"]' : JSON.stringify(name);
  return new ChangeRecordError(
    `table ${key} is not listed. Add to the tables ${key}: { byKey: { "a.source": "id" } }, or ${key}: "ignore" if nothing is made of it`,
  );
}
