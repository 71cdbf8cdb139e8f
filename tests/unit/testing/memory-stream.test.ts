/** What the in-memory stream does beyond the contract: the faults a test asks for, paging, trimming, throttling. */
import { describe, expect, test } from "@jest/globals";
import { InvalidOptionError } from "../../../src/errors.js";
import type { CallPlan, StreamCall } from "../../../src/testing/call-plan.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryStream, type MemoryStreamOptions } from "../../../src/testing/memory-stream.js";

const never = new AbortController().signal;
const record = (text: string) => ({ data: new TextEncoder().encode(text), partitionKey: text });
const HORIZON = undefined;

function setUp(options: Partial<MemoryStreamOptions> = {}) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, ...options });
  let plan: CallPlan = {};
  const calls: StreamCall[] = [];
  const api = stream.connect((call) => {
    calls.push(call);
    return plan;
  });
  const texts = async (iterator: string) =>
    (await api.getRecords(iterator, undefined, never)).records.map(({ data }) => new TextDecoder().decode(data));
  const shardId = stream.openShardIds()[0] ?? "";
  return { clock, stream, api, calls, texts, shardId, planNext: (next: CallPlan) => (plan = next) };
}

describe("a call's plan", () => {
  test("is asked for with the operation and the shard", async () => {
    const { api, calls, shardId } = setUp();
    await api.getRecords(await api.getShardIterator(shardId, HORIZON, never), undefined, never);
    await api.listShards({}, never);
    await api.putRecords([record("a")], never);
    expect(calls).toEqual([
      { operation: "getShardIterator", shardId },
      { operation: "getRecords", shardId },
      { operation: "listShards" },
      { operation: "putRecords", records: 1 },
    ]);
  });

  test("delays: the service acts after requestMs and answers after answerMs", async () => {
    const { api, clock, stream, planNext, shardId } = setUp();
    planNext({ requestMs: 30, answerMs: 20 });
    let answered = false;
    const put = api.putRecords([record("a")], never).then(() => (answered = true));
    await clock.advance(29);
    expect(stream.shard(shardId).endOffset).toBe(0);
    await clock.advance(1);
    expect([stream.shard(shardId).endOffset, answered]).toEqual([1, false]);
    await clock.advance(20);
    expect([await put, api.pendingCalls]).toEqual([true, 0]);
  });

  test("fail: nothing is done; loseAnswer: it is done and rejects; an abort ends a hang", async () => {
    const { api, stream, planNext, shardId } = setUp();
    planNext({ fail: "throttled" });
    await expect(api.putRecords([record("a")], never)).rejects.toMatchObject({ kind: "throttled" });
    expect(stream.shard(shardId).endOffset).toBe(0);
    planNext({ loseAnswer: "reject" });
    await expect(api.putRecords([record("a")], never)).rejects.toMatchObject({ kind: "unavailable" });
    expect(stream.shard(shardId).endOffset).toBe(1);
    planNext({ hang: true });
    const abort = new AbortController();
    const hung = expect(api.listShards({}, abort.signal)).rejects.toMatchObject({ kind: "unavailable" });
    await settled();
    expect(api.pendingCalls).toBe(1);
    abort.abort();
    await hung;
    expect(api.pendingCalls).toBe(0);
  });

  test("an abort does not stop what is under way", async () => {
    const { api, clock, stream, planNext, shardId } = setUp();
    planNext({ requestMs: 10 });
    const abort = new AbortController();
    const put = expect(api.putRecords([record("a")], abort.signal)).rejects.toMatchObject({ kind: "unavailable" });
    abort.abort();
    await put;
    await clock.advance(10);
    expect(stream.shard(shardId).endOffset).toBe(1);
  });

  test("empty pages, short pages, records rejected, records doubled", async () => {
    const { api, planNext, shardId, texts } = setUp();
    planNext({ rejectRecord: (index) => index === 1, writeTwice: true });
    const outcomes = await api.putRecords([record("a"), record("b")], never);
    expect(outcomes.map(({ written }) => written)).toEqual([true, false]);
    planNext({ emptyPage: true });
    const iterator = await api.getShardIterator(shardId, HORIZON, never);
    const empty = await api.getRecords(iterator, undefined, never);
    expect(empty).toMatchObject({ records: [], millisBehindLatest: 1_000 });
    planNext({ pageRecords: 2 });
    const short = await api.getRecords(empty.nextIterator ?? "", undefined, never);
    expect(short.records).toHaveLength(2);
    expect(short.millisBehindLatest).toBeGreaterThan(0);
    expect(await texts(short.nextIterator ?? "")).toEqual(["b"]);
  });
});

describe("the stream", () => {
  test("pages its listing with the filter kept", async () => {
    const { api, clock, stream } = setUp({ shards: 4, pageShards: 2 });
    const [first = ""] = stream.openShardIds();
    stream.split(first);
    await clock.advance(5_000);
    const listed: string[] = [];
    let page = await api.listShards({ fromTimestampMs: clock.now() - 1_000 }, never);
    for (;;) {
      listed.push(...page.shards.map(({ shardId }) => shardId));
      if (page.nextToken === undefined) break;
      page = await api.listShards({ nextToken: page.nextToken }, never);
    }
    expect(listed).toEqual(stream.openShardIds());
    await expect(api.listShards({ nextToken: "1/shardId-1", fromTimestampMs: 1 }, never)).rejects.toMatchObject({
      kind: "refused",
    });
  });

  test("trims records by age, and closed shards with them", async () => {
    const { api, clock, stream, shardId, texts } = setUp({ retentionMs: 60_000 });
    stream.put([record("old")]);
    await clock.advance(40_000);
    stream.put([record("new")]);
    await clock.advance(30_000);
    expect(await texts(await api.getShardIterator(shardId, HORIZON, never))).toEqual(["new"]);
    stream.split(shardId);
    await clock.advance(60_001);
    expect(stream.shards().map(({ id }) => id)).not.toContain(shardId);
    await expect(api.getShardIterator(shardId, HORIZON, never)).rejects.toMatchObject({ kind: "lost" });
  });

  test("answers so many reads of a shard in a second, and throttles the rest", async () => {
    const { api, clock, shardId } = setUp({ readsPerSecond: 2 });
    const iterator = await api.getShardIterator(shardId, HORIZON, never);
    await api.getRecords(iterator, undefined, never);
    await api.getRecords(iterator, undefined, never);
    await expect(api.getRecords(iterator, undefined, never)).rejects.toMatchObject({ kind: "throttled" });
    await clock.advance(1_000);
    await expect(api.getRecords(iterator, undefined, never)).resolves.toMatchObject({ records: [] });
  });

  test("answers so many bytes of a shard in a second, after a larger page none for longer, and tells what it refused", async () => {
    const { api, clock, stream, shardId } = setUp({ readBytesPerSecond: 100, readsPerSecond: 3 });
    const read = async () => api.getRecords(await api.getShardIterator(shardId, HORIZON, never), undefined, never);
    stream.put([record("x".repeat(80))]);
    await read();
    // Twenty are left: one more page may overdraw them.
    expect((await read()).records).toHaveLength(1);
    await expect(read()).rejects.toMatchObject({ kind: "throttled" });
    expect(stream.refusedReads(shardId)).toEqual({ calls: 0, bytes: 1 });
    await clock.advance(500);
    await expect(read()).rejects.toMatchObject({ kind: "throttled" });
    await clock.advance(200);
    await read();
    await clock.advance(10_000);
    stream.put([record("y".repeat(220))]);
    await read();
    await clock.advance(1_900);
    await expect(read()).rejects.toMatchObject({ kind: "throttled" });
    await clock.advance(110);
    await read();
    expect(stream.refusedReads(shardId)).toEqual({ calls: 0, bytes: 3 });
  });

  test("tells which reads were too many calls, too", async () => {
    const { api, stream, shardId } = setUp({ readsPerSecond: 1 });
    const iterator = await api.getShardIterator(shardId, HORIZON, never);
    await api.getRecords(iterator, undefined, never);
    await expect(api.getRecords(iterator, undefined, never)).rejects.toMatchObject({ kind: "throttled" });
    expect(stream.refusedReads(shardId)).toEqual({ calls: 1, bytes: 0 });
  });

  test("does not take any text for an iterator or a token of its own", async () => {
    const { api } = setUp();
    await expect(api.getRecords("not an iterator", undefined, never)).rejects.toMatchObject({ kind: "lost" });
    await expect(api.listShards({ nextToken: "not a token" }, never)).rejects.toMatchObject({ kind: "lost" });
  });

  test("tells of every write, with an arrival time as wrong as asked for", async () => {
    const written: number[] = [];
    const { clock, stream } = setUp({
      onWrite: ({ arrivalMs }) => written.push(arrivalMs),
      arrivalErrorMs: () => -500,
    });
    stream.put([record("a")]);
    expect(written).toEqual([clock.now() - 500]);
  });

  test("refuses what cannot be resharded, and requests over the limits", () => {
    const { stream, shardId } = setUp({ shards: 4 });
    const [, second = "", third = ""] = stream.openShardIds();
    expect(() => stream.merge(shardId, third)).toThrow(RangeError);
    stream.merge(shardId, second);
    expect(() => stream.split(shardId)).toThrow(RangeError);
    expect(() => stream.put([])).toThrow("1 to 500 records");
    expect(() => stream.put(Array.from({ length: 501 }, () => record("a")))).toThrow("1 to 500 records");
    expect(() => stream.put([{ data: new Uint8Array(1), partitionKey: "" }])).toThrow("1 to 256 characters");
    const large = { data: new Uint8Array(1_000_000), partitionKey: "a" };
    expect(() => stream.put(Array.from({ length: 11 }, () => large))).toThrow("larger than 10 MiB");
  });
});

describe("a wrong argument", () => {
  const clock = new ManualClock();
  test.each([
    [undefined, 'option "options" must be an object, but got undefined'],
    [{}, 'option "clock" must be a clock, such as new ManualClock(), but got undefined'],
    [{ clock: 5 }, 'option "clock" must be a clock, such as new ManualClock(), but got 5'],
    [{ clock, shards: 0 }, 'option "shards" must be a whole number from 1 to 10000, but got 0'],
    [{ clock, shards: "x" }, 'option "shards" must be a whole number from 1 to 10000, but got "x"'],
    [{ clock, retentionMs: Number.NaN }, 'option "retentionMs" must be a number of milliseconds'],
    [{ clock, pageRecords: 0 }, 'option "pageRecords" must be a whole number from 1 to 10000, but got 0'],
    [{ clock, pageShards: -1 }, 'option "pageShards" must be'],
    [{ clock, iteratorLifeMs: "1" }, 'option "iteratorLifeMs" must be'],
    [{ clock, readsPerSecond: 0 }, 'option "readsPerSecond" must be'],
    [{ clock, readBytesPerSecond: "2 MiB" }, 'option "readBytesPerSecond" must be'],
    [{ clock, onWrite: [] }, 'option "onWrite" must be a function, but got an array of 0'],
    [{ clock, shard: 1 }, /unknown option "shard"; did you mean "shards"\?/],
  ])("%j is named when the stream is made", (options, message) => {
    const create = () => new MemoryStream(options as never);
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(message);
  });

  test("and when it is made anew", () => {
    const stream = new MemoryStream({ clock });
    expect(() => stream.recreate(0)).toThrow('option "shards" must be');
    expect(stream.openShardIds()).toHaveLength(1);
  });
});
