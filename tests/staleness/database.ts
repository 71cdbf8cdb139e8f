/**
 * The database of the staleness run: two tables, every version of them ever, and the changes between. It knows nothing of
 * formats or caches; what the right value of a datum was at any version is read from here.
 */
import type { Dice } from "../simulation/dice.js";

/** Texts, as in an id; the formats write them as numbers where a database would. */
export interface Row {
  readonly tenant: string;
  readonly id: string;
  /** Null where there is none; what a look-up is made by. */
  readonly mail: string | null;
  readonly name: string;
}

export type Rows = ReadonlyMap<string, Row>;

export type Change = { readonly version: number } & (
  | { readonly kind: "insert"; readonly after: Row }
  /** The key may have changed. */
  | { readonly kind: "update"; readonly before: Row; readonly after: Row }
  | { readonly kind: "delete"; readonly before: Row; readonly byTtl: boolean }
  /** All rows go, or all are changed by a statement about the table. */
  | { readonly kind: "truncate" | "alter" }
  /** Nothing has changed: each row is told once more. */
  | { readonly kind: "snapshot"; readonly rows: readonly Row[] }
  /** Of the other table, of which nothing is cached. */
  | { readonly kind: "audit"; readonly after: Row }
);

/** A statement about the table, where the format tells of it. */
export interface Statements {
  readonly truncate: boolean;
  readonly alter: boolean;
}

export const keyOf = ({ tenant, id }: Pick<Row, "tenant" | "id">) => `${tenant}/${id}`;

// A double takes the last two for one.
const IDS = ["0", "1", "7", "9007199254740992", "9007199254740993"] as const;
const TENANTS = ["a", "b/c"] as const;
const MAILS = ["x@example.com", "y@example.com", "", "__proto__", null] as const;

export class Database {
  readonly #versions: Rows[] = [new Map()];

  /** The newest version. */
  get version(): number {
    return this.#versions.length - 1;
  }

  at(version: number): Rows {
    return this.#versions[version] ?? new Map();
  }

  change(dice: Dice, { truncate, alter }: Statements): Change {
    const now = this.at(this.version);
    const version = this.version + 1;
    const row = this.#row(dice, version);
    const there = now.get(keyOf(row));
    const change = ((): Change => {
      if (dice.chance(0.05)) return { version, kind: "audit", after: row };
      if (dice.chance(0.05)) return { version, kind: "snapshot", rows: [...now.values()] };
      if (truncate && dice.chance(0.05)) return { version, kind: "truncate" };
      if (alter && dice.chance(0.05)) return { version, kind: "alter" };
      if (there === undefined) return { version, kind: "insert", after: row };
      if (dice.chance(0.2)) return { version, kind: "delete", before: there, byTtl: dice.chance(0.5) };
      const other = this.#row(dice, version);
      const moves = dice.chance(0.3) && !now.has(keyOf(other));
      const after = moves ? other : { ...row, mail: dice.chance(0.5) ? there.mail : row.mail };
      return { version, kind: "update", before: there, after };
    })();
    this.#versions.push(after(now, change));
    return change;
  }

  #row(dice: Dice, version: number): Row {
    return { tenant: dice.pick(TENANTS), id: dice.pick(IDS), mail: dice.pick(MAILS), name: `v${version}` };
  }
}

function after(before: Rows, change: Change): Rows {
  const rows = new Map(before);
  switch (change.kind) {
    case "insert":
      return rows.set(keyOf(change.after), change.after);
    case "update":
      rows.delete(keyOf(change.before));
      return rows.set(keyOf(change.after), change.after);
    case "delete":
      rows.delete(keyOf(change.before));
      return rows;
    case "truncate":
      return new Map();
    case "alter":
      return new Map([...rows].map(([key, row]) => [key, { ...row, name: `${row.name} altered` }]));
    case "snapshot":
    case "audit":
      return rows;
  }
}

export const BY_KEY = "db.users.key";
export const BY_MAIL = "db.users.mail";
export const LIST = "db.users.list";

export interface Datum {
  readonly source: string;
  readonly id: string;
}

export function anyDatum(dice: Dice): Datum {
  const source = dice.pick([BY_KEY, BY_MAIL, BY_MAIL, LIST]);
  if (source === LIST) return { source, id: "all" };
  if (source === BY_MAIL) return { source, id: dice.pick(MAILS) ?? "x@example.com" };
  return { source, id: keyOf({ tenant: dice.pick(TENANTS), id: dice.pick(IDS) }) };
}

/** What a load of the datum would give at this version. */
export function valueAt({ source, id }: Datum, rows: Rows): string {
  if (source === BY_KEY) return JSON.stringify(rows.get(id) ?? null);
  const all = [...rows.values()].filter(({ mail }) => source === LIST || mail === id);
  return JSON.stringify(all.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)));
}
