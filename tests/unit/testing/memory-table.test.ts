/** What the table in memory does beyond the calls of the contract: units, throttling, expiry, faults, backups. */
import { describe, expect, test } from "@jest/globals";
import { InvalidOptionError } from "../../../src/errors.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryTable, type MemoryTableOptions } from "../../../src/testing/memory-table.js";
import type { TableCallPlan } from "../../../src/testing/memory-table-client.js";
import { failureOf, headOf, readable, texts } from "../../contract/table-under-test.js";

const never = () => new AbortController().signal;
const bytes = (length: number) => new Uint8Array(length);
const record = (text: string) => new TextEncoder().encode(text);

function setUp(options: Partial<MemoryTableOptions> = {}) {
  const clock = new ManualClock();
  const table = new MemoryTable({ clock, ...options });
  let plan: TableCallPlan | undefined;
  const api = table.connect("users", () => plan);
  const append = (...records: Uint8Array[]) => api.append(records, "a", never());
  return {
    clock,
    table,
    api,
    append,
    plan: (next?: TableCallPlan) => {
      plan = next;
    },
  };
}

describe("units", () => {
  test("an append costs what the head weighs after it, a trim what it weighed before, each begun KB one", async () => {
    const { table, api, append } = setUp();
    const costs: number[] = [];
    const spent = async (call: () => Promise<unknown>) => {
      const before = table.capacity("users").used.write;
      await call();
      costs.push(table.capacity("users").used.write - before);
    };
    await spent(() => append(bytes(100)));
    await spent(() => append(bytes(1_000)));
    await spent(() => append(bytes(2_000)));
    await spent(() => api.trim({ incarnation: "a", first: 0 }, 2, never()));
    // A condition that does not hold costs the same.
    await spent(() => api.trim({ incarnation: "a", first: 0 }, 1, never()));
    await spent(() => append(bytes(10)));
    expect(costs).toEqual([1, 2, 4, 4, 2, 2]);
  });

  test("a strong read costs one for each begun 4 KB, an eventual one half, and what is not there one", async () => {
    const { table, api, append } = setUp();
    const cost = async (call: () => Promise<unknown>) => {
      const before = table.capacity("users").used.read;
      await call();
      return table.capacity("users").used.read - before;
    };
    expect(await cost(() => api.getHead("strong", never()))).toBe(1);
    await append(bytes(3_900));
    expect(await cost(() => api.getHead("strong", never()))).toBe(1);
    await append(bytes(300));
    expect(await cost(() => api.getHead("strong", never()))).toBe(2);
    expect(await cost(() => api.getHead("eventual", never()))).toBe(1);
  });

  test("a query costs what its segments weigh together, on their own partition key", async () => {
    const { table, api } = setUp();
    for (const first of [0, 1, 2]) await api.putSegment("a", { first, records: [bytes(3_000)] }, 1e13, never());
    const before = table.capacity("users#a").used.read;
    await api.querySegments({ incarnation: "a", from: 0, before: 9 }, never());
    expect(table.capacity("users#a").used.read - before).toBe(3);
    expect(table.capacity("users").used).toEqual({ read: 0, write: 0 });
  });

  test("beyond so many a second calls are throttled, reads and writes apart, each key by itself, until time passes", async () => {
    const { clock, table, api, append } = setUp({ readUnitsPerSecond: 2, writeUnitsPerSecond: 1 });
    await append(bytes(10));
    expect((await failureOf(append(bytes(10)))).kind).toBe("throttled");
    await api.getHead("strong", never());
    await api.getHead("strong", never());
    expect((await failureOf(api.getHead("strong", never()))).kind).toBe("throttled");
    expect(table.capacity("users").throttled).toEqual({ read: 1, write: 1 });
    await api.putSegment("a", { first: 0, records: [bytes(1)] }, 1e13, never());
    await clock.advance(1_000);
    await append(bytes(10));
    expect((await headOf(api)).records).toHaveLength(2);
  });
});

describe("time", () => {
  test("what has expired stays until it is deleted, and a head never does", async () => {
    const { clock, table, api, append } = setUp();
    await append(record("a"));
    await api.putSegment("a", { first: 0, records: [record("old")] }, clock.now() + 1_000, never());
    await api.putSegment("a", { first: 1, records: [record("new")] }, clock.now() + 10_000, never());
    await clock.advance(1_000);
    expect(table.segments("users", "a")).toHaveLength(2);
    table.expire();
    expect(table.segments("users", "a").map(([first]) => first)).toEqual([1]);
    expect(texts(await headOf(api))).toEqual(["a"]);
  });

  test("an eventual read finds what was true some time ago, a strong one what is", async () => {
    const { clock, api, append, plan } = setUp();
    for (const text of ["a", "b", "c"]) {
      await append(record(text));
      await clock.advance(100);
    }
    const read = async (staleMs: number) => {
      plan({ staleMs });
      return texts(readable(await api.getHead("eventual", never())));
    };
    expect(await read(0)).toEqual(["a", "b", "c"]);
    expect(await read(150)).toEqual(["a", "b"]);
    expect(await read(250)).toEqual(["a"]);
    plan({ staleMs: 1_000 });
    expect(await api.getHead("eventual", never())).toBeUndefined();
    expect(texts(await headOf(api))).toEqual(["a", "b", "c"]);
  });
});

describe("what a test makes of a call", () => {
  test("takes its time, there and back, and takes effect in between", async () => {
    const { clock, table, append, plan } = setUp();
    plan({ requestMs: 10, answerMs: 20 });
    const call = append(record("a"));
    await clock.advance(9);
    expect(table.head("users")).toBeUndefined();
    await clock.advance(1);
    expect(table.head("users")?.records).toHaveLength(1);
    let answered = false;
    void call.then(() => {
      answered = true;
    });
    await clock.advance(19);
    expect(answered).toBe(false);
    await clock.advance(1);
    expect(answered).toBe(true);
  });

  test("fails without effect, or has its effect and loses the answer", async () => {
    const { table, api, append, plan } = setUp();
    plan({ fail: "refused" });
    expect((await failureOf(append(record("a")))).kind).toBe("refused");
    expect(table.head("users")).toBeUndefined();
    plan({ loseAnswer: "reject" });
    expect((await failureOf(append(record("a")))).kind).toBe("unavailable");
    expect(table.head("users")?.records).toHaveLength(1);
    plan({ loseAnswer: "hang" });
    const abort = new AbortController();
    const hanging = failureOf(api.append([record("b")], "a", abort.signal));
    await settled();
    expect([table.head("users")?.records.length, api.pendingCalls]).toEqual([2, 1]);
    abort.abort();
    expect([(await hanging).kind, api.pendingCalls]).toEqual(["unavailable", 0]);
  });

  test("hangs until it is aborted, without effect", async () => {
    const { table, api, plan } = setUp();
    plan({ hang: true });
    const abort = new AbortController();
    const hanging = failureOf(api.append([record("a")], "a", abort.signal));
    abort.abort();
    expect((await hanging).kind).toBe("unavailable");
    expect(table.head("users")).toBeUndefined();
  });

  test("happens once more later, with whatever is there by then", async () => {
    const { clock, table, api, append, plan } = setUp();
    plan({ actAgainAfterMs: 50 });
    await append(record("a"));
    plan();
    await append(record("b"));
    await clock.advance(50);
    expect(texts(await headOf(api))).toEqual(["a", "b", "a"]);
    plan({ actAgainAfterMs: 50 });
    await api.reset("a", "fresh", never());
    plan();
    table.delete();
    // Nobody is told of the repeat's failure.
    await clock.advance(50);
  });
});

describe("the table", () => {
  test("that was deleted is lost until it is created anew", async () => {
    const { table, api, append } = setUp();
    await append(record("a"));
    table.delete();
    expect((await failureOf(api.getHead("strong", never()))).kind).toBe("lost");
    table.recreate();
    expect(await api.getHead("strong", never())).toBeUndefined();
  });

  test("can be restored to what it held before", async () => {
    const { table, api, append } = setUp();
    await append(record("a"));
    const backup = table.snapshot();
    await append(record("b"));
    table.restore(backup);
    expect(texts(await headOf(api))).toEqual(["a"]);
    table.delete();
    table.restore(backup);
    expect(texts(await headOf(api))).toEqual(["a"]);
  });

  test("tells what is appended as it is written", async () => {
    const written: unknown[] = [];
    const { append } = setUp({ onAppend: (records, log) => written.push([log, texts({ records })]) });
    await append(record("a"), record("b"));
    expect(written).toEqual([["users", ["a", "b"]]]);
  });

  test.each([
    [{}, "clock"],
    [{ clock: {} }, "clock"],
    [{ clock: new ManualClock(), readUnitsPerSecond: 0 }, "readUnitsPerSecond"],
    [{ clock: new ManualClock(), writeUnitsPerSecond: 1.5 }, "writeUnitsPerSecond"],
    [{ clock: new ManualClock(), onAppend: 1 }, "onAppend"],
    [{ clock: new ManualClock(), shards: 1 }, "shards"],
  ])("checks what it is given: %j", (options, option) => {
    const make = () => new MemoryTable(options as unknown as MemoryTableOptions);
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(`option "${option}"`);
  });
});
