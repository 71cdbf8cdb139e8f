/**
 * What the protocol relies on DynamoDB doing, as one suite. It is run on the table in memory and, through the real client, on
 * emulators, so that tests and simulation cannot pass on a model that is wrong. It asserts only what holds of the real
 * service too.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { TableApi } from "../../src/dynamodb/table-api.js";
import {
  append,
  bytes,
  failureOf,
  headOf,
  never,
  readable,
  type TableService,
  type TableUnderTest,
  texts,
} from "./table-under-test.js";

const INCARNATION = "0123456789abcdef";
const letters = (count: number) => Array.from({ length: count }, (_, index) => `record ${index}`);

export function describeTableApi(name: string, service: TableService): void {
  describe(`the calls on ${name}`, () => {
    let table: TableUnderTest;
    let api: TableApi;
    beforeAll(() => service.start());
    afterAll(() => service.stop());
    beforeEach(async () => {
      table = await service.createTable();
      api = table.connect("users");
    });
    const given = () => ({ table, api });
    describe("the head", () => describeHead(given));
    describe("segments", () => describeSegments(given));
    describe("making room", () => describeTrims(given));
    describe("beginning anew", () => describeResets(given));
    describe("failures", () => describeFailures(given));
  });
}

type Given = () => { readonly table: TableUnderTest; readonly api: TableApi };

function describeHead(given: Given): void {
  test("is not there before anything was appended", async () => {
    expect(await given().api.getHead("strong", never)).toBeUndefined();
    expect(await given().api.getHead("eventual", never)).toBeUndefined();
  });

  test("is made by the first append, and keeps its incarnation ever after", async () => {
    const { api } = given();
    const first = await append(api, INCARNATION, "a");
    expect(first).toEqual({ incarnation: INCARNATION, first: 0, records: [bytes("a")] });
    const later = await append(api, "another", "b", "c");
    expect([later.incarnation, texts(later)]).toEqual([INCARNATION, ["a", "b", "c"]]);
    expect(await headOf(api)).toEqual(later);
  });

  test("holds records of any bytes, as they were appended", async () => {
    const { api } = given();
    const record = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await api.append([record, new Uint8Array([0])], INCARNATION, never);
    const { records } = await headOf(api);
    expect(records.map((one) => [...one])).toEqual([[...record], [0]]);
  });

  test("an append's answer ends with its own records, whoever else appends", async () => {
    const { api } = given();
    const batches = letters(20).map((text) => [bytes(`${text} a`), bytes(`${text} b`)]);
    const answers = await Promise.all(
      batches.map((batch) => api.append(batch, INCARNATION, new AbortController().signal)),
    );
    answers.forEach((answer, index) => {
      expect(texts(readable(answer)).slice(-2)).toEqual([`record ${index} a`, `record ${index} b`]);
    });
    const all = texts(await headOf(api));
    expect(new Set(all).size).toBe(40);
    expect(all).toHaveLength(40);
  });

  test("a strong read shows every append that was acknowledged before it", async () => {
    const { api } = given();
    for (const text of letters(20)) {
      await append(api, INCARNATION, text);
      expect(texts(await headOf(api)).at(-1)).toBe(text);
    }
  });

  test("each log of a table has its own", async () => {
    const { table, api } = given();
    const other = table.connect("orders");
    await append(api, INCARNATION, "a");
    expect(await other.getHead("strong", never)).toBeUndefined();
    await append(other, "other", "b");
    expect([texts(await headOf(api)), texts(await headOf(other))]).toEqual([["a"], ["b"]]);
  });

  test("of another version cannot be read, but still be appended to", async () => {
    const { table, api } = given();
    await append(api, INCARNATION, "a");
    await table.setVersion("users", 2);
    const unreadable = { unreadable: expect.stringContaining("version is 2") };
    expect(await api.getHead("strong", never)).toEqual(unreadable);
    expect(await api.append([bytes("b")], INCARNATION, never)).toEqual(unreadable);
    await table.setVersion("users", 1);
    expect(texts(await headOf(api))).toEqual(["a", "b"]);
  });

  test("that can hold no more says so, and loses nothing", async () => {
    const { api } = given();
    const large = new Uint8Array(100_000);
    for (let n = 0; n < 4; n++) readable(await api.append([large], INCARNATION, never));
    expect(await api.append([large], INCARNATION, never)).toBe("full");
    expect((await headOf(api)).records).toHaveLength(4);
  });
}

function describeSegments(given: Given): void {
  const put = (api: TableApi, first: number, ...records: string[]) =>
    api.putSegment(
      INCARNATION,
      { first, records: records.map(bytes) },
      Date.now() + 3_600_000,
      // Node takes more than ten listeners on one signal for a leak.
      new AbortController().signal,
    );
  const query = (api: TableApi, from: number, before: number, incarnation = INCARNATION) =>
    api.querySegments({ incarnation, from, before }, never);

  test("are given back by the number of their first record, oldest first", async () => {
    const { api } = given();
    for (const first of [100, 2, 20, 0]) await put(api, first, `at ${first}`, "next");
    const { segments, next } = await query(api, 0, 1_000);
    expect(segments.map(({ first, records }) => [first, texts({ records })])).toEqual([
      [0, ["at 0", "next"]],
      [2, ["at 2", "next"]],
      [20, ["at 20", "next"]],
      [100, ["at 100", "next"]],
    ]);
    expect(next).toBeUndefined();
    expect((await query(api, 2, 100)).segments.map(({ first }) => first)).toEqual([2, 20]);
    expect((await query(api, 3, 20)).segments).toEqual([]);
  });

  test("are never overwritten", async () => {
    const { api } = given();
    expect(await put(api, 5, "a", "b")).toBe("put");
    expect(await put(api, 5, "c")).toBe("exists");
    expect(await api.getSegment(INCARNATION, 5, never)).toEqual({ first: 5, records: [bytes("a"), bytes("b")] });
  });

  test("belong to one incarnation of one log", async () => {
    const { table, api } = given();
    await put(api, 0, "a");
    expect((await query(api, 0, 100, "another")).segments).toEqual([]);
    expect(await api.getSegment("another", 0, never)).toBeUndefined();
    expect((await query(table.connect("orders"), 0, 100)).segments).toEqual([]);
  });

  test("come in pages that follow each other", async () => {
    const { api } = given();
    const firsts = Array.from({ length: 300 }, (_, index) => index * 3);
    for (let at = 0; at < firsts.length; at += 50) {
      await Promise.all(firsts.slice(at, at + 50).map((first) => put(api, first, `at ${first}`)));
    }
    const read: number[] = [];
    let from: number | undefined = 0;
    for (let pages = 0; from !== undefined && pages < 10; pages++) {
      const page = await query(api, from, 10_000);
      read.push(...page.segments.map(({ first }) => first));
      from = page.next;
    }
    expect(read).toEqual(firsts);
  });

  test("have no further page where the last one ends just before what was not asked for", async () => {
    const { api } = given();
    await Promise.all(Array.from({ length: 128 }, (_, first) => put(api, first, `at ${first}`)));
    const { segments, next } = await query(api, 0, 128);
    expect([segments.length, next]).toEqual([128, undefined]);
  });
}

function describeTrims(given: Given): void {
  test.each([1, 2, 7, 100])("takes out exactly the first %i records, and counts them", async (count) => {
    const { api } = given();
    const all = letters(count + 5);
    await api.append(all.map(bytes), INCARNATION, never);
    const trimmed = readable(await api.trim({ incarnation: INCARNATION, first: 0 }, count, never));
    expect([trimmed.first, texts(trimmed)]).toEqual([count, all.slice(count)]);
    expect(await headOf(api)).toEqual(trimmed);
  });

  test("takes out all there is", async () => {
    const { api } = given();
    await append(api, INCARNATION, "a", "b");
    await api.trim({ incarnation: INCARNATION, first: 0 }, 2, never);
    expect(await headOf(api)).toEqual({ incarnation: INCARNATION, first: 2, records: [] });
    const later = await append(api, "another", "c");
    expect(later).toEqual({ incarnation: INCARNATION, first: 2, records: [bytes("c")] });
  });

  test("does nothing to a head that begins elsewhere, or is of another incarnation or version", async () => {
    const { table, api } = given();
    const head = await append(api, INCARNATION, "a", "b", "c");
    expect(await api.trim({ incarnation: INCARNATION, first: 1 }, 1, never)).toBe("changed");
    expect(await api.trim({ incarnation: "another", first: 0 }, 1, never)).toBe("changed");
    await table.setVersion("users", 2);
    expect(await api.trim({ incarnation: INCARNATION, first: 0 }, 1, never)).toBe("changed");
    await table.setVersion("users", 1);
    expect(await headOf(api)).toEqual(head);
    expect(readable(await api.trim({ incarnation: INCARNATION, first: 0 }, 1, never)).first).toBe(1);
  });

  test("of several at once, one is carried out", async () => {
    const { api } = given();
    await append(api, INCARNATION, ...letters(9));
    const trims = await Promise.all(
      [3, 4, 5].map((count) => api.trim({ incarnation: INCARNATION, first: 0 }, count, never)),
    );
    const done = trims.flatMap((answer) => (answer === "changed" ? [] : [readable(answer)]));
    expect(done).toHaveLength(1);
    expect(await headOf(api)).toEqual(done[0]);
    expect(done[0]?.records).toHaveLength(9 - (done[0]?.first ?? 0));
  });

  test("there is nothing to take out of a log that is not there", async () => {
    expect(await given().api.trim({ incarnation: INCARNATION, first: 0 }, 1, never)).toBe("changed");
    expect(await given().api.getHead("strong", never)).toBeUndefined();
  });
}

function describeResets(given: Given): void {
  test("empties the log and gives it another incarnation, once", async () => {
    const { api } = given();
    await append(api, INCARNATION, "a", "b");
    await api.trim({ incarnation: INCARNATION, first: 0 }, 1, never);
    expect(await api.reset(INCARNATION, "fresh", never)).toBe("reset");
    expect(await headOf(api)).toEqual({ incarnation: "fresh", first: 0, records: [] });
    await append(api, "another", "c");
    expect(await api.reset(INCARNATION, "stale", never)).toBe("changed");
    expect(texts(await headOf(api))).toEqual(["c"]);
  });

  test("does nothing to a log of another version, or one that is not there", async () => {
    const { table, api } = given();
    expect(await api.reset(INCARNATION, "fresh", never)).toBe("changed");
    expect(await api.getHead("strong", never)).toBeUndefined();
    await append(api, INCARNATION, "a");
    await table.setVersion("users", 2);
    expect(await api.reset(INCARNATION, "fresh", never)).toBe("changed");
    await table.setVersion("users", 1);
    expect(texts(await headOf(api))).toEqual(["a"]);
  });
}

function describeFailures(given: Given): void {
  const calls = (api: TableApi, signal: AbortSignal) => [
    api.getHead("strong", signal),
    api.append([bytes("a")], INCARNATION, signal),
    api.querySegments({ incarnation: INCARNATION, from: 0, before: 9 }, signal),
    api.getSegment(INCARNATION, 0, signal),
    api.putSegment(INCARNATION, { first: 0, records: [bytes("a")] }, Date.now(), signal),
    api.trim({ incarnation: INCARNATION, first: 0 }, 1, signal),
    api.reset(INCARNATION, "fresh", signal),
  ];

  test("a table that is not there is lost, whatever is asked of it", async () => {
    const failures = await Promise.all(calls(given().table.missing, never).map(failureOf));
    expect(failures.map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => "lost"));
  });

  test("a call whose signal has aborted rejects as unavailable", async () => {
    const failures = await Promise.all(calls(given().api, AbortSignal.abort()).map(failureOf));
    expect(new Set(failures.map(({ kind }) => kind))).toEqual(new Set(["unavailable"]));
    expect(failures).toHaveLength(7);
  });

  test("a table created anew knows nothing of the old one", async () => {
    const { table, api } = given();
    await append(api, INCARNATION, "a");
    await api.putSegment(INCARNATION, { first: 0, records: [bytes("a")] }, Date.now() + 3_600_000, never);
    await table.recreate();
    expect(await api.getHead("strong", never)).toBeUndefined();
    expect(await api.getSegment(INCARNATION, 0, never)).toBeUndefined();
  });
}
