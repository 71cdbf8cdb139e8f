/** How a poll ends: with failures, at its deadline, or because nobody waits, and always exactly as far as it read. */
import { describe, expect, test } from "@jest/globals";
import type { Clock } from "../../../../src/core/clock.js";
import { Abandonment } from "../../../../src/core/coherence/abandonment.js";
import {
  type ReadingLimits,
  type ReadingStart,
  type ReadingTarget,
  readOn,
} from "../../../../src/core/coherence/reading.js";
import { LogFailure, type LogReader, type Reading } from "../../../../src/core/log.js";
import { encodeRecord, type Invalidation } from "../../../../src/core/record.js";
import type { RecordsPage, StreamApi } from "../../../../src/kinesis/stream-api.js";
import { ManualClock, settled } from "../../../../src/testing/manual-clock.js";
import { fenceAt, idsOf, keyOf, MINUTE_MS, on, once, pollOn, readerOf, setUpReading } from "../../support/reading.js";

describe("failures", () => {
  test("on the way are met with one more call at once", async () => {
    const { clock, poll, count, setPlan } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    count();
    setPlan(once(() => true, { fail: "unavailable" }));
    expect([(await poll(position)).outcome, count()]).toEqual(["caught-up", { getRecords: 2 }]);
    setPlan(on("getRecords", { fail: "unavailable" }));
    expect([(await poll(position)).outcome, count()]).toEqual(["incomplete", { getRecords: 2 }]);
  });

  test.each(["throttled", "refused"] as const)("%s are not met with another call", async (kind) => {
    const { clock, poll, count, setPlan } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    count();
    setPlan(() => ({ fail: kind }));
    const result = await poll(position);
    expect([result.outcome, result.failure?.kind, result.throttles, count()]).toEqual([
      "incomplete",
      kind,
      kind === "throttled" ? 1 : 0,
      { getRecords: 1 },
    ]);
  });

  test("of one shard do not undo what was read of the others", async () => {
    const { clock, stream, poll, write, setPlan } = setUpReading({ shards: 2 });
    const first = await poll(fenceAt(clock.now()));
    const [failing] = stream.openShardIds();
    write(...Array.from({ length: 20 }, (_, index) => index));
    await clock.advance(1_000);
    setPlan((call) => (call.shardId === failing ? { fail: "throttled" } : undefined));
    const second = await poll(first.position);
    setPlan(() => undefined);
    const third = await poll(second.position);
    expect([second.position.provenAtMs, third.outcome]).toEqual([first.position.provenAtMs, "caught-up"]);
    expect([...idsOf(second), ...idsOf(third)].sort()).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`).sort());
    expect(second.invalidations.length).toBeGreaterThan(0);
  });

  test("that lose the position are told before any other", async () => {
    const { clock, stream, poll, setPlan } = setUpReading({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    const [first] = stream.openShardIds();
    setPlan((call) => ({ fail: call.shardId === first ? "throttled" : "lost" }));
    expect((await poll(position)).outcome).toBe("lost");
  });

  test("of several shards are told by the first of them", async () => {
    const { clock, stream, poll, setPlan } = setUpReading({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    const [first] = stream.openShardIds();
    setPlan((call) => (call.shardId === first ? { fail: "refused" } : { fail: "throttled", requestMs: 10 }));
    expect((await poll(position)).failure?.kind).toBe("refused");
  });

  test("that the port does not know are met as failures on the way, and never thrown", async () => {
    const { clock, api } = setUpReading();
    const odd = { ...api, listShards: () => Promise.reject(new RangeError("odd")) } as unknown as StreamApi;
    const result = await pollOn(readerOf(odd, clock, { clockMarginMs: 0 }), fenceAt(clock.now()), 1_000);
    expect([result.outcome, result.calls, result.failure?.message]).toEqual(["incomplete", 2, "odd"]);
    expect(result.failure).toBeInstanceOf(LogFailure);
    expect(result.failure).toMatchObject({ kind: "unavailable", cause: expect.any(RangeError) });
  });

  test("of the listing alone do not undo what was read of the shards that are known", async () => {
    const { clock, poll, write, setPlan } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    await clock.advance(5 * MINUTE_MS);
    write("a");
    setPlan(on("listShards", { fail: "throttled" }));
    const without = await poll(position);
    setPlan(() => undefined);
    const result = await poll(without.position);
    expect([idsOf(without), result.outcome, idsOf(result)]).toEqual([["a"], "caught-up", []]);
  });

  test("are not told where there were none", async () => {
    const { clock, poll, setPlan } = setUpReading();
    const result = await poll(fenceAt(clock.now()));
    setPlan(() => ({ hang: true }));
    const cut = await poll(result.position, 500);
    expect([result.outcome, cut.outcome]).toEqual(["caught-up", "incomplete"]);
    expect([result.failure, cut.failure]).toEqual([undefined, undefined]);
  });
});

describe("the deadline", () => {
  test("ends the poll with what was read by then, and a position that is exactly that far", async () => {
    const { clock, stream, poll, write, setPlan } = setUpReading({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    write(...Array.from({ length: 20 }, (_, index) => index));
    const [hanging] = stream.openShardIds();
    setPlan((call) => (call.shardId === hanging ? { hang: true } : undefined));
    const startedAtMs = clock.now();
    const cut = await poll(position, 500);
    expect([cut.outcome, cut.failure, clock.now() - startedAtMs]).toEqual(["incomplete", undefined, 500]);
    setPlan(() => undefined);
    const rest = await poll(cut.position);
    expect([...idsOf(cut), ...idsOf(rest)].sort()).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`).sort());
  });

  test("leaves no call and no timer behind", async () => {
    const { clock, api, poll, setPlan } = setUpReading({ shards: 3 });
    setPlan(on("getShardIterator", { hang: true }));
    await poll(fenceAt(clock.now()), 500);
    expect([clock.pendingTimers, api.pendingCalls]).toEqual([0, 0]);
  });

  test("is kept although the client ignores being aborted, and late answers change nothing", async () => {
    const { clock, api } = setUpReading();
    const { position } = await pollOn(readerOf(api, clock, { clockMarginMs: 0 }), fenceAt(clock.now()), 1_000);
    let answer: (page: RecordsPage) => void = () => undefined;
    const deaf = {
      getRecords: () => new Promise<RecordsPage>((resolve) => (answer = resolve)),
    } as unknown as StreamApi;
    const polling = pollOn(readerOf(deaf, clock, { clockMarginMs: 0 }), position, 500);
    await clock.advance(500);
    const result = await polling;
    const before = JSON.stringify(result.invalidations);
    answer({
      records: [{ data: encodeRecord({ keys: [keyOf(1)] }, 0) }],
      nextIterator: "late",
      childShardIds: [],
      millisBehindLatest: 0,
    });
    await settled();
    const after = JSON.stringify(result.invalidations);
    expect([result.outcome, after, clock.pendingTimers]).toEqual(["incomplete", before, 0]);
  });

  test("at half time gives a call that was not answered a second chance", async () => {
    const { clock, poll, setPlan, write } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    write("a");
    setPlan(once(() => true, { hang: true }));
    const startedAtMs = clock.now();
    const result = await poll(position, 1_000);
    expect([result.outcome, idsOf(result), clock.now() - startedAtMs, result.calls]).toEqual([
      "caught-up",
      ["a"],
      500,
      2,
    ]);
  });

  test("gives the second chance earlier, if whoever waits has less time", async () => {
    const { clock, reader, poll, setPlan, write } = setUpReading();
    const { position } = await poll(fenceAt(clock.now()));
    write("a");
    setPlan(once(() => true, { hang: true }));
    const polling = pollOn(reader, position, 1_000, undefined, 50);
    await clock.advance(50);
    expect([idsOf(await polling), clock.pendingTimers]).toEqual([["a"], 0]);
  });

  test("comes at once when nobody waits any more", async () => {
    const { clock, api, reader, setPlan } = setUpReading();
    setPlan(() => ({ hang: true }));
    const abandonment = new Abandonment();
    const fence = fenceAt(clock.now());
    const polling = pollOn(reader, fence, 1_000, abandonment);
    await settled();
    abandonment.abandon("late");
    const result = await polling;
    expect([result.outcome, result.position.lanes, clock.pendingTimers, api.pendingCalls]).toEqual([
      "incomplete",
      0,
      0,
      0,
    ]);
    const never = await pollOn(reader, fence, 1_000, abandonment);
    expect([never.outcome, clock.pendingTimers, api.pendingCalls]).toEqual(["incomplete", 0, 0]);
  });
});

/** A reading whose reader does nothing by itself: the test does all of it. */
function start(
  told: Partial<ReadingTarget> = {},
  given: Partial<ReadingLimits & ReadingStart & { clock: Clock }> = {},
) {
  const { clock = new ManualClock(), timeoutMs = 1_000, abandonment = new Abandonment() } = given;
  const { proven = { atMs: 0, monotonicMs: 0 }, holdOffMs = 0 } = given;
  let lent: Reading | undefined;
  let finish: (failure?: Error) => void = () => undefined;
  const reader = {
    lanes: 1,
    read: (reading: Reading) => {
      lent = reading;
      return new Promise<void>((resolve, reject) => {
        finish = (failure) => (failure === undefined ? resolve() : reject(failure));
      });
    },
  } as unknown as LogReader;
  const silent = { isOwn: () => false, apply: () => undefined, read: () => undefined, startOver: () => undefined };
  const limits = { timeoutMs, repeatAfterMs: timeoutMs / 2, abandonment };
  const result = readOn(reader, clock, { proven, holdOffMs }, limits, { ...silent, ...told });
  if (lent === undefined) throw new Error("nothing was read");
  const reading: Reading = lent;
  const close = (failure?: Error) => {
    finish(failure);
    return result;
  };
  return { reading, result, close };
}

/** Records that each name one id, and one that names so many. */
const records = (count: number) =>
  Array.from({ length: count }, (_, id) => encodeRecord({ keys: [keyOf(id)] }, undefined));
const largeRecord = (ids: number) =>
  encodeRecord({ keys: Array.from({ length: ids }, (_, id) => keyOf(id)) }, undefined);

describe("what is taken", () => {
  test("is applied in its order, but for what this environment has written, and all of it is counted", async () => {
    const applied: string[] = [];
    const [first, own, last] = records(3) as [Uint8Array, Uint8Array, Uint8Array];
    const { reading, close } = start({
      isOwn: (record) => record === own,
      apply: ({ keys }) => applied.push(...keys),
    });
    expect(await reading.take([first, own, last])).toBe(3);
    expect([applied, (await close()).records]).toEqual([[keyOf(0), keyOf(2)], 3]);
  });

  test("after the end is nothing, and changes nothing", async () => {
    const told: string[] = [];
    const { reading, close } = start({
      apply: () => told.push("applied"),
      startOver: () => told.push("started over"),
    });
    await close();
    expect(await reading.take(records(2))).toBe(0);
    reading.placed();
    reading.lost(new LogFailure("lost", "gone"));
    expect(told).toEqual([]);
  });

  test("gives way to others time and again, within a large record, too", async () => {
    for (const [taken, leastTurns] of [
      [records(2_000), 5],
      [[largeRecord(20_000)], 20],
    ] as const) {
      const clock = new ManualClock();
      let [nowMs, turns] = [0, 0];
      const measured: Clock = {
        now: () => 0,
        monotonic: () => nowMs,
        after(delayMs, callback) {
          if (delayMs === 0) turns++;
          return clock.after(delayMs, callback);
        },
      };
      // Each part takes as much as a record of its size does.
      const perPartMs = taken.length > 1 ? 0.01 : 1;
      const { reading, close } = start({ apply: () => (nowMs += perPartMs) }, { clock: measured });
      const all = reading.take(taken);
      await clock.advance(0);
      for (let turn = 0; turn < 100; turn++) await clock.advance(0);
      expect(await all).toBe(taken.length);
      expect(turns).toBeGreaterThanOrEqual(leastTurns);
      await close();
    }
  });

  test("up to a record that the end came upon goes on there; where that is the first, it counts as one that changed everything", async () => {
    for (const before of [0, 1]) {
      const abandonment = new Abandonment();
      const applied: Invalidation[] = [];
      const apply = (one: Invalidation) => {
        applied.push(one);
        if (applied.length === before + 2) abandonment.abandon("late");
      };
      const { reading, result } = start({ apply }, { abandonment });
      expect(await reading.take([...records(before), largeRecord(2_000)])).toBe(1);
      expect([applied.length, applied.at(-1)?.all]).toEqual([3, before === 0]);
      expect(await result).toMatchObject({ outcome: "incomplete", records: 1 });
    }
  });
});

describe("a reading", () => {
  test.each([
    ["whose reader fails without saying why", () => Promise.reject(undefined), false],
    ["that nobody waits for any more when it begins", () => Promise.resolve(), true],
  ])("%s has not caught up", async (_what, read, isAbandoned) => {
    const reader = { lanes: 1, read } as unknown as LogReader;
    const limits = { timeoutMs: 1_000, repeatAfterMs: 500, abandonment: new Abandonment() };
    if (isAbandoned) limits.abandonment.abandon("late");
    const target = { isOwn: () => false, apply: () => undefined, read: () => undefined, startOver: () => undefined };
    const proven = { atMs: 0, monotonicMs: 0 };
    const result = await readOn(reader, new ManualClock(), { proven, holdOffMs: 0 }, limits, target);
    expect(result).toMatchObject({ outcome: "incomplete", failure: undefined });
  });

  test("goes on from what is proven, less the hold-off", async () => {
    const clock = new ManualClock();
    const proven = { atMs: clock.now(), monotonicMs: clock.monotonic() };
    await clock.advance(100);
    const { reading } = start({}, { clock, proven, holdOffMs: 300 });
    expect(reading.sinceMs).toBe(proven.atMs - 300);
  });

  test("tells how far behind the tip an answer was at most, where it did not get there", async () => {
    for (const isAtTip of [false, true]) {
      const { reading, close } = start();
      for (const ms of [3, 9, 5]) reading.behind(ms);
      if (!isAtTip) reading.fellShort();
      expect(await close()).toMatchObject({ lagMs: isAtTip ? 0 : 9, failure: undefined });
    }
  });
});

describe("the end of a reading", () => {
  test("is an incomplete one where the reader fails", async () => {
    const { close } = start();
    expect(await close(new Error("odd"))).toMatchObject({ outcome: "incomplete", failure: { message: "odd" } });
  });

  test("comes at once where the place is lost, and what is said later does not count", async () => {
    let startedOver = 0;
    const { reading, result } = start({ startOver: () => startedOver++ });
    reading.lost(new LogFailure("lost", "gone"));
    expect(reading.isOver).toBe(true);
    reading.lost(new LogFailure("lost", "gone again"));
    reading.behind(5);
    reading.fellShort(new LogFailure("throttled", "too many"));
    expect(await result).toMatchObject({
      outcome: "lost",
      failure: { message: "gone" },
      throttles: 0,
      lagMs: undefined,
    });
    expect(startedOver).toBe(1);
  });

  test("does not come with a place that was taken: what was loaded before is forgotten, and it goes on", async () => {
    let startedOver = 0;
    const { reading, close } = start({ startOver: () => startedOver++ });
    reading.placed();
    expect([startedOver, reading.isOver, (await close()).outcome]).toEqual([1, false, "caught-up"]);
  });
});

describe("a call", () => {
  const startCalling = (timeoutMs = 1_000) => {
    const clock = new ManualClock();
    const { reading, close } = start({}, { timeoutMs, clock });
    const attempts: { resolve: (answer: string) => void; reject: (error: Error) => void; signal: AbortSignal }[] = [];
    const call = () =>
      reading.call((signal) => new Promise<string>((resolve, reject) => attempts.push({ resolve, reject, signal })));
    return { clock, reading, attempts, call, close };
  };

  test("not answered by half time is made once more, and whichever answers first counts", async () => {
    for (const faster of [0, 1]) {
      const { clock, close, attempts, call } = startCalling();
      const answer = call();
      await clock.advance(500);
      expect(attempts).toHaveLength(2);
      attempts[faster]?.resolve("first to answer");
      attempts[1 - faster]?.resolve("too late");
      expect([await answer, (await close()).calls]).toEqual(["first to answer", 2]);
    }
  });

  test("made once more waits for the other attempt when one of them fails", async () => {
    const { clock, attempts, call } = startCalling();
    const answer = call();
    await clock.advance(500);
    attempts[0]?.reject(new LogFailure("unavailable", "reset"));
    await settled();
    expect(attempts).toHaveLength(2);
    attempts[1]?.resolve("answered");
    expect(await answer).toBe("answered");
  });

  test("that failed on the way before half time is not made a third time", async () => {
    const { clock, attempts, call } = startCalling();
    const answer = expect(call()).rejects.toThrow("again");
    attempts[0]?.reject(new LogFailure("unavailable", "once"));
    await clock.advance(500);
    expect(attempts).toHaveLength(2);
    attempts[1]?.reject(new LogFailure("unavailable", "again"));
    await answer;
  });

  test("answered before half time, or made after it, is made once", async () => {
    const { clock, attempts, call } = startCalling();
    const early = call();
    attempts[0]?.resolve("early");
    await early;
    await clock.advance(500);
    const late = call();
    await clock.advance(499);
    expect(attempts).toHaveLength(2);
    attempts[1]?.resolve("late");
    expect(await late).toBe("late");
  });

  test("under way at the end is aborted, and not made again for having failed of it", async () => {
    const { close, reading, attempts, call } = startCalling();
    const answer = expect(call()).rejects.toThrow("aborted");
    attempts[0]?.signal.addEventListener("abort", () => attempts[0]?.reject(new LogFailure("unavailable", "aborted")));
    expect([(await close()).calls, reading.isOver]).toEqual([1, true]);
    await answer;
    expect(attempts).toHaveLength(1);
  });

  test("is not made any more once the reading is over", async () => {
    const { close, attempts, call } = startCalling();
    await close();
    await expect(call()).rejects.toMatchObject({ kind: "unavailable", message: "the reading is over" });
    expect(attempts).toEqual([]);
  });
});
