/** Breakages of what change records mean, and of what a relay answers. The staleness run has to notice them. */
import type { Mutant } from "./mutant.js";

const CHANGES = "src/cdc/changes.ts";
const TABLES = "src/cdc/tables.ts";
const DEBEZIUM = "src/cdc/debezium.ts";
const RELAY = "src/cdc/relay.ts";

const BREAKAGES: readonly Omit<Mutant, "run">[] = [
  {
    name: "an id made of a value keeps the entry of the old value",
    file: CHANGES,
    search: "all(before, after), values: all(then, after)",
    replace: "all(before, after), values: all(after)",
  },
  {
    name: "a key that was changed keeps the entry of the old key",
    file: CHANGES,
    search: "before === undefined ? all(after) : all(before, after)",
    replace: "all(after)",
  },
  {
    name: "an old image that holds the key alone is taken for a whole one",
    file: CHANGES,
    search: "isBeforeTrusted ? before : undefined",
    replace: "before",
  },
  {
    name: "a source whose ids cannot be told keeps its entries",
    file: TABLES,
    search: "if (named === undefined) gone.add(source.name);",
    replace: "if (named === undefined) continue;",
  },
  {
    name: "a list keeps its entry at a change of the table",
    file: TABLES,
    search: "const gone = new Set(whole);",
    replace: "const gone = new Set<string>();",
  },
  {
    name: "a DMS update without a before image is taken to leave the key",
    file: "src/cdc/dms.ts",
    search: "keys: isKeyKnown ? keys : undefined",
    replace: "keys",
  },
  {
    name: "a changed part of a DMS key is read from the new image",
    file: "src/cdc/dms.ts",
    search: "layered(old, data)",
    replace: "layered(data, old)",
  },
  {
    name: "a truncation says nothing",
    file: DEBEZIUM,
    search: "if (op === TRUNCATE) return reading.map.changed(name, WHOLE_TABLE);",
    replace: "if (op === TRUNCATE) return NOTHING_CHANGED;",
  },
  {
    name: "a change of the schema says nothing",
    file: DEBEZIUM,
    search: "return schemaChange(payload, source, reading.map);",
    replace: "return NOTHING_CHANGED;",
  },
  {
    name: "a flattened update is taken to leave what it does not show",
    file: DEBEZIUM,
    search: "{ after: image, isBeforeTrusted: false }",
    replace: "{ before: image, after: image, isBeforeTrusted: true }",
  },
  {
    name: "a document that was changed is taken to have been what it is",
    file: "src/cdc/mongodb.ts",
    search: "changedRows(operation, { before, after,",
    replace: "changedRows(operation, { before: before ?? after, after,",
  },
  {
    name: "DynamoDB's new image stands in for an old one that is missing",
    file: "src/cdc/dynamodb.ts",
    search: 'whole(attributes("OldImage"))',
    replace: 'whole(attributes("OldImage") ?? attributes("NewImage"))',
  },
  {
    name: "a row in pieces says nothing",
    file: "src/cdc/dsql.ts",
    search: ": WHOLE_TABLE);",
    replace: ": { keys: [], values: [] });",
  },
  {
    name: "a number that has lost digits is taken for what it says",
    file: "src/cdc/numbers.ts",
    search: "if (hasExponent && mayBeRounded(digits, exponent)) return undefined;",
    replace: "",
  },
  {
    name: "a record that is not understood says nothing",
    file: "src/cdc/whole-record.ts",
    search: "{ ...EVERYTHING, notUnderstood:",
    replace: "{ keys, sources, all: false, notUnderstood:",
  },
  {
    name: "a publication that failed is reported as done",
    file: RELAY,
    search: "batchItemFailures: firstLost < 0 ? [] :",
    replace: "batchItemFailures: records.length > 0 ? [] :",
  },
  {
    name: "a batch is given again from the last record that was lost",
    file: RELAY,
    search: "said.findIndex(",
    replace: "said.findLastIndex(",
  },
];

export const CHANGE_DATA: readonly Mutant[] = BREAKAGES.map((mutant) => ({ ...mutant, run: "staleness" }));
