/** Reading the stream: every rule by which no record is skipped, and what each refresh costs. */
import { describe, expect, test } from "@jest/globals";
import { encodeRecord } from "../../../src/core/invalidation-record.js";
import type { Poll } from "../../../src/core/poll-run.js";
import { fenceAt, type Position } from "../../../src/core/position.js";
import { type ReaderOptions, StreamReader } from "../../../src/core/reader.js";
import { type RecordsPage, type StreamApi, StreamFailure } from "../../../src/core/stream-api.js";
import type { CallPlan, StreamCall } from "../../../src/testing/call-plan.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryStream, type MemoryStreamOptions } from "../../../src/testing/memory-stream.js";

const MINUTE_MS = 60_000;
const never = new AbortController().signal;
const key = (id: string | number) => `id=${id}&s=s&t=data.ID`;

function setUp(streamOptions: Partial<MemoryStreamOptions> = {}, readerOptions: Partial<ReaderOptions> = {}) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, ...streamOptions });
  const calls: StreamCall[] = [];
  let plan: (call: StreamCall) => CallPlan | undefined = () => undefined;
  const api = stream.connect((call) => {
    calls.push(call);
    return plan(call);
  });
  const reader = new StreamReader(api, clock, { clockMarginMs: 10_000, ...readerOptions });
  let written = 0;
  const write = (...ids: (string | number)[]) =>
    stream.put(ids.map((id) => ({ data: encodeRecord({ keys: [key(id)] }, 0), partitionKey: `${written++} ${id}` })));
  const poll = async (from: Position, timeoutMs = 1_000, signal = never): Promise<Poll> => {
    let poll: Poll | undefined;
    const done = reader.poll(from, timeoutMs, signal).then((result) => {
      poll = result;
    });
    await settled();
    while (poll === undefined && (await clock.next()));
    await done;
    if (poll === undefined) throw new Error("the poll did not end");
    return poll;
  };
  const count = () => {
    const counts: Record<string, number> = {};
    for (const { operation } of calls.splice(0)) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  };
  return { clock, stream, api, calls, reader, write, poll, count, setPlan: (next: typeof plan) => (plan = next) };
}

const idsOf = (poll: Poll) =>
  poll.invalidations.flatMap(({ keys }) => keys).map((text) => /^id=([^&]*)/.exec(text)?.[1]);
const on = (operation: StreamCall["operation"], given: CallPlan) => (call: StreamCall) =>
  call.operation === operation ? given : undefined;
/** The plan once, for the first call that matches. */
const once = (matches: (call: StreamCall) => boolean, given: CallPlan) => {
  let used = false;
  return (call: StreamCall) => {
    if (used || !matches(call)) return undefined;
    used = true;
    return given;
  };
};

describe("the first refresh, from a fence", () => {
  test("reads what was written since the fence, and what the margin before it holds", async () => {
    const { clock, write, poll } = setUp({ shards: 3 });
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
    const { clock, poll, count } = setUp({ shards: 4 });
    const { calls, position } = await poll(fenceAt(clock.now()));
    expect([count(), calls, position.kind]).toEqual([
      { listShards: 1, getShardIterator: 4, getRecords: 4 },
      9,
      "cursors",
    ]);
  });

  test("reads a shard that was closed since the fence, and its children", async () => {
    const { clock, stream, write, poll } = setUp();
    await clock.advance(MINUTE_MS);
    const fence = fenceAt(clock.now());
    await clock.advance(1_000);
    write("parent");
    stream.split(stream.openShardIds()[0] ?? "");
    write("child 1", "child 2", "child 3", "child 4");
    await clock.advance(30_000);
    const result = await poll(fence);
    expect(new Set(idsOf(result))).toEqual(new Set(["parent", ...[1, 2, 3, 4].map((n) => `child+${n}`)]));
    expect([result.outcome, result.position.kind === "cursors" && result.position.shards.size]).toEqual([
      "caught-up",
      2,
    ]);
  });

  test("reads every page of a long list of shards", async () => {
    const { clock, poll, count } = setUp({ shards: 25, pageShards: 10 });
    const { position } = await poll(fenceAt(clock.now()));
    expect([count().listShards, position.kind === "cursors" && position.shards.size]).toEqual([3, 25]);
  });

  test("proves what was published before it began, by our clock", async () => {
    const { clock, poll, setPlan } = setUp();
    setPlan(() => ({ answerMs: 50 }));
    await clock.advance(5_000);
    const beganAtMs = clock.now();
    const { position } = await poll(fenceAt(beganAtMs - 3_000));
    expect([position.provenAtMs, clock.now() - beganAtMs]).toEqual([beganAtMs, 150]);
  });

  test("of a clock that runs ahead asks for no moment in the service's future, and misses nothing", async () => {
    const { clock, stream, write } = setUp();
    const ahead = {
      now: () => clock.now() + 3_600_000,
      monotonic: () => clock.monotonic(),
      after: clock.after.bind(clock),
    };
    const fence = fenceAt(ahead.now());
    write("since");
    stream.split(stream.openShardIds()[0] ?? "");
    await clock.advance(20_000);
    const result = await new StreamReader(stream.connect(), ahead, { clockMarginMs: 10_000 }).poll(fence, 1_000, never);
    expect([result.outcome, idsOf(result)]).toEqual(["caught-up", ["since"]]);
  });

  test("lists again when the answer shows a clock so far ahead that a closed shard may be missing, and only then", async () => {
    for (const [aheadMs, lists] of [
      [4_000, 1],
      [8_000, 2],
    ] as const) {
      const { clock, stream } = setUp();
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
      await new StreamReader(api, ahead, { clockMarginMs: 10_000 }).poll(fenceAt(ahead.now()), 1_000, never);
      expect(listed).toBe(lists);
    }
  });

  test("a stream that names no shard was not read", async () => {
    const { clock, api } = setUp();
    const empty: StreamApi = { ...api, listShards: async () => ({ shards: [] }) } as unknown as StreamApi;
    const result = await new StreamReader(empty, clock, { clockMarginMs: 0 }).poll(fenceAt(clock.now()), 1_000, never);
    expect([result.outcome, result.position.kind, result.failure?.message]).toEqual([
      "incomplete",
      "fence",
      "ListShards named no shard",
    ]);
  });

  test("a list without end was not read", async () => {
    const { clock } = setUp();
    const endless = { listShards: async () => ({ shards: [], nextToken: "more" }) } as unknown as StreamApi;
    const result = await new StreamReader(endless, clock, { clockMarginMs: 0 }).poll(
      fenceAt(clock.now()),
      1_000,
      never,
    );
    expect([result.outcome, result.calls, result.failure?.kind]).toEqual(["incomplete", 100, "unavailable"]);
  });
});

describe("every later refresh", () => {
  test("is one GetRecords for each shard, all at once, and nothing else", async () => {
    const { clock, poll, count, write, setPlan } = setUp({ shards: 16 });
    const { position } = await poll(fenceAt(clock.now()));
    count();
    write("a", "b");
    setPlan(() => ({ answerMs: 40 }));
    const startedAtMs = clock.now();
    const result = await poll(position);
    expect([count(), idsOf(result).sort(), clock.now() - startedAtMs]).toEqual([{ getRecords: 16 }, ["a", "b"], 40]);
  });

  test("goes on from the iterator that an empty page gave, so that reading can go on for hours", async () => {
    const { clock, poll, count, write } = setUp();
    let { position } = await poll(fenceAt(clock.now()));
    count();
    for (let minutes = 0; minutes < 60; minutes += 3) {
      await clock.advance(3 * MINUTE_MS);
      ({ position } = await poll(position));
    }
    write("late");
    expect([idsOf(await poll(position)), count()]).toEqual([["late"], { getRecords: 21 }]);
  });

  test("reads each record once", async () => {
    const { clock, poll, write } = setUp({ shards: 2 });
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

describe("the tip", () => {
  test("is not an empty page with lag: reading goes on", async () => {
    const { clock, poll, write, setPlan } = setUp();
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
    const { clock, poll, write } = setUp({ pageRecords: 3 });
    const { position } = await poll(fenceAt(clock.now()));
    write(...Array.from({ length: 20 }, (_, index) => index));
    const result = await poll(position);
    expect([result.outcome, idsOf(result)]).toEqual([
      "caught-up",
      Array.from({ length: 20 }, (_, index) => `${index}`),
    ]);
  });

  test("is not an answer that does not say how far behind it is", async () => {
    const { clock } = setUp();
    const page: RecordsPage = {
      records: [],
      nextIterator: "n",
      childShardIds: [],
      millisBehindLatest: Number.POSITIVE_INFINITY,
    };
    const mute = {
      listShards: async () => ({ shards: [{ shardId: "s", parentShardIds: [] }] }),
      getShardIterator: async () => "i",
      getRecords: async () => page,
    } as unknown as StreamApi;
    const result = await new StreamReader(mute, clock, { clockMarginMs: 0 }).poll(fenceAt(clock.now()), 1_000, never);
    expect([result.outcome, result.lagMs, result.calls]).toEqual(["incomplete", 0, 102]);
  });

  test("a shard further behind than 100 pages goes on where it was left, and the cache is not proven", async () => {
    const { clock, poll, write } = setUp({ pageRecords: 1 });
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
    const { clock, stream, poll, write, count } = setUp();
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
    expect(result.position.kind === "cursors" && [...result.position.shards.keys()]).toEqual(stream.openShardIds());
  });

  test("leads through grandchildren that have ended, too", async () => {
    const { clock, stream, poll, write } = setUp();
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
    const { clock, stream, poll, write, count } = setUp({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    const [low = "", high = ""] = stream.openShardIds();
    const child = stream.merge(low, high);
    write("in the child");
    count();
    const result = await poll(position);
    expect([idsOf(result), count()]).toEqual([["in+the+child"], { getRecords: 3, getShardIterator: 1 }]);
    expect(result.position.kind === "cursors" && [...result.position.shards.keys()]).toEqual([child]);
  });

  test("of one parent of a merge now and of the other later skips nothing", async () => {
    const { clock, stream, poll, write, setPlan } = setUp({ shards: 2 });
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
    const { clock, stream, api, write } = setUp();
    const nameless: StreamApi = {
      listShards: (request, signal) => api.listShards(request, signal),
      getShardIterator: (shardId, start, signal) => api.getShardIterator(shardId, start, signal),
      getRecords: async (iterator, signal) => ({ ...(await api.getRecords(iterator, signal)), childShardIds: [] }),
      putRecords: (records, signal) => api.putRecords(records, signal),
    };
    const reader = new StreamReader(nameless, clock, { clockMarginMs: 10_000 });
    const { position } = await reader.poll(fenceAt(clock.now()), 1_000, never);
    stream.split(stream.openShardIds()[0] ?? "");
    write("a", "b", "c");
    const result = await reader.poll(position, 1_000, never);
    expect([result.outcome, idsOf(result).sort()]).toEqual(["caught-up", ["a", "b", "c"]]);
  });

  test("that nothing continues is a lost position", async () => {
    const { clock, stream, api } = setUp();
    const { position } = await new StreamReader(api, clock, { clockMarginMs: 0 }).poll(
      fenceAt(clock.now()),
      1_000,
      never,
    );
    const childless: StreamApi = {
      ...stream.connect(),
      listShards: async () => ({ shards: [{ shardId: "unrelated", parentShardIds: [] }] }),
      getRecords: async () => ({ records: [], childShardIds: [], millisBehindLatest: 0 }),
    } as unknown as StreamApi;
    const result = await new StreamReader(childless, clock, { clockMarginMs: 0 }).poll(position, 1_000, never);
    expect([result.outcome, result.failure?.kind]).toEqual(["lost", "lost"]);
  });
});

describe("iterators", () => {
  test("older than four minutes are taken anew at the last proof less the margin, and nothing is skipped", async () => {
    const { clock, poll, write, count } = setUp();
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

  test("that have expired before their time are taken anew, once", async () => {
    const { clock, poll, write, count, setPlan } = setUp();
    const { position } = await poll(fenceAt(clock.now()));
    write("a");
    count();
    setPlan(once((call) => call.operation === "getRecords", { fail: "expired" }));
    const result = await poll(position);
    expect([result.outcome, idsOf(result), count()]).toEqual([
      "caught-up",
      ["a"],
      { getRecords: 2, getShardIterator: 1 },
    ]);
    setPlan(on("getRecords", { fail: "expired" }));
    const stubborn = await poll(position);
    expect([stubborn.outcome, stubborn.failure?.kind]).toEqual(["incomplete", "expired"]);
  });

  test("of a child that was never proven are taken anew at its beginning", async () => {
    const { clock, stream, poll, write, setPlan } = setUp();
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

  test("that were taken but not used when the time ran out are used by the next refresh", async () => {
    const { clock, poll, count, setPlan } = setUp();
    setPlan(on("getRecords", { hang: true }));
    const { position, outcome } = await poll(fenceAt(clock.now()));
    setPlan(() => undefined);
    count();
    const next = await poll(position);
    expect([outcome, next.outcome, count()]).toEqual(["incomplete", "caught-up", { getRecords: 1 }]);
  });

  test("of a stream that was created anew since are found out after a pause, whatever its shards are called", async () => {
    const { clock, stream, poll, write } = setUp({ shards: 1 });
    const { position } = await poll(fenceAt(clock.now()));
    await clock.advance(4 * MINUTE_MS);
    stream.recreate(3);
    write(...Array.from({ length: 12 }, (_, index) => index));
    const result = await poll(position);
    expect([result.outcome, result.invalidations.length]).toEqual(["caught-up", 12]);
  });

  test("that mean nothing to the stream any more lose the position", async () => {
    const { clock, stream, poll } = setUp({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    stream.recreate(2);
    const result = await poll(position);
    expect([result.outcome, result.failure?.kind]).toEqual(["lost", "lost"]);
  });
});

describe("failures", () => {
  test("on the way are met with one more call at once", async () => {
    const { clock, poll, count, setPlan } = setUp();
    const { position } = await poll(fenceAt(clock.now()));
    count();
    setPlan(once(() => true, { fail: "unavailable" }));
    expect([(await poll(position)).outcome, count()]).toEqual(["caught-up", { getRecords: 2 }]);
    setPlan(on("getRecords", { fail: "unavailable" }));
    expect([(await poll(position)).outcome, count()]).toEqual(["incomplete", { getRecords: 2 }]);
  });

  test.each(["throttled", "refused"] as const)("%s are not met with another call", async (kind) => {
    const { clock, poll, count, setPlan } = setUp();
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
    const { clock, stream, poll, write, setPlan } = setUp({ shards: 2 });
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
    const { clock, stream, poll, setPlan } = setUp({ shards: 2 });
    const { position } = await poll(fenceAt(clock.now()));
    const [first] = stream.openShardIds();
    setPlan((call) => ({ fail: call.shardId === first ? "throttled" : "lost" }));
    expect((await poll(position)).outcome).toBe("lost");
  });

  test("that the port does not know are met as failures on the way, and never thrown", async () => {
    const { clock, api } = setUp();
    const odd = { ...api, listShards: () => Promise.reject(new RangeError("odd")) } as unknown as StreamApi;
    const result = await new StreamReader(odd, clock, { clockMarginMs: 0 }).poll(fenceAt(clock.now()), 1_000, never);
    expect([result.outcome, result.calls, result.failure?.message]).toEqual(["incomplete", 2, "RangeError: odd"]);
    expect(result.failure).toBeInstanceOf(StreamFailure);
  });
});

describe("the deadline", () => {
  test("ends the poll with what was read by then, and a position that is exactly that far", async () => {
    const { clock, stream, poll, write, setPlan } = setUp({ shards: 2 });
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
    const { clock, api, poll, setPlan } = setUp({ shards: 3 });
    setPlan(on("getShardIterator", { hang: true }));
    await poll(fenceAt(clock.now()), 500);
    expect([clock.pendingTimers, api.pendingCalls]).toEqual([0, 0]);
  });

  test("is kept although the client ignores being aborted, and late answers change nothing", async () => {
    const { clock, api } = setUp();
    const { position } = await new StreamReader(api, clock, { clockMarginMs: 0 }).poll(
      fenceAt(clock.now()),
      1_000,
      never,
    );
    let answer: (page: RecordsPage) => void = () => undefined;
    const deaf = {
      getRecords: () => new Promise<RecordsPage>((resolve) => (answer = resolve)),
    } as unknown as StreamApi;
    const polling = new StreamReader(deaf, clock, { clockMarginMs: 0 }).poll(position, 500, never);
    await clock.advance(500);
    const result = await polling;
    const before = JSON.stringify([
      result.invalidations,
      ...(result.position.kind === "cursors" ? result.position.shards : []),
    ]);
    answer({
      records: [{ data: encodeRecord({ keys: [key(1)] }, 0) }],
      nextIterator: "late",
      childShardIds: [],
      millisBehindLatest: 0,
    });
    await settled();
    const after = JSON.stringify([
      result.invalidations,
      ...(result.position.kind === "cursors" ? result.position.shards : []),
    ]);
    expect([result.outcome, after, clock.pendingTimers]).toEqual(["incomplete", before, 0]);
  });

  test("at half time gives a call that was not answered a second chance", async () => {
    const { clock, poll, setPlan, write } = setUp();
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

  test("comes at once when nobody waits any more", async () => {
    const { clock, api, reader, setPlan } = setUp();
    setPlan(() => ({ hang: true }));
    const abort = new AbortController();
    const fence = fenceAt(clock.now());
    const polling = reader.poll(fence, 1_000, abort.signal);
    await settled();
    abort.abort();
    const result = await polling;
    expect([result.outcome, result.position, clock.pendingTimers, api.pendingCalls]).toEqual([
      "incomplete",
      fence,
      0,
      0,
    ]);
    const never = await reader.poll(fence, 1_000, abort.signal);
    expect([never.outcome, clock.pendingTimers, api.pendingCalls]).toEqual(["incomplete", 0, 0]);
  });
});

describe("records", () => {
  test("that cannot be understood do not stop the stream", async () => {
    const { clock, stream, poll, write } = setUp();
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

  test("are read by the user's decoder, if there is one", async () => {
    const { clock, poll, write } = setUp({}, { decode: () => ({ sources: ["decoded"] }) });
    write("a");
    const result = await poll(fenceAt(clock.now()));
    expect(result.invalidations).toEqual([{ keys: [], sources: ["decoded"], all: false }]);
  });

  test("in great number give way to others now and then, and stop at the deadline", async () => {
    const { clock, stream } = setUp();
    stream.put(
      Array.from({ length: 100 }, (_, n) => ({ data: encodeRecord({ keys: [key(n)] }, 0), partitionKey: "x" })),
    );
    let elapsedMs = 0;
    // Every look at the clock takes 2 ms: decoding is slow.
    const slow = {
      now: () => clock.now(),
      monotonic: () => (elapsedMs += 2),
      after: (ms: number, callback: () => void) => clock.after(ms, callback),
    };
    const polling = new StreamReader(stream.connect(), slow, { clockMarginMs: 10_000 }).poll(
      fenceAt(clock.now()),
      1_000,
      never,
    );
    await settled();
    let yields = 0;
    while (clock.pendingTimers > 2 && (await clock.next())) yields++;
    expect([(await polling).invalidations.length, yields]).toEqual([100, 33]);
  });
});
