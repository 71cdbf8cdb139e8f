/** Where reading begins, what each refresh costs, and what becomes of the records. */
import { describe, expect, test } from "@jest/globals";
import type { Clock } from "../../../src/core/clock.js";
import { Abandonment } from "../../../src/core/coherence/abandonment.js";
import { readOn } from "../../../src/core/coherence/reading.js";
import { encodeRecord } from "../../../src/core/record.js";
import type { StreamApi } from "../../../src/kinesis/stream-api.js";
import { settled } from "../../../src/testing/manual-clock.js";
import { fenceAt, idsOf, keyOf, MINUTE_MS, on, once, pollOn, readerOf, setUpReading } from "../support/reading.js";

const clockOf = (clock: Clock): Clock => ({
  now: () => clock.now(),
  monotonic: () => clock.monotonic(),
  after: clock.after.bind(clock),
});

describe("the first refresh, from a fence", () => {
  test("reads what was written since the fence, and what the margin before it holds", async () => {
    const { clock, write, poll } = setUpReading({ shards: 3 });
    write("long before");
    await clock.advance(11_000);
    write("within the margin");
    await clock.advance(9_000);
    const fence = fenceAt(clock.now());
    write("since");
    const result = await poll(fence);
    expect([result.outcome, idsOf(result).sort()]).toEqual(["caught-up", ["since", "within+the+margin"]]);
  });

  test("costs one ListShards, and one GetShardIterator and one GetRecords for each shard", async () => {
    const { clock, poll, count } = setUpReading({ shards: 4 });
    const { calls, position } = await poll(fenceAt(clock.now()));
    expect([count(), calls, position.lanes]).toEqual([{ listShards: 1, getShardIterator: 4, getRecords: 4 }, 9, 4]);
  });

  test("reads a shard that was closed since the fence, and its children", async () => {
    const { clock, stream, write, poll } = setUpReading();
    await clock.advance(MINUTE_MS);
    const fence = fenceAt(clock.now());
    await clock.advance(1_000);
    write("parent");
    stream.split(stream.openShardIds()[0] ?? "");
    write("child 1", "child 2", "child 3", "child 4");
    await clock.advance(30_000);
    const result = await poll(fence);
    expect(new Set(idsOf(result))).toEqual(new Set(["parent", ...[1, 2, 3, 4].map((n) => `child+${n}`)]));
    expect([result.outcome, result.position.lanes]).toEqual(["caught-up", 2]);
  });

  test("leaves out a shard that was closed long before the fence", async () => {
    const { clock, stream, poll, count } = setUpReading();
    stream.split(stream.openShardIds()[0] ?? "");
    await clock.advance(60_000);
    await poll(fenceAt(clock.now()));
    expect(count()).toEqual({ listShards: 1, getShardIterator: 2, getRecords: 2 });
  });

  test("reads every page of a long list of shards", async () => {
    const { clock, poll, count } = setUpReading({ shards: 25, pageShards: 10 });
    const { position } = await poll(fenceAt(clock.now()));
    expect([count().listShards, position.lanes]).toEqual([3, 25]);
  });

  test("proves what was published before it began, by our clock", async () => {
    const { clock, poll, setPlan } = setUpReading();
    setPlan(() => ({ answerMs: 50 }));
    await clock.advance(5_000);
    const beganAtMs = clock.now();
    const { position } = await poll(fenceAt(beganAtMs - 3_000));
    expect([position.provenAtMs, clock.now() - beganAtMs]).toEqual([beganAtMs, 150]);
  });

  test("of a clock that runs ahead asks for no moment in the service's future, and misses nothing", async () => {
    const { clock, stream, write } = setUpReading();
    const ahead = {
      now: () => clock.now() + 3_600_000,
      monotonic: () => clock.monotonic(),
      after: clock.after.bind(clock),
    };
    const fence = fenceAt(ahead.now());
    write("since");
    stream.split(stream.openShardIds()[0] ?? "");
    await clock.advance(20_000);
    const result = await pollOn(readerOf(stream.connect(), ahead, { clockMarginMs: 10_000 }), fence, 1_000);
    expect([result.outcome, idsOf(result)]).toEqual(["caught-up", ["since"]]);
  });

  for (const operation of ["listShards", "getRecords"] as const) {
    test(`takes nothing from an answer to ${operation} that the environment slept through, and asks no earlier since`, async () => {
      const { clock, write, poll, setPlan } = setUpReading();
      await clock.advance(MINUTE_MS);
      write("long before");
      await clock.advance(MINUTE_MS);
      setPlan((call) => {
        if (call.operation !== operation) return undefined;
        clock.after(10, () => clock.freeze(6 * 60 * MINUTE_MS));
        return { answerMs: 50 };
      });
      const frozen = await poll(fenceAt(clock.now()));
      expect([frozen.outcome, frozen.failure?.kind, frozen.failure?.message]).toEqual([
        "incomplete",
        "unavailable",
        "the environment was frozen, or its clock set, while an answer was under way",
      ]);
      setPlan(() => undefined);
      write("since");
      const next = await poll(fenceAt(clock.now()));
      expect([next.outcome, idsOf(next)]).toEqual(["caught-up", ["since"]]);
    });
  }

  test("of a place that is given up asks no earlier for a clock that was ahead and has been set right", async () => {
    const { clock, stream, write } = setUpReading();
    let aheadMs = 3_600_000;
    const wrong = { ...clockOf(clock), now: () => clock.now() + aheadMs };
    const reader = readerOf(stream.connect(), wrong, { clockMarginMs: 10_000 });
    await pollOn(reader, fenceAt(wrong.now()), 1_000);
    aheadMs = 0;
    write("before");
    await clock.advance(10 * MINUTE_MS);
    await pollOn(reader, fenceAt(wrong.now()), 1_000);
    reader.reader.leave();
    const result = await pollOn(reader, fenceAt(wrong.now()), 1_000);
    expect([result.outcome, idsOf(result)]).toEqual(["caught-up", []]);
  });

  test("lists again when the answer shows a clock so far ahead that a closed shard may be missing, and only then", async () => {
    for (const [aheadMs, lists] of [
      [4_000, 1],
      [8_000, 2],
    ] as const) {
      const { clock, stream } = setUpReading();
      let listed = 0;
      const api = stream.connect((call) => {
        if (call.operation === "listShards") listed++;
        return undefined;
      });
      const ahead = {
        now: () => clock.now() + aheadMs,
        monotonic: () => clock.monotonic(),
        after: clock.after.bind(clock),
      };
      await pollOn(readerOf(api, ahead, { clockMarginMs: 10_000 }), fenceAt(ahead.now()), 1_000);
      expect(listed).toBe(lists);
    }
  });

  test("of a service that does not say what time it has asks for the fence less the margin, no more", async () => {
    const { clock } = setUpReading();
    const asked: unknown[] = [];
    const api = {
      listShards: async (request: unknown) => {
        asked.push(request);
        return { shards: [{ shardId: "A", parentShardIds: [] }] };
      },
      getShardIterator: async (_shardId: string, start: unknown) => {
        asked.push(start);
        return "i";
      },
      getRecords: async () => ({ records: [], nextIterator: "n", childShardIds: [], millisBehindLatest: 0 }),
    } as unknown as StreamApi;
    const fence = fenceAt(clock.now());
    await pollOn(readerOf(api, clock, { clockMarginMs: 10_000 }), fence, 1_000);
    const timestampMs = fence.provenAtMs - 10_000;
    expect(asked).toStrictEqual([{ fromTimestampMs: timestampMs }, timestampMs]);
  });

  test("a stream that names no shard was not read", async () => {
    const { clock, api } = setUpReading();
    const empty: StreamApi = { ...api, listShards: async () => ({ shards: [] }) } as unknown as StreamApi;
    const result = await pollOn(readerOf(empty, clock, { clockMarginMs: 0 }), fenceAt(clock.now()), 1_000);
    expect([result.outcome, result.position.lanes, result.failure?.kind, result.failure?.message]).toEqual([
      "incomplete",
      0,
      "unavailable",
      "ListShards named no shard",
    ]);
  });

  test("a list without end was not read", async () => {
    const { clock } = setUpReading();
    const endless = { listShards: async () => ({ shards: [], nextToken: "more" }) } as unknown as StreamApi;
    const result = await pollOn(readerOf(endless, clock, { clockMarginMs: 0 }), fenceAt(clock.now()), 1_000);
    expect([result.outcome, result.calls, result.failure?.kind, result.failure?.message]).toEqual([
      "incomplete",
      100,
      "unavailable",
      "ListShards did not end",
    ]);
  });
});

describe("the first refresh after a place was given up", () => {
  const setUpLeft = async (shards: number) => {
    const world = setUpReading({ shards });
    const { clock, reader, poll, count, setPlan } = world;
    await clock.advance(MINUTE_MS);
    await poll(fenceAt(clock.now()));
    reader.reader.leave();
    await clock.advance(20 * MINUTE_MS);
    count();
    setPlan(() => ({ answerMs: 50 }));
    return world;
  };

  test("takes the iterators of the shards it knew while they are listed: two round trips", async () => {
    const { clock, poll, count, write } = await setUpLeft(4);
    const fence = fenceAt(clock.now());
    write("since");
    const beganAtMs = clock.now();
    const result = await poll(fence);
    expect([result.outcome, idsOf(result), clock.now() - beganAtMs, count()]).toEqual([
      "caught-up",
      ["since"],
      100,
      { listShards: 1, getShardIterator: 4, getRecords: 4 },
    ]);
  });

  test("reads the shards there are by then, not those it knew", async () => {
    const { clock, stream, poll, write, count } = await setUpLeft(2);
    const [closed = "", kept = ""] = stream.openShardIds();
    stream.split(closed);
    await clock.advance(MINUTE_MS);
    const fence = fenceAt(clock.now());
    for (let n = 0; n < 9; n++) write(n);
    const result = await poll(fence);
    expect([result.outcome, idsOf(result).length, result.position.lanes]).toEqual(["caught-up", 9, 3]);
    // One more for the shard that was closed, and is not read.
    expect(count()).toEqual({ listShards: 1, getShardIterator: 4, getRecords: 3 });
    expect(stream.openShardIds()).toContain(kept);
    // Nor is it asked for again, once the iterators have grown old.
    await clock.advance(5 * MINUTE_MS);
    await poll(result.position);
    expect(count()).toEqual({ listShards: 1, getShardIterator: 3, getRecords: 3 });
  });

  test("does not wait for the iterator of a shard that is not listed any more", async () => {
    const { clock, stream, poll, setPlan } = await setUpLeft(2);
    const [closed = ""] = stream.openShardIds();
    stream.split(closed);
    await clock.advance(MINUTE_MS);
    // The one asked for first is that of the shard that was closed.
    setPlan(once(({ operation }) => operation === "getShardIterator", { hang: true }));
    const beganAtMs = clock.now();
    const result = await poll(fenceAt(beganAtMs));
    expect([result.outcome, result.position.lanes, clock.now() - beganAtMs]).toEqual(["caught-up", 3, 0]);
  });

  test("reads on where one of them cannot be had early", async () => {
    const { clock, poll, count, setPlan } = await setUpLeft(2);
    setPlan(once(({ operation }) => operation === "getShardIterator", { fail: "lost" }));
    const result = await poll(fenceAt(clock.now()));
    expect([result.outcome, count()]).toEqual(["caught-up", { listShards: 1, getShardIterator: 3, getRecords: 2 }]);
  });

  test("takes them anew when the listing shows that our clock has been set far ahead", async () => {
    const { clock, stream } = setUpReading();
    let aheadMs = 0;
    const ahead = {
      now: () => clock.now() + aheadMs,
      monotonic: () => clock.monotonic(),
      after: clock.after.bind(clock),
    };
    const calls: string[] = [];
    const api = stream.connect(({ operation }) => {
      calls.push(operation);
      return undefined;
    });
    const reader = readerOf(api, ahead, { clockMarginMs: 10_000 });
    await pollOn(reader, fenceAt(ahead.now()), 1_000);
    reader.reader.leave();
    aheadMs = 15_000;
    const fence = fenceAt(ahead.now());
    stream.put([{ data: encodeRecord({ keys: [keyOf("since")] }, 0), partitionKey: "p" }]);
    await clock.advance(7_000);
    calls.length = 0;
    const result = await pollOn(reader, fence, 1_000);
    expect([result.outcome, idsOf(result)]).toEqual(["caught-up", ["since"]]);
    expect(calls.filter((call) => call === "getShardIterator")).toHaveLength(2);
  });

  test("knows no shards after a place was lost", async () => {
    const { clock, reader, poll, count, setPlan } = await setUpLeft(1);
    await poll(fenceAt(clock.now()));
    setPlan(on("getRecords", { fail: "lost" }));
    expect((await poll(fenceAt(clock.now()))).outcome).toBe("lost");
    reader.reader.leave();
    setPlan(on("listShards", { fail: "throttled" }));
    count();
    await poll(fenceAt(clock.now()));
    expect(count()).toEqual({ listShards: 1 });
  });
});

describe("every later refresh", () => {
  test("is one GetRecords for each shard, all at once, and nothing else", async () => {
    const { clock, poll, count, write, setPlan } = setUpReading({ shards: 16 });
    const { position } = await poll(fenceAt(clock.now()));
    count();
    write("a", "b");
    setPlan(() => ({ answerMs: 40 }));
    const startedAtMs = clock.now();
    const result = await poll(position);
    expect([count(), idsOf(result).sort(), clock.now() - startedAtMs]).toEqual([{ getRecords: 16 }, ["a", "b"], 40]);
  });

  test("goes on from the iterator that an empty page gave, so that reading can go on for hours", async () => {
    const { clock, poll, count, write } = setUpReading();
    let { position } = await poll(fenceAt(clock.now()));
    count();
    for (let minutes = 0; minutes < 60; minutes += 3) {
      await clock.advance(3 * MINUTE_MS);
      ({ position } = await poll(position));
    }
    write("late");
    expect([idsOf(await poll(position)), count()]).toEqual([["late"], { getRecords: 21 }]);
  });

  test("reads no record again that was read before the iterators grew too old", async () => {
    const { clock, poll, write } = setUpReading();
    write("first");
    let { position } = await poll(fenceAt(clock.now()));
    await clock.advance(MINUTE_MS);
    ({ position } = await poll(position));
    await clock.advance(5 * MINUTE_MS);
    write("second");
    expect(idsOf(await poll(position))).toEqual(["second"]);
  });

  test("reads each record once", async () => {
    const { clock, poll, write } = setUpReading({ shards: 2 });
    let { position } = await poll(fenceAt(clock.now()));
    const seen: (string | undefined)[] = [];
    for (let round = 0; round < 5; round++) {
      write(`a${round}`, `b${round}`);
      const result = await poll(position);
      seen.push(...idsOf(result));
      position = result.position;
    }
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4].flatMap((n) => [`a${n}`, `b${n}`]).sort());
  });
});

describe("records", () => {
  test("that cannot be understood do not stop the stream", async () => {
    const { clock, stream, poll, write } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    write("before");
    stream.put([{ data: new Uint8Array([1, 2, 3]), partitionKey: "x" }]);
    write("after");
    const result = await poll(position);
    expect([result.outcome, result.invalidations.map(({ all }) => all), idsOf(result)]).toEqual([
      "caught-up",
      [false, true, false],
      ["before", "after"],
    ]);
  });

  test("are handed on page by page: of a backlog no more than a page is held", async () => {
    const { clock, stream, poll, write } = setUpReading({ pageRecords: 4 });
    const { position } = await poll(fenceAt(clock.now()));
    write(...Array.from({ length: 10 }, (_, index) => index));
    let handedOn = 0;
    const before: number[] = [];
    const watched = stream.connect(() => void before.push(handedOn));
    const { reader } = readerOf(watched, clock, { clockMarginMs: 10_000 });
    const target = { isOwn: () => false, apply: () => handedOn++, read: () => undefined, startOver: () => undefined };
    const limits = { timeoutMs: 1_000, repeatAfterMs: 500, abandonment: new Abandonment() };
    const start = { proven: { atMs: position.provenAtMs, monotonicMs: clock.monotonic() }, holdOffMs: 0 };
    const result = await readOn(reader, clock, start, limits, target);
    // A list, an iterator, and three pages.
    expect([result.outcome, before, handedOn]).toEqual(["caught-up", [0, 0, 0, 4, 8], 10]);
  });

  test("read before the deadline are handed on and not read again; nothing is handed on after it", async () => {
    const { clock, poll, write, setPlan } = setUpReading({ pageRecords: 4 });
    let { position } = await poll(fenceAt(clock.now()));
    write(...Array.from({ length: 10 }, (_, index) => index));
    let calls = 0;
    setPlan(() => (++calls > 2 ? { hang: true } : undefined));
    const cut = await poll(position, 100);
    setPlan(() => undefined);
    ({ position } = cut);
    const rest = await poll(position);
    expect([cut.outcome, cut.records, idsOf(cut)]).toEqual(["incomplete", 8, ["0", "1", "2", "3", "4", "5", "6", "7"]]);
    expect([rest.outcome, rest.records, idsOf(rest)]).toEqual(["caught-up", 2, ["8", "9"]]);
  });

  test("of very many ids are handed on in parts", async () => {
    const { clock, stream, poll } = setUpReading();
    const keys = Array.from({ length: 2_500 }, (_, index) => keyOf(index));
    stream.put([{ data: encodeRecord({ keys, sources: ["s"] }, 0), partitionKey: "x" }]);
    const { invalidations, records } = await poll(fenceAt(clock.now()));
    expect([records, Math.max(...invalidations.map((part) => part.keys.length))]).toEqual([1, 250]);
    expect(invalidations.flatMap((part) => part.keys)).toEqual(keys);
    expect(invalidations.flatMap((part) => part.sources)).toEqual(["s"]);
  });

  test("are read by the user's decoder, if there is one", async () => {
    const { clock, poll, write } = setUpReading({}, { decode: () => ({ sources: ["decoded"] }) });
    write("a");
    const result = await poll(fenceAt(clock.now()));
    expect(result.invalidations).toEqual([{ keys: [], sources: ["decoded"], all: false }]);
  });

  test("in great number give way to others now and then, all shards together", async () => {
    const { clock, stream } = setUpReading({ shards: 2 });
    for (const batch of [0, 1]) {
      const keys = Array.from({ length: 300 }, (_, n) => keyOf(batch * 300 + n));
      stream.put(keys.map((key) => ({ data: encodeRecord({ keys: [key] }, 0), partitionKey: key })));
    }
    let elapsedMs = 0;
    // Every look at the clock takes 2 ms: decoding is slow.
    const slow = {
      now: () => clock.now(),
      monotonic: () => (elapsedMs += 2),
      after: (ms: number, callback: () => void) => clock.after(ms, callback),
    };
    const reader = readerOf(stream.connect(), slow, { clockMarginMs: 10_000 });
    const polling = pollOn(reader, fenceAt(clock.now()), 1_000);
    await settled();
    let yields = 0;
    while (clock.pendingTimers > 2 && (await clock.next())) yields++;
    expect((await polling).invalidations.length).toBe(600);
    // Some 900 us of work by its own estimate: 9 looks at the clock, of which every second finds 3 ms gone.
    expect(yields).toBeGreaterThanOrEqual(3);
    expect(yields).toBeLessThanOrEqual(9);
  });

  test("of a page that was cut off are read on: the place moves past those that were taken, and no others", async () => {
    const { clock, stream } = setUpReading();
    const fence = fenceAt(clock.now());
    stream.put(
      Array.from({ length: 300 }, (_, n) => ({ data: encodeRecord({ keys: [keyOf(n)] }, 0), partitionKey: "x" })),
    );
    let stepMs = 3;
    let elapsedMs = 0;
    const slow = {
      now: () => clock.now(),
      monotonic: () => (elapsedMs += stepMs),
      after: (ms: number, callback: () => void) => clock.after(ms, callback),
    };
    const reader = readerOf(stream.connect(), slow, { clockMarginMs: 10_000 });
    const abandonment = new Abandonment();
    const polling = pollOn(reader, fence, 1_000, abandonment);
    await settled();
    abandonment.abandon("late");
    const cut = await polling;
    while (await clock.next());
    const taken = idsOf(cut).length;
    expect([taken > 0, taken < 300, cut.outcome]).toEqual([true, true, "incomplete"]);
    stepMs = 0;
    const rest = await pollOn(reader, fence, 1_000);
    expect([...idsOf(cut), ...idsOf(rest)]).toEqual(Array.from({ length: 300 }, (_, n) => `${n}`));
  });

  test("of which not even one can be read to its end in a reading count as everything: the next gets further", async () => {
    const { clock, stream } = setUpReading();
    const fence = fenceAt(clock.now());
    const keys = Array.from({ length: 2_500 }, (_, n) => keyOf(n));
    stream.put([{ data: encodeRecord({ keys }, 0), partitionKey: "x" }]);
    stream.put([{ data: encodeRecord({ keys: [keyOf("after")] }, 0), partitionKey: "x" }]);
    let elapsedMs = 0;
    const slow = {
      now: () => clock.now(),
      monotonic: () => (elapsedMs += 3),
      after: (ms: number, callback: () => void) => clock.after(ms, callback),
    };
    const reader = readerOf(stream.connect(), slow, { clockMarginMs: 10_000 });
    const abandonment = new Abandonment();
    const polling = pollOn(reader, fence, 1_000, abandonment);
    await settled();
    abandonment.abandon("late");
    const cut = await polling;
    await settled();
    while (await clock.next());
    expect([cut.outcome, cut.invalidations.at(-1)?.all]).toEqual(["incomplete", true]);
    expect(idsOf(await pollOn(reader, fence, 1_000))).toEqual(["after"]);
  });

  test("of a page too slow to arrive are asked for in fewer pieces, until one does", async () => {
    const { clock, stream, poll } = setUpReading();
    const fence = fenceAt(clock.now());
    stream.put(
      Array.from({ length: 400 }, (_, n) => ({ data: encodeRecord({ keys: [keyOf(n)] }, 0), partitionKey: "x" })),
    );
    await poll(fence);
    stream.put(
      Array.from({ length: 400 }, (_, n) => ({ data: encodeRecord({ keys: [keyOf(400 + n)] }, 0), partitionKey: "x" })),
    );
    // A network that brings a record in 4 ms, and gives up after a second.
    const api = stream.connect();
    const thin: StreamApi = {
      listShards: (request, signal) => api.listShards(request, signal),
      getShardIterator: (shardId, from, signal) => api.getShardIterator(shardId, from, signal),
      getRecords: async (iterator, limit, signal) => {
        const page = await api.getRecords(iterator, limit, signal);
        await new Promise<void>((resolve) => clock.after(4 * page.records.length, resolve));
        return page;
      },
      putRecords: (records, signal) => api.putRecords(records, signal),
    };
    const reader = readerOf(thin, clock, { clockMarginMs: 10_000 });
    const seen: unknown[] = [];
    for (let readings = 0; readings < 12; readings++) {
      const polling = pollOn(reader, fence, 1_000);
      await clock.advance(1_000);
      const result = await polling;
      seen.push(...idsOf(result));
      if (result.outcome === "caught-up") break;
    }
    expect(seen).toEqual(Array.from({ length: 800 }, (_, n) => `${n}`));
  });
});
