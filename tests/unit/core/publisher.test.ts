/** Publishing: resolved only when every record was acknowledged, and otherwise every id named that may be missing. */
import { describe, expect, test } from "@jest/globals";
import { PARTITION_KEY_LENGTH } from "../../../src/core/batching.js";
import { dataId } from "../../../src/core/data-id.js";
import { decodeRecord, type RecordContent } from "../../../src/core/invalidation-record.js";
import { Publisher } from "../../../src/core/publisher.js";
import { type RecordToPut, type StreamApi, StreamFailure } from "../../../src/core/stream-api.js";
import { PublishError } from "../../../src/errors.js";
import type { CallPlan, StreamCall } from "../../../src/testing/call-plan.js";
import { ManualClock } from "../../../src/testing/manual-clock.js";
import { MemoryStream } from "../../../src/testing/memory-stream.js";

const key = (id: string) => dataId("s", id).toString();
/** Each fills a record of its own. */
const bigKeys = (count: number) => Array.from({ length: count }, (_, index) => key(`${index}-${"x".repeat(13_000)}`));

function setUp(shards = 1) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, shards });
  const calls: (StreamCall & { readonly atMs: number })[] = [];
  let plans: (CallPlan | ((call: StreamCall) => CallPlan))[] = [];
  const api = stream.connect((call) => {
    calls.push({ ...call, atMs: clock.monotonic() });
    const plan = plans.length > 1 ? plans.shift() : plans[0];
    return typeof plan === "function" ? plan(call) : plan;
  });
  const publisher = new Publisher(api, "orders", clock, () => 0.5);
  return {
    clock,
    stream,
    api,
    calls,
    /** What becomes of the calls to come, one after the other; the last plan stays. */
    plan: (...next: typeof plans) => (plans = next),
    publish: async (content: Partial<RecordContent>, timeoutMs = 60_000) => {
      const outcome = publisher.publish({ keys: [], ...content }, timeoutMs).then(
        (token) => ({ token, error: undefined }),
        (error: unknown) => ({ token: undefined, error }),
      );
      await clock.advance(timeoutMs);
      return outcome;
    },
    /** Every key that the stream holds, in each record that holds it. */
    held: () =>
      stream.shards().flatMap((shard) => shard.read(0, 10_000).flatMap(({ data }) => decodeRecord(data).keys)),
  };
}

const readToken = (token = "") => JSON.parse(Buffer.from(token, "base64url").toString()) as [string, string][];

describe("publish resolves", () => {
  test("with a token that names each record written, in characters that fit a URL", async () => {
    const { publish, stream } = setUp(4);
    const { token } = await publish({ keys: bigKeys(20) });
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    const written = stream
      .shards()
      .flatMap((shard) => shard.read(0, 100).map((record) => [shard.id, record.sequenceNumber]));
    expect(readToken(token).sort()).toEqual(written.sort());
    expect(new Set(readToken(token).map(([shardId]) => shardId)).size).toBe(1);
  });

  test("when nothing was to be said, without a call", async () => {
    const { publish, calls } = setUp();
    expect(readToken((await publish({})).token)).toEqual([]);
    expect(calls).toEqual([]);
  });

  test("with one call for what fits one", async () => {
    const { publish, calls, held } = setUp();
    const keys = Array.from({ length: 5_000 }, (_, index) => key(`${index}`));
    await publish({ keys, sources: ["db.users"], all: true });
    expect(calls.map((call) => call.operation)).toEqual(["putRecords"]);
    expect(held()).toEqual(keys);
  });

  test("after trying again what was not written, and only that", async () => {
    const { publish, calls, held, plan } = setUp();
    const keys = bigKeys(10);
    plan({ rejectRecord: (index) => index % 3 === 0 }, { rejectRecord: (index) => index === 0 }, {});
    const { token } = await publish({ keys });
    expect(calls.map((call) => call.records)).toEqual([10, 4, 1]);
    expect(held().sort()).toEqual([...keys].sort());
    expect(readToken(token)).toHaveLength(10);
  });

  test("after an answer was lost on the way, by publishing all of it twice", async () => {
    const { publish, held, plan } = setUp();
    plan({ loseAnswer: "reject" }, {});
    const { token } = await publish({ keys: [key("1")] });
    expect(held()).toEqual([key("1"), key("1")]);
    expect(readToken(token)).toHaveLength(1);
  });

  test("after a call that was never answered, which gets three seconds", async () => {
    const { publish, plan, api } = setUp();
    plan({ hang: true }, {});
    const { error, token } = await publish({ keys: [key("1")] });
    expect([error, readToken(token).length, api.pendingCalls]).toEqual([undefined, 1, 0]);
  });

  test("after waits that double and are spread by chance", async () => {
    const { publish, calls, plan } = setUp();
    plan({ fail: "throttled" }, { fail: "unavailable" }, { fail: "throttled" }, {});
    await publish({ keys: [key("1")] });
    const [first = 0, ...later] = calls.map((call) => call.atMs);
    expect(later.map((atMs) => atMs - first)).toEqual([37.5, 112.5, 262.5]);
  });
});

describe("publish rejects", () => {
  test("when some records are never written, and names their ids and no others", async () => {
    const { publish, held, plan, calls } = setUp();
    const keys = bigKeys(3);
    plan({ rejectRecord: (index) => index === 2 }, { rejectRecord: () => true });
    const { error } = await publish({ keys });
    expect(error).toBeInstanceOf(PublishError);
    expect(error).toMatchObject({ code: "PUBLISH_FAILED", ids: [keys[2]], sources: [], everything: false });
    expect(held()).toEqual(keys.slice(0, 2));
    expect(calls).toHaveLength(6);
  });

  test("naming ids, sources and everything, the stream and the reason", async () => {
    const { publish, plan } = setUp();
    plan({ fail: "refused" });
    const { error } = await publish({ keys: [key("1")], sources: ["db.users"], all: true });
    expect(error).toMatchObject({ ids: [key("1")], sources: ["db.users"], everything: true });
    expect((error as Error).message).toBe(
      `scache: may not have been published to stream "orders": ${key("1")}, db.users, everything: putRecords: refused`,
    );
  });

  test.each(["refused", "lost"] as const)("at once when %s, which no retry can mend", async (kind) => {
    const { publish, plan, calls, clock } = setUp();
    plan({ fail: kind });
    const { error } = await publish({ keys: [key("1")] });
    expect([calls.length, clock.pendingTimers, (error as PublishError).cause]).toEqual([
      1,
      0,
      expect.objectContaining({ kind }),
    ]);
  });

  test("before any call when an id is too long for any record, and names all that was not published", async () => {
    const { publish, calls } = setUp();
    const tooLong = key("x".repeat(2 ** 20));
    const { error } = await publish({ keys: [key("1"), tooLong] });
    expect([calls, (error as PublishError).ids]).toEqual([[], [key("1"), tooLong]]);
    expect((error as Error).message).toMatch(/larger than a Kinesis record may be/);
    expect((error as Error).message.length).toBeLessThan(2_000);
  });

  test("when its time is up, whatever call or wait is under way then", async () => {
    for (const [stuck, timeoutMs] of [
      [{ hang: true }, 500],
      [{ fail: "throttled" }, 60],
    ] as const) {
      const { publish, plan, clock, api } = setUp();
      plan(stuck);
      const { error } = await publish({ keys: [key("1")] }, timeoutMs);
      expect(error).toBeInstanceOf(PublishError);
      expect([clock.pendingTimers, api.pendingCalls]).toEqual([0, 0]);
    }
  });

  test("at once when the next attempt would come after its time is up", async () => {
    const { publish, plan, calls } = setUp();
    plan({ fail: "throttled" });
    const { error } = await publish({ keys: [key("1")] }, 37.5);
    expect([error instanceof PublishError, calls.length]).toEqual([true, 1]);
  });

  test("when its time is up although the client ignores being aborted, and leaves nothing behind", async () => {
    const clock = new ManualClock();
    const deaf = { putRecords: () => new Promise(() => undefined) } as unknown as StreamApi;
    const failed = expect(
      new Publisher(deaf, "orders", clock, () => 0.5).publish({ keys: [key("1")] }, 500),
    ).rejects.toThrow("not answered in time");
    await clock.advance(500);
    await failed;
    expect(clock.pendingTimers).toBe(0);
  });

  test("with the refusal as its cause, though another request failed as well", async () => {
    const { publish, plan } = setUp();
    plan({ fail: "refused" }, { requestMs: 5, rejectRecord: () => true });
    const { error } = await publish({ keys: bigKeys(600) });
    expect((error as PublishError).cause).toMatchObject({ kind: "refused" });
    expect((error as PublishError).ids).toHaveLength(600);
  });
});

describe("never is a record taken for written without its own acknowledgement", () => {
  const answering = (answer: (records: readonly RecordToPut[]) => unknown) => {
    const clock = new ManualClock();
    const api = { putRecords: async (records: readonly RecordToPut[]) => answer(records) } as unknown as StreamApi;
    const published = new Publisher(api, "orders", clock, () => 0.5).publish({ keys: bigKeys(3) }, 60_000);
    return { clock, published };
  };
  const written = { written: true, shardId: "shard", sequenceNumber: "1" } as const;

  test.each([
    ["an answer that names fewer records", (records: readonly RecordToPut[]) => records.slice(1).map(() => written)],
    ["an answer that names none", () => []],
    ["an answer with a hole in it", () => [undefined, written, written]],
  ])("%s", async (_what, answer) => {
    const { clock, published } = answering(answer);
    const failed = expect(published).rejects.toThrow("no outcome was given for the record");
    await clock.advance(60_000);
    await failed;
  });

  test("an error that is none of the port's", async () => {
    const { clock, published } = answering(() => {
      throw new TypeError("a fault of the client's own");
    });
    const failed = expect(published.catch((error: PublishError) => error.ids.length)).resolves.toBe(3);
    await clock.advance(60_000);
    await failed;
  });
});

describe("requests", () => {
  test("go out eight at a time", async () => {
    const { publish, plan, api, calls } = setUp();
    let most = 0;
    plan(() => {
      most = Math.max(most, api.pendingCalls + 1);
      return { answerMs: 100 };
    });
    await publish({ keys: bigKeys(4_600) }, 10_000);
    const inFirstWave = calls.filter((call) => call.atMs === 0).length;
    expect([most, inFirstWave, calls.length]).toEqual([8, 8, 10]);
    expect(calls.reduce((sum, call) => sum + (call.records ?? 0), 0)).toBe(4_600);
  });

  test("carry partition keys spread by chance, no longer than their records leave room for", async () => {
    const keys: string[] = [];
    const api = {
      putRecords: async (records: readonly RecordToPut[]) => {
        keys.push(...records.map((record) => record.partitionKey));
        throw new StreamFailure("refused", "no");
      },
    } as unknown as StreamApi;
    let chance = 0;
    const publisher = new Publisher(api, "orders", new ManualClock(), () => (chance = (chance + 0.137) % 1));
    await expect(publisher.publish({ keys: bigKeys(50) }, 1_000)).rejects.toThrow(PublishError);
    expect(new Set(keys).size).toBe(50);
    expect(Math.max(...keys.map((text) => text.length))).toBeLessThanOrEqual(PARTITION_KEY_LENGTH);
  });
});
