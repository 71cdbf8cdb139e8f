/** The table in memory, held to what DynamoDB does. */

import { createTableLog } from "../../src/dynamodb/log.js";
import { ManualClock } from "../../src/testing/manual-clock.js";
import { MemoryTable } from "../../src/testing/memory-table.js";
import { describeLog } from "./log.contract.js";
import { describeTableApi } from "./table-api.contract.js";
import { incarnations } from "./table-under-test.js";

function newTables() {
  const clock = new ManualClock();
  const [table, missing] = [new MemoryTable({ clock }), new MemoryTable({ clock })];
  missing.delete();
  const recreate = async () => {
    table.delete();
    table.recreate();
  };
  return { clock, table, missing, recreate };
}

const nothing = async () => {};

describeTableApi("the table in memory", {
  start: nothing,
  stop: nothing,
  createTable: async () => {
    const { table, missing, recreate } = newTables();
    return {
      connect: (log) => table.connect(log),
      missing: missing.connect(),
      setVersion: async (log, version) => table.setHead({ records: [], ...table.head(log), version }, log),
      recreate,
    };
  },
});

describeLog("in a table in memory", {
  start: nothing,
  stop: nothing,
  createLog: async () => {
    const { clock, table, missing, recreate } = newTables();
    const newIncarnation = incarnations();
    const connectTo = (to: MemoryTable) => () =>
      createTableLog({
        api: to.connect(),
        table: { name: "memory", log: "scache" },
        clock,
        random: () => 0.5,
        newIncarnation,
      });
    return { connect: connectTo(table), missing: connectTo(missing)(), recreate, nowMs: () => clock.now() };
  },
});
