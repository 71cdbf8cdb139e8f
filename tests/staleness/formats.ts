/**
 * How each way of capturing changes tells one: with what it leaves out, fills in, repeats and says beside it. Written from
 * the databases' side: nothing here knows how a decoder reads.
 */
import {
  type ChangeDecoder,
  type DebeziumOptions,
  type DmsOptions,
  fromDebezium,
  fromDms,
  fromDsql,
  fromDynamoDb,
  type IdOf,
  type Tables,
} from "../../src/cdc/index.js";
import type { Dice } from "../simulation/dice.js";
import { BY_KEY, BY_MAIL, type Change, keyOf, LIST, type Row, type Statements } from "./database.js";

export interface Format {
  readonly name: string;
  readonly statements: Statements;
  /** Whether records may arrive in another order than they were written. */
  readonly unordered?: boolean;
  readonly decode: ChangeDecoder;
  /** Every record of one change. */
  records(change: Change, dice: Dice): readonly string[];
}

const tables = (users: string, audit: string, key: IdOf): Tables => ({
  [users]: { byKey: { [BY_KEY]: key }, byValue: { [BY_MAIL]: "mail" }, whole: [LIST] },
  [audit]: "ignore",
});
const compound: IdOf = ({ tenant, id }) => `${tenant}/${id}`;
const SQL = tables("app.users", "app.audit", compound);

/** JSON in which the column `id` is a number, with all its digits or in the notation given. */
function json(value: unknown, notation: (digits: string) => string = String): string {
  return JSON.stringify(value, (name, each) => (name === "id" && /^\d+$/.test(each) ? `#${each}#` : each)).replace(
    /"#(\d+)#"/g,
    (_all, digits: string) => notation(digits),
  );
}

/** Inserts, updates and deletes of rows, where a changed key is a delete and an insert. */
type Step = { readonly op: "c" | "u" | "d" | "r"; readonly before: Row | null; readonly after: Row | null };

function steps(change: Change): readonly Step[] {
  switch (change.kind) {
    case "insert":
      return [{ op: "c", before: null, after: change.after }];
    case "update": {
      const { before, after } = change;
      if (keyOf(before) === keyOf(after)) return [{ op: "u", before, after }];
      return [
        { op: "d", before, after: null },
        { op: "c", before: null, after },
      ];
    }
    case "delete":
      return [{ op: "d", before: change.before, after: null }];
    case "snapshot":
      return change.rows.map((row) => ({ op: "r", before: null, after: row }));
    default:
      return [];
  }
}

const UNAVAILABLE = "__debezium_unavailable_value";

/** An old image of PostgreSQL's default replica identity: the key, and what stands in for columns that cannot be null. */
const placeholders = (row: Row | null) => row && { ...row, mail: "", name: "" };
const keyOnly = (row: Row | null) => row && { tenant: row.tenant, id: row.id };

function toasted(step: Step, dice: Dice): Row | null {
  const isSame = step.before?.mail === step.after?.mail;
  return step.op === "u" && step.after && isSame && dice.chance(0.3)
    ? { ...step.after, mail: UNAVAILABLE }
    : step.after;
}

function wrapped(payload: object, dice: Dice): string {
  return json(
    dice.chance(0.3) ? { schema: dice.chance(0.5) ? null : { type: "struct", fields: [] }, payload } : payload,
  );
}

function debezium(connector: string, options: DebeziumOptions, image: (step: Step, dice: Dice) => object): Format {
  const place = connector === "mysql" ? { db: "app" } : { db: "x", schema: "app" };
  const source = (table: string) => ({ connector, ...place, table });
  const isMySql = connector === "mysql";
  return {
    name: `Debezium, ${connector}${options.oldImage ? ", whole old images" : ""}`,
    statements: { truncate: true, alter: isMySql },
    decode: fromDebezium(SQL, options),
    records(change, dice) {
      if (change.kind === "audit")
        return [json({ op: "c", before: null, after: change.after, source: source("audit") })];
      if (change.kind === "truncate" && !(isMySql && dice.chance(0.5)))
        return [json({ op: "t", source: source("users") })];
      if (change.kind === "truncate" || change.kind === "alter") {
        const id = dice.chance(0.5) ? [{ type: "ALTER", id: '"app"."users"' }] : [];
        return [wrapped({ source: source("users"), databaseName: "app", ddl: change.kind, tableChanges: id }, dice)];
      }
      return steps(change).flatMap((step) => [
        wrapped({ ...step, ...image(step, dice), source: source("users"), ts_ms: 1 }, dice),
        // Beside it, what is sent for other readers.
        ...(step.op === "d" ? [""] : []),
        ...(dice.chance(0.1) ? ['{"ts_ms":1}'] : []),
      ]);
    },
  };
}

const flattened: Format = {
  name: "Debezium, flattened",
  statements: { truncate: false, alter: false },
  decode: fromDebezium(SQL, { flattened: true }),
  records(change, dice) {
    if (change.kind === "audit") return [json({ ...change.after, __op: "c", __table: "audit", __schema: "app" })];
    return steps(change).map(({ op, before, after }) => {
      const gone = before && { ...before, mail: dice.chance(0.5) ? null : "", name: null };
      return json({ ...(after ?? gone), __op: op, __table: "users", __schema: "app", __deleted: String(op === "d") });
    });
  },
};

const mongodb: Format = {
  name: "Debezium, MongoDB",
  statements: { truncate: false, alter: false },
  decode: fromDebezium(tables("app.users", "app.audit", "_id")),
  records(change, dice) {
    const source = (collection: string) => ({ connector: "mongodb", db: "app", collection });
    const document = (row: Row | null) => row && JSON.stringify({ _id: keyOf(row), mail: row.mail, name: row.name });
    if (change.kind === "audit") return [json({ op: "c", after: document(change.after), source: source("audit") })];
    return steps(change).map(({ op, before, after }) => {
      const hasOld = dice.chance(0.5);
      const images = { before: hasOld ? document(before) : null, after: dice.chance(0.8) ? document(after) : null };
      const filter = before && dice.chance(0.2) ? { filter: JSON.stringify({ _id: keyOf(before) }) } : {};
      return wrapped({ op, ...images, ...filter, source: source("users") }, dice);
    });
  },
};

/** What a before image of DMS holds, by the task's settings and the database. */
type DmsImage = (before: Row, after: Row) => object | undefined;

function changedOnly(before: Row, after: Row): object {
  return Object.fromEntries(Object.entries(before).filter(([name, value]) => after[name as keyof Row] !== value));
}

function dms(name: string, options: DmsOptions, image: DmsImage): Format {
  const field = options.beforeImage ?? "before-image";
  const isFull = options.oldImage === "full";
  const about = (operation: string, table = "users", type = "data") => ({
    metadata: { "record-type": type, operation, "schema-name": "app", "table-name": table },
  });
  return {
    name: `DMS, ${name}`,
    statements: { truncate: true, alter: true },
    decode: fromDms(SQL, options),
    records(change, dice) {
      const exact = dice.chance(0.7);
      const notation = (digits: string) => (exact || digits.length < 16 ? digits : Number(digits).toExponential(15));
      const write = (record: object) => `${json(record, notation)}${dice.chance(0.5) ? "\n" : ""}`;
      switch (change.kind) {
        case "insert":
          return [write({ data: change.after, ...about("insert") })];
        case "update": {
          const old = image(change.before, change.after);
          return [write({ data: change.after, ...about("update"), ...(old === undefined ? {} : { [field]: old }) })];
        }
        case "delete": {
          const nulls = { ...change.before, mail: null, name: null };
          return [
            write({ data: isFull ? change.before : dice.pick([nulls, keyOnly(change.before)]), ...about("delete") }),
          ];
        }
        case "snapshot":
          return change.rows.map((row) => write({ data: row, ...about("load") }));
        case "audit":
          return [
            write({ data: change.after, ...about("insert", "audit") }),
            write(about("x", "awsdms_status", "control")),
          ];
        default:
          return [
            write({
              control: {},
              ...about(dice.pick(["add-column", "truncate-table", "drop-table"]), "users", "control"),
            }),
          ];
      }
    },
  };
}

const dsql: Format = {
  name: "Aurora DSQL",
  statements: { truncate: false, alter: false },
  unordered: true,
  decode: fromDsql(SQL),
  records(change, dice) {
    const source = (table: string) => ({ schema: "app", table, db: "postgres" });
    if (change.kind === "audit")
      return [json({ type: "full", op: "c", before: null, after: change.after, source: source("audit") })];
    return steps(change).flatMap(({ op, before, after }) => {
      const named = op === "r" ? "c" : op;
      const record = { op: named, before: op === "d" ? keyOnly(before) : null, after, source: source("users") };
      if (!dice.chance(0.1)) return [json({ type: "full", ...record })];
      const pieces = [0, 1].map((index) => json({ type: "fragment", chunk_id: "c", index, data: "{" }));
      return [json({ type: "chunked", ...record, before: null, after: null }), ...pieces];
    });
  },
};

type View = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";

function dynamoDb(view: View): Format {
  const key = (row: Row) => ({ tenant: { S: row.tenant }, id: { N: row.id } });
  const item = (row: Row) => ({
    ...key(row),
    mail: row.mail === null ? { NULL: true } : { S: row.mail },
    name: { S: row.name },
  });
  const record = (table: string, eventName: string, before: Row | null, after: Row | null, more: object) => {
    const row = after ?? before;
    return JSON.stringify({
      eventName,
      eventSource: "aws:dynamodb",
      dynamodb: {
        Keys: row && key(row),
        ...(after && /NEW/.test(view) ? { NewImage: item(after) } : {}),
        ...(before && /OLD/.test(view) ? { OldImage: item(before) } : {}),
        StreamViewType: view,
      },
      eventSourceARN: `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}/stream/2026-01-01T00:00:00.000`,
      ...more,
    });
  };
  const NAMES = { c: "INSERT", r: "MODIFY", u: "MODIFY", d: "REMOVE" } as const;
  return {
    name: `DynamoDB, ${view}`,
    statements: { truncate: false, alter: false },
    decode: fromDynamoDb(tables("users", "audit", compound)),
    records(change) {
      if (change.kind === "audit") return [record("audit", "INSERT", null, change.after, {})];
      const byTtl = change.kind === "delete" && change.byTtl;
      const more = byTtl ? { userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" } } : {};
      return steps(change).map(({ op, before, after }) =>
        record("users", NAMES[op], op === "r" ? after : before, after, more),
      );
    },
  };
}

export const FORMATS: readonly Format[] = [
  debezium("mysql", {}, (step, dice) => (dice.chance(0.2) ? { before: keyOnly(step.before) } : {})),
  debezium("postgresql", {}, (step, dice) => ({
    before: step.op === "u" ? null : placeholders(step.before),
    after: toasted(step, dice),
  })),
  debezium("postgresql", { oldImage: "full" }, (step, dice) => ({ after: toasted(step, dice) })),
  flattened,
  mongodb,
  dms("no before image", {}, () => undefined),
  dms("keys in the before image", { beforeImage: "old" }, (before, after) =>
    keyOf(before) === keyOf(after) ? {} : (keyOnly(before) ?? {}),
  ),
  dms("changed columns in the before image", {}, changedOnly),
  dms("whole images", { oldImage: "full" }, (before) => before),
  dsql,
  dynamoDb("KEYS_ONLY"),
  dynamoDb("NEW_IMAGE"),
  dynamoDb("OLD_IMAGE"),
  dynamoDb("NEW_AND_OLD_IMAGES"),
];
