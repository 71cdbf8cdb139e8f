/** A log over a table in memory, every call seen and planned, for the tests of the room. It decides nothing. */
import type { InvalidationLog, LogFailure, LogReader } from "../../../src/core/log.js";
import { createTableLog, type TableLogDeps } from "../../../src/dynamodb/log.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryTable, type MemoryTableOptions } from "../../../src/testing/memory-table.js";
import type { TableCall, TableCallPlan } from "../../../src/testing/memory-table-client.js";
import { TestReading } from "../../contract/log-under-test.js";

export const record = (text: string) => new TextEncoder().encode(text);
export const records = (...texts: readonly string[]) => texts.map(record);
export const numbered = (count: number, bytes = 0) =>
  Array.from({ length: count }, (_, index) => `record ${index}`.padEnd(bytes, "."));

type Plan = (call: TableCall) => TableCallPlan | undefined;

export function setUpTable(deps: Partial<TableLogDeps> = {}, options: Partial<MemoryTableOptions> = {}) {
  const clock = new ManualClock();
  const table = new MemoryTable({ clock, ...options });
  const calls: TableCall[] = [];
  const failures: LogFailure[] = [];
  let drawn = 0;
  let plan: Plan = () => undefined;
  const api = table.connect("scache", (call) => {
    calls.push(call);
    return plan(call);
  });
  const log = createTableLog({
    api,
    table: { name: "changes", log: "scache" },
    clock,
    random: () => 0.5,
    newIncarnation: () => `incarnation ${++drawn}`,
    onReliefFailure: (failure) => failures.push(failure),
    ...deps,
  });
  const signal = new AbortController().signal;
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let outcome: { readonly value: T } | undefined;
    const done = work.then((value) => {
      outcome = { value };
    });
    await settled();
    while (outcome === undefined && (await clock.next()));
    await done;
    if (outcome === undefined) throw new Error("it did not end");
    return outcome.value;
  };
  return {
    clock,
    table,
    api,
    log,
    /** What making room failed with. */
    failures,
    run,
    append: (...texts: readonly string[]) => run(log.append(records(...texts), signal)),
    /** The calls made since the last time. */
    calls: () => calls.splice(0).map(({ operation }) => operation),
    setPlan: (next: Plan) => {
      plan = next;
    },
    /** The texts in the head. */
    head: () => (table.head()?.records ?? []).map((bytes) => new TextDecoder().decode(bytes)),
  };
}

export type TableRig = ReturnType<typeof setUpTable>;

/** Of these appends alone. */
export const on = (operation: TableCall["operation"], given: TableCallPlan) => (call: TableCall) =>
  call.operation === operation ? given : undefined;

/** The plan once, for the first call of this operation. */
export function once(operation: TableCall["operation"], given: TableCallPlan): Plan {
  let used = false;
  return (call) => {
    if (used || call.operation !== operation) return undefined;
    used = true;
    return given;
  };
}

/** One whole reading. */
export async function readOn(rig: TableRig, reader: LogReader, limit?: number): Promise<TestReading> {
  const reading = new TestReading(0, limit);
  await rig.run(reader.read(reading));
  reading.end();
  return reading;
}

/** A log with one record in it, and a reader at its tip. */
export async function setUpReader(deps?: Partial<TableLogDeps>): Promise<TableRig & { readonly reader: LogReader }> {
  const rig = setUpTable(deps);
  await rig.append("before");
  const reader = rig.log.open();
  await readOn(rig, reader);
  rig.calls();
  return { ...rig, reader };
}

export function logOver(rig: TableRig, deps: Partial<TableLogDeps>): InvalidationLog {
  return createTableLog({
    api: rig.api,
    table: { name: "changes", log: "scache" },
    clock: rig.clock,
    random: () => 0.5,
    newIncarnation: () => "of another environment",
    ...deps,
  });
}
