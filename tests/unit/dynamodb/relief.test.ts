/** Making room in a head, step by step, with others at it and with steps that are never reached. */
import { describe, expect, test } from "@jest/globals";
import { createReliever } from "../../../src/dynamodb/relief.js";
import type { Head, Segment, TableApi } from "../../../src/dynamodb/table-api.js";
import { numbered, on, once, record, records, setUpTable } from "../support/table.js";

const never = () => new AbortController().signal;
const SMALL = { limit: 400, kept: 200 };
const texts = (items: readonly (readonly [number, { readonly records: readonly Uint8Array[] }])[]) =>
  items.map(([first, item]) => [first, item.records.map((bytes) => new TextDecoder().decode(bytes))]);

/** A head of so many records of 40 bytes, the last of them just appended, and a reliever over its table. */
function setUp(count = 9) {
  const rig = setUpTable();
  const head: Head = { incarnation: "a", first: 10, records: records(...numbered(count, 40)) };
  rig.table.setHead(head);
  const reliever = createReliever({
    api: rig.api,
    clock: rig.clock,
    random: () => 0.5,
    newIncarnation: () => "fresh",
  });
  const relieve = (own = 1, seen = head, signal = never()) => rig.run(reliever.after(seen, own, SMALL, signal));
  const segments = () => texts(rig.table.segments("scache", "a"));
  return { ...rig, reliever, relieve, segments, start: head };
}

describe("room is made", () => {
  test("by putting a segment aside and taking out what it holds", async () => {
    const { relieve, calls, head, segments, table } = setUp();
    await relieve();
    expect(calls()).toEqual(["putSegment", "trim"]);
    expect(segments()).toEqual([[10, numbered(9, 40).slice(0, 6)]]);
    expect([table.head()?.first, head()]).toEqual([16, numbered(9, 40).slice(6)]);
    expect(table.segments("scache", "a")[0]?.[1].expiresAtMs).toBe(setUp().clock.now() + 48 * 3_600_000);
  });

  test("by an elected append alone", async () => {
    const { relieve, calls } = setUp(10);
    await relieve();
    expect(calls()).toEqual([]);
  });

  test("in as many steps as are left by one that was killed between them", async () => {
    const { relieve, setPlan, segments, table } = setUp();
    setPlan(once("trim", { fail: "unavailable" }));
    await expect(relieve()).rejects.toMatchObject({ kind: "unavailable" });
    expect(table.head()?.first).toBe(10);
    // The next one has seen more records, and would move more: what the segment holds counts.
    const later: Head = { incarnation: "a", first: 10, records: records(...numbered(15, 40)) };
    table.setHead(later);
    await relieve(7, later);
    expect(table.head()?.first).toBe(16);
    expect(segments()).toEqual([[10, numbered(9, 40).slice(0, 6)]]);
  });

  test("for what another writer, who has seen more, has put aside", async () => {
    const { relieve, api, table } = setUp();
    const more: Segment = { first: 10, records: records(...numbered(12, 40)) };
    await api.putSegment("a", more, 0, never());
    table.setHead({ incarnation: "a", first: 10, records: records(...numbered(14, 40)) });
    await relieve();
    expect(table.head()?.first).toBe(22);
  });

  test("without a segment, when one is there that cannot be understood", async () => {
    const { relieve, table, calls } = setUp();
    const items = new Map(table.snapshot());
    items.set("scache#a", new Map([[10, { records: [] }]]));
    table.restore(items);
    await relieve();
    expect([calls(), table.head()?.first]).toEqual([["putSegment", "getSegment", "trim"], 16]);
  });

  test("by beginning anew, when a segment has other records under the same numbers", async () => {
    const { relieve, api, table, calls } = setUp();
    await api.putSegment("a", { first: 10, records: records("of another time") }, 0, never());
    calls();
    await relieve();
    expect(calls()).toEqual(["putSegment", "getSegment", "reset"]);
    expect(table.head()).toMatchObject({ incarnation: "fresh", first: 0, records: [] });
  });

  test("not, when another writer was first", async () => {
    const { relieve, table, head } = setUp();
    table.setHead({ incarnation: "a", first: 11, records: records("a") });
    await relieve();
    expect(head()).toEqual(["a"]);
  });

  test("not in a head of a later version", async () => {
    const { relieve, start, table } = setUp();
    table.setHead({ ...start, version: 2 });
    await relieve();
    expect(table.head()).toEqual({ ...start, version: 2 });
  });
});

describe("a head that is overdue", () => {
  const overdue = (count: number) => ({ incarnation: "a", first: 10, records: records(...numbered(count, 40)) });

  test("loses its older half without a segment, in as many steps as that takes", async () => {
    const { relieve, table, calls } = setUp();
    table.setHead(overdue(400));
    await relieve(10, overdue(400));
    const made = calls();
    expect(made).toEqual(made.map(() => "trim"));
    expect(made.length).toBeGreaterThan(2);
    expect(table.headBytes()).toBeLessThan(8_192);
    expect(table.headBytes()).toBeGreaterThan(2_000);
  });

  test("and cannot be trimmed in time is begun anew", async () => {
    const { relieve, table, calls } = setUp();
    table.setHead(overdue(2_000));
    await relieve(10, overdue(2_000));
    expect([calls(), table.head()]).toEqual([["reset"], { incarnation: "fresh", first: 0, records: [] }]);
  });

  test("is left alone when it changes under way", async () => {
    const { relieve, table, calls } = setUp();
    table.setHead({ ...overdue(400), first: 11 });
    await relieve(10, overdue(400));
    expect([calls(), table.head()?.records.length]).toEqual([["trim"], 400]);
  });
});

describe("a throttled trim", () => {
  test("is tried again, since it is what helps", async () => {
    const { relieve, setPlan, calls, table } = setUp();
    let refused = 0;
    setPlan(({ operation }) => (operation === "trim" && refused++ < 3 ? { fail: "throttled" } : undefined));
    await relieve();
    expect(calls()).toEqual(["putSegment", "trim", "trim", "trim", "trim"]);
    expect(table.head()?.first).toBe(16);
  });

  test("but not once the time is up", async () => {
    const { reliever, start, setPlan, calls, clock } = setUp();
    setPlan(on("trim", { fail: "throttled" }));
    const abort = new AbortController();
    const relief = reliever.after(start, 1, SMALL, abort.signal);
    const told = relief.then(
      () => "done",
      (error: { kind: string }) => error.kind,
    );
    await clock.advance(100);
    const before = calls().length;
    abort.abort();
    expect([await told, clock.pendingTimers]).toEqual(["throttled", 0]);
    await clock.advance(1_000);
    expect([before > 2, calls()]).toEqual([true, []]);
  });
});

describe("a head that is full", () => {
  test("is read and begun anew; one that is not there or not understood is left alone", async () => {
    const { reliever, run, table, calls, start } = setUp();
    await run(reliever.whenFull(never()));
    expect([calls(), table.head()?.incarnation]).toEqual([["getHead", "reset"], "fresh"]);
    table.setHead({ ...start, version: 2 });
    await run(reliever.whenFull(never()));
    table.setHead(undefined);
    await run(reliever.whenFull(never()));
    expect(calls()).toEqual(["getHead", "getHead"]);
  });
});

test("a large record is put aside whole", async () => {
  const { relieve, table, segments, start } = setUp();
  const large: Head = { ...start, records: [record("small"), new Uint8Array(20_000)] };
  table.setHead(large);
  await relieve(1, large);
  expect([table.head()?.records, segments().length]).toEqual([[], 1]);
});

test("without a table nothing is done, and it is said", async () => {
  const failing = { putSegment: () => Promise.reject(new Error("no")) } as unknown as TableApi;
  const { clock, start } = setUp();
  const reliever = createReliever({ api: failing, clock, random: () => 0.5, newIncarnation: () => "fresh" });
  await expect(reliever.after(start, 1, SMALL, never())).rejects.toThrow("no");
});
