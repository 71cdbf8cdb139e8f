/** How reading goes on: no record is skipped at a page, at the end of a shard, or when an iterator is lost. */
import { describe, expect, test } from "@jest/globals";
import type { ListShardsRequest, StreamApi } from "../../../src/kinesis/stream-api.js";
import { fenceAt, idsOf, MINUTE_MS, on, once, type Place, pollOn, readerOf, setUpReading } from "../support/reading.js";

describe("the tip", () => {
  test("is not an empty page with lag: reading goes on", async () => {
    const { clock, poll, write, setPlan } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    write("behind empty pages");
    let empty = 5;
    setPlan((call) => (call.operation === "getRecords" && empty-- > 0 ? { emptyPage: true } : undefined));
    const result = await poll(position);
    expect([result.outcome, idsOf(result), result.calls, result.lagMs]).toEqual([
      "caught-up",
      ["behind+empty+pages"],
      6,
      0,
    ]);
  });

  test("is not a full page: all of a backlog is read", async () => {
    const { clock, poll, write } = setUpReading({ pageRecords: 3 });
    const { position } = await poll(fenceAt(clock.now()));
    write(...Array.from({ length: 20 }, (_, index) => index));
    const result = await poll(position);
    expect([result.outcome, idsOf(result)]).toEqual([
      "caught-up",
      Array.from({ length: 20 }, (_, index) => `${index}`),
    ]);
  });

  test("a shard further behind than 100 pages goes on where it was left, and the cache is not proven", async () => {
    const { clock, poll, write } = setUpReading({ pageRecords: 1 });
    const first = await poll(fenceAt(clock.now()));
    await clock.advance(1_000);
    write(...Array.from({ length: 150 }, (_, index) => index));
    await clock.advance(2_000);
    const second = await poll(first.position);
    expect([second.outcome, second.invalidations.length, second.failure, second.lagMs]).toEqual([
      "incomplete",
      100,
      undefined,
      2_000,
    ]);
    expect(second.position.provenAtMs).toBe(first.position.provenAtMs);
    const third = await poll(second.position);
    expect([third.outcome, idsOf(third)[0], third.invalidations.length]).toEqual(["caught-up", "100", 50]);
  });
});

describe("the end of a shard", () => {
  test("leads to its children, read from their beginning, in the same refresh", async () => {
    const { clock, stream, poll, write, count } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    write("last of the parent");
    stream.split(stream.openShardIds()[0] ?? "");
    write(...Array.from({ length: 20 }, (_, index) => index));
    count();
    const result = await poll(position);
    expect([result.outcome, result.invalidations.length, count()]).toEqual([
      "caught-up",
      21,
      { getRecords: 3, getShardIterator: 2 },
    ]);
    expect(result.position.lanes).toBe(stream.openShardIds().length);
  });

  test("leads through grandchildren that have ended, too", async () => {
    const { clock, stream, poll, write } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    for (let generation = 0; generation < 3; generation++) {
      write(...Array.from({ length: 10 }, (_, index) => `${generation}.${index}`));
      for (const shardId of stream.openShardIds()) stream.split(shardId);
    }
    write("leaf");
    const result = await poll(position);
    expect([result.outcome, result.invalidations.length]).toEqual(["caught-up", 31]);
  });

  test("of both parents of a merge leads to the child once", async () => {
    const { clock, stream, poll, write, count } = setUpReading({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    const [low = "", high = ""] = stream.openShardIds();
    stream.merge(low, high);
    write("in the child");
    count();
    const result = await poll(position);
    expect([idsOf(result), count()]).toEqual([["in+the+child"], { getRecords: 3, getShardIterator: 1 }]);
    expect(result.position.lanes).toBe(1);
  });

  test("of one parent of a merge now and of the other later skips nothing", async () => {
    const { clock, stream, poll, write, setPlan } = setUpReading({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    const [low = "", high = ""] = stream.openShardIds();
    write(...Array.from({ length: 10 }, (_, index) => `parent${index}`));
    stream.merge(low, high);
    write("child");
    setPlan((call) => (call.shardId === high ? { fail: "throttled" } : undefined));
    const first = await poll(position);
    setPlan(() => undefined);
    const second = await poll(first.position);
    expect([first.outcome, first.throttles, second.outcome]).toEqual(["incomplete", 1, "caught-up"]);
    const seen = [...idsOf(first), ...idsOf(second)];
    expect(new Set(seen).size).toBe(11);
  });

  test("that names no children is looked up in the list", async () => {
    const { clock, stream, api, write } = setUpReading();
    const listed: ListShardsRequest[] = [];
    const nameless: StreamApi = {
      listShards: (request, signal) => {
        listed.push(request);
        return api.listShards(request, signal);
      },
      getShardIterator: (shardId, start, signal) => api.getShardIterator(shardId, start, signal),
      getRecords: async (iterator, limit, signal) => ({
        ...(await api.getRecords(iterator, limit, signal)),
        childShardIds: [],
      }),
      putRecords: (records, signal) => api.putRecords(records, signal),
    };
    const reader = readerOf(nameless, clock, { clockMarginMs: 10_000 });
    const { position } = await pollOn(reader, fenceAt(clock.now()), 1_000);
    stream.split(stream.openShardIds()[0] ?? "");
    write("a", "b", "c");
    const result = await pollOn(reader, position, 1_000);
    expect([result.outcome, idsOf(result).sort()]).toEqual(["caught-up", ["a", "b", "c"]]);
    expect(listed.at(-1)).toEqual({});
  });

  test("that nothing continues is a lost place", async () => {
    const { clock, api } = setUpReading();
    let ended = false;
    const childless: StreamApi = {
      listShards: async (request, signal) =>
        ended ? { shards: [{ shardId: "unrelated", parentShardIds: [] }] } : api.listShards(request, signal),
      getShardIterator: (shardId, from, signal) => api.getShardIterator(shardId, from, signal),
      getRecords: async (iterator, limit, signal) =>
        ended
          ? { records: [], childShardIds: [], millisBehindLatest: 0 }
          : await api.getRecords(iterator, limit, signal),
      putRecords: (records, signal) => api.putRecords(records, signal),
    };
    const reader = readerOf(childless, clock, { clockMarginMs: 0 });
    const { position } = await pollOn(reader, fenceAt(clock.now()), 1_000);
    ended = true;
    const result = await pollOn(reader, position, 1_000);
    expect([result.outcome, result.failure?.kind, result.failure?.message, reader.reader.lanes]).toEqual([
      "lost",
      "lost",
      "shard shardId-000000000000 has ended, and nothing continues it",
      0,
    ]);
  });
});

describe("iterators", () => {
  test("older than four minutes are taken anew at the last proof less the margin, and nothing is skipped", async () => {
    const { clock, poll, write, count } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    write("a");
    await clock.advance(4 * MINUTE_MS);
    write("b");
    count();
    const result = await poll(position);
    expect([result.outcome, idsOf(result), count()]).toEqual([
      "caught-up",
      ["a", "b"],
      { listShards: 1, getShardIterator: 1, getRecords: 1 },
    ]);
  });

  test("given short of the tip, and too old by now, skip nothing of what was still to be read", async () => {
    const { clock, poll, write } = setUpReading({ pageRecords: 1 });
    let result = await poll(fenceAt(clock.now()));
    write(...Array.from({ length: 110 }, (_, index) => index));
    await clock.advance(30_000);
    const seen = new Set<unknown>();
    for (const pauseMs of [10 * MINUTE_MS, 0, 0]) {
      result = await poll(result.position);
      for (const id of idsOf(result)) seen.add(id);
      await clock.advance(pauseMs);
    }
    expect(seen.size).toBe(110);
  });

  test("that have expired before their time are taken anew, once", async () => {
    const { clock, poll, write, count, setPlan } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    write("a");
    count();
    setPlan(once((call) => call.operation === "getRecords", { fail: "expired" }));
    const result = await poll(position);
    expect([result.outcome, idsOf(result), count()]).toEqual([
      "caught-up",
      ["a"],
      { getRecords: 2, getShardIterator: 1, listShards: 1 },
    ]);
    setPlan(on("getRecords", { fail: "expired" }));
    const stubborn = await poll(position);
    expect([stubborn.outcome, stubborn.failure?.kind]).toEqual(["incomplete", "expired"]);
  });

  test("that have expired before their time may be of a stream that is no more: the shards are listed again, once", async () => {
    const { clock, stream, poll, write, count, setPlan } = setUpReading({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    stream.recreate(6);
    await clock.advance(1_000);
    write(...Array.from({ length: 30 }, (_, index) => index));
    count();
    const expiring = new Set(stream.openShardIds().slice(0, 2));
    setPlan((call) =>
      call.operation === "getRecords" && expiring.delete(call.shardId ?? "") ? { fail: "expired" } : undefined,
    );
    const result = await poll(position);
    expect([result.outcome, result.invalidations.length, result.position.lanes, count().listShards]).toEqual([
      "caught-up",
      30,
      6,
      1,
    ]);
  });

  test("of a child that was never proven are taken anew at its beginning", async () => {
    const { clock, stream, poll, write, setPlan } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    await clock.advance(MINUTE_MS);
    stream.split(stream.openShardIds()[0] ?? "");
    const children = stream.openShardIds();
    write(...Array.from({ length: 10 }, (_, index) => index));
    setPlan((call) => (children.includes(call.shardId ?? "") ? { fail: "throttled" } : undefined));
    const { position: stopped } = await poll(position);
    setPlan(() => undefined);
    await clock.advance(20 * MINUTE_MS);
    const result = await poll(stopped);
    expect([result.outcome, result.invalidations.length]).toEqual(["caught-up", 10]);
  });

  test("are got to step by step where each call takes most of the time there is", async () => {
    const { clock, poll, count, setPlan, write } = setUpReading({ shards: 2 });
    write(1);
    setPlan(() => ({ requestMs: 700 }));
    const outcomes: unknown[] = [];
    let position: Place = fenceAt(clock.now());
    for (let refresh = 0; refresh < 3; refresh++) {
      const result = await poll(position, 1_000);
      position = result.position;
      const { listShards = 0, getShardIterator = 0, getRecords = 0 } = count();
      outcomes.push([result.outcome, listShards > 0, getShardIterator > 0, getRecords > 0, idsOf(result)]);
    }
    expect(outcomes).toEqual([
      ["incomplete", true, true, false, []],
      ["incomplete", true, true, true, []],
      ["caught-up", false, false, true, ["1"]],
    ]);
  });

  test("taken while the list of shards was not to be had are not the whole of a stream", async () => {
    const { clock, poll, stream, count, setPlan, write } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    await clock.advance(5 * MINUTE_MS);
    stream.recreate(4);
    setPlan(on("listShards", { fail: "throttled" }));
    const without = await poll(position);
    expect([without.outcome, without.failure?.kind]).toEqual(["incomplete", "throttled"]);
    setPlan(() => undefined);
    count();
    for (let id = 0; id < 20; id++) write(id);
    const result = await poll(without.position);
    expect(count()).toMatchObject({ listShards: 1 });
    expect([result.outcome, idsOf(result).length]).toEqual(["caught-up", 20]);
  });

  test("that were taken but not used when the time ran out are used by the next refresh", async () => {
    const { clock, poll, count, setPlan } = setUpReading();
    setPlan(on("getRecords", { hang: true }));
    const { position, outcome } = await poll(fenceAt(clock.now()));
    setPlan(() => undefined);
    count();
    const next = await poll(position);
    expect([outcome, next.outcome, count()]).toEqual(["incomplete", "caught-up", { getRecords: 1 }]);
  });

  test("of a stream that was created anew since are found out after a pause, whatever its shards are called", async () => {
    const { clock, stream, poll, write } = setUpReading({ shards: 1 });
    const { position } = await poll(fenceAt(clock.now()));
    await clock.advance(4 * MINUTE_MS);
    stream.recreate(3);
    write(...Array.from({ length: 12 }, (_, index) => index));
    const result = await poll(position);
    expect([result.outcome, result.invalidations.length]).toEqual(["caught-up", 12]);
  });

  test("that mean nothing to the stream any more lose the position", async () => {
    const { clock, stream, poll } = setUpReading({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    stream.recreate(2);
    const result = await poll(position);
    expect([result.outcome, result.failure?.kind]).toEqual(["lost", "lost"]);
  });
});
