/** Publishing: resolved only when every record was acknowledged, and otherwise every id named that may be missing. */
import { describe, expect, test } from "@jest/globals";
import { PublishError } from "../../../../src/errors.js";
import type { RecordToPut, StreamApi } from "../../../../src/kinesis/stream-api.js";
import { ManualClock } from "../../../../src/testing/manual-clock.js";
import { bigKeys, key, publisherOf, setUpPublishing } from "../../support/publishing.js";

/** The stream's name, and the last sequence number written to each shard. */
const readToken = (token = "") => JSON.parse(Buffer.from(token, "base64url").toString()) as [string, ...string[][]];

describe("publish resolves", () => {
  test("with a token that names the last record written to each shard, in characters that fit a URL", async () => {
    const { publish, stream } = setUpPublishing(4);
    const { token } = await publish({ keys: bigKeys(20) });
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    const last = stream.shards().flatMap((shard) => {
      const record = shard.read(0, 100).at(-1);
      return record === undefined ? [] : [[shard.id, record.sequenceNumber]];
    });
    expect(readToken(token)).toEqual(["orders", ...last]);
  });

  test("when nothing was to be said, without a call", async () => {
    const { publish, calls } = setUpPublishing();
    expect(readToken((await publish({})).token)).toEqual(["orders"]);
    expect(calls).toEqual([]);
  });

  test("with one call for what fits one", async () => {
    const { publish, calls, held } = setUpPublishing();
    const keys = Array.from({ length: 5_000 }, (_, index) => key(`${index}`));
    await publish({ keys, sources: ["db.users"], all: true });
    expect(calls.map((call) => call.operation)).toEqual(["putRecords"]);
    expect(held()).toEqual(keys);
  });

  test("after trying again what was not written, and only that", async () => {
    const { publish, calls, held, plan } = setUpPublishing();
    const keys = bigKeys(10);
    plan({ rejectRecord: (index) => index % 3 === 0 }, { rejectRecord: (index) => index === 0 }, {});
    const { token } = await publish({ keys });
    expect(calls.map((call) => call.records)).toEqual([10, 4, 1]);
    expect(held().sort()).toEqual([...keys].sort());
    expect(readToken(token)).toHaveLength(2);
  });

  test("after an answer was lost on the way, by publishing all of it twice", async () => {
    const { publish, held, plan } = setUpPublishing();
    plan({ loseAnswer: "reject" }, {});
    const { token } = await publish({ keys: [key("1")] });
    expect(held()).toEqual([key("1"), key("1")]);
    expect(readToken(token)).toHaveLength(2);
  });

  test("after a call that was never answered, which gets three seconds", async () => {
    const { publish, plan, api, calls } = setUpPublishing();
    plan({ hang: true }, {});
    const { error, token } = await publish({ keys: [key("1")] });
    expect([error, readToken(token).length, api.pendingCalls]).toEqual([undefined, 2, 0]);
    expect(calls.map((call) => call.atMs)).toEqual([0, 3_000]);
  });

  test("W2: after what may succeed at once, such as a clock that was corrected: at once, but only the first time", async () => {
    const { publish, calls, plan } = setUpPublishing();
    plan({ fail: "unavailable" }, { fail: "unavailable" }, {});
    await publish({ keys: [key("1")] });
    expect(calls.map((call) => call.atMs)).toEqual([0, 0, 75]);
  });

  test("after waits that double and are spread by chance", async () => {
    const { publish, calls, plan } = setUpPublishing();
    plan({ fail: "throttled" }, { fail: "unavailable" }, { fail: "throttled" }, {});
    await publish({ keys: [key("1")] });
    const [first = 0, ...later] = calls.map((call) => call.atMs);
    expect(later.map((atMs) => atMs - first)).toEqual([37.5, 112.5, 262.5]);
  });
});

describe("publish rejects", () => {
  test("when some records are never written, and names their ids and no others", async () => {
    const { publish, held, plan, calls } = setUpPublishing();
    const keys = bigKeys(3);
    plan({ rejectRecord: (index) => index === 2 }, { rejectRecord: () => true });
    const { error } = await publish({ keys });
    expect(error).toBeInstanceOf(PublishError);
    expect(error).toMatchObject({ code: "PUBLISH_FAILED", ids: [keys[2]], sources: [], everything: false });
    expect(held()).toEqual(keys.slice(0, 2));
    expect(calls).toHaveLength(6);
  });

  test("naming ids, sources and everything, the stream and the reason", async () => {
    const { publish, plan } = setUpPublishing();
    plan({ fail: "refused" });
    const { error } = await publish({ keys: [key("1")], sources: ["db.users"], all: true });
    expect(error).toMatchObject({ ids: [key("1")], sources: ["db.users"], everything: true });
    expect((error as Error).message).toBe(
      'scache: could not confirm 3 invalidations on "orders" (see error.ids, error.sources, error.everything): putRecords: refused',
    );
  });

  test.each(["refused", "lost"] as const)("at once when %s, which no retry can mend", async (kind) => {
    const { publish, plan, calls, clock } = setUpPublishing();
    plan({ fail: kind });
    const { error } = await publish({ keys: [key("1")] });
    expect([calls.length, clock.pendingTimers, (error as PublishError).cause]).toEqual([
      1,
      0,
      expect.objectContaining({ kind }),
    ]);
  });

  test("before any call when an id is too long for any record, and names all that was not published", async () => {
    const { publish, calls } = setUpPublishing();
    const tooLong = key("x".repeat(2 ** 20));
    const { error } = await publish({ keys: [key("1"), tooLong] });
    expect([calls, (error as PublishError).ids]).toEqual([[], [key("1"), tooLong]]);
    expect((error as Error).message).toMatch(/\d+ bytes are too many for one record/);
    expect((error as Error).message.length).toBeLessThan(2_000);
  });

  test("when its time is up, whatever call or wait is under way then", async () => {
    for (const [stuck, timeoutMs, attempts] of [
      [{ hang: true }, 500, 1],
      [{ fail: "throttled" }, 60, 2],
    ] as const) {
      const { publish, plan, clock, api, calls } = setUpPublishing();
      plan(stuck);
      const { error } = await publish({ keys: [key("1")] }, timeoutMs);
      expect(error).toBeInstanceOf(PublishError);
      expect([clock.pendingTimers, api.pendingCalls, calls.length]).toEqual([0, 0, attempts]);
    }
  });

  test("at once when the next attempt would come after its time is up", async () => {
    const { publish, plan, calls } = setUpPublishing();
    plan({ fail: "throttled" });
    const { error } = await publish({ keys: [key("1")] }, 37.5);
    expect([error instanceof PublishError, calls.length]).toEqual([true, 1]);
  });

  test("when its time is up with requests still to be made, which are not waited for", async () => {
    const { publish, plan, clock, api } = setUpPublishing();
    plan({ hang: true });
    const { error } = await publish({ keys: bigKeys(4_600) }, 500);
    expect((error as PublishError).ids).toHaveLength(4_600);
    expect([clock.pendingTimers, api.pendingCalls]).toEqual([0, 0]);
  }, 10_000);

  test("when its time is up although the client ignores being aborted, and leaves nothing behind", async () => {
    const clock = new ManualClock();
    const deaf = { putRecords: () => new Promise(() => undefined) } as unknown as StreamApi;
    const failed = expect(publisherOf(deaf, clock).publish({ keys: [key("1")] }, 500)).rejects.toMatchObject({
      cause: { kind: "unavailable", message: "PutRecords was not answered" },
    });
    await clock.advance(500);
    await failed;
    expect(clock.pendingTimers).toBe(0);
  });

  test("with the refusal as its cause, though another request failed as well", async () => {
    const { publish, plan } = setUpPublishing();
    plan({ fail: "refused" }, { requestMs: 5, rejectRecord: () => true });
    const { error } = await publish({ keys: bigKeys(600) });
    expect((error as PublishError).cause).toMatchObject({ kind: "refused" });
    expect((error as PublishError).ids).toHaveLength(600);
  });

  test("with the refusal as its cause, though another request failed on the way after it", async () => {
    const { publish, plan } = setUpPublishing();
    plan({ fail: "refused" }, { answerMs: 5, fail: "unavailable" });
    const { error } = await publish({ keys: bigKeys(600) });
    expect((error as PublishError).cause).toMatchObject({ kind: "refused" });
  });

  test("with what Kinesis said of the record that it did not take", async () => {
    const { publish, plan } = setUpPublishing();
    plan({ rejectRecord: () => true });
    const { error } = await publish({ keys: [key("1")] });
    expect((error as PublishError).cause).toMatchObject({
      kind: "throttled",
      message: "ProvisionedThroughputExceededException",
    });
  });
});

describe("never is a record taken for written without its own acknowledgement", () => {
  const answering = (answer: (records: readonly RecordToPut[]) => unknown) => {
    const clock = new ManualClock();
    const api = { putRecords: async (records: readonly RecordToPut[]) => answer(records) } as unknown as StreamApi;
    const published = publisherOf(api, clock).publish({ keys: bigKeys(3) }, 60_000);
    return { clock, published };
  };
  const written = { written: true, shardId: "shard", sequenceNumber: "1" } as const;

  test.each([
    ["an answer that names fewer records", (records: readonly RecordToPut[]) => records.slice(1).map(() => written)],
    ["an answer that names none", () => []],
    ["an answer with a hole in it", () => [undefined, written, written]],
  ])("%s", async (_what, answer) => {
    const { clock, published } = answering(answer);
    const failed = expect(published).rejects.toThrow("no outcome was given");
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
