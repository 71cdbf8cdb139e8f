/** Answers that come after a poll has ended, from a client that ignores being aborted: they change nothing any more. */
import { expect, test } from "@jest/globals";
import type { StreamApi } from "../../../src/kinesis/stream-api.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { fenceAt, MINUTE_MS, pollOn, readerOf } from "../support/reading.js";

/** A stream of one shard. Its client answers the calls of one operation when it is told to, and all others at once. */
function setUpDeaf(first?: keyof StreamApi, page: () => object = () => ({ nextIterator: "n" })) {
  let late = first;
  const clock = new ManualClock();
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const call = (operation: keyof StreamApi, answer: () => unknown) => () => {
    asked.push(operation);
    return new Promise((resolve) => {
      if (operation === late) answers.push(() => resolve(answer()));
      else resolve(answer());
    });
  };
  const api = {
    listShards: call("listShards", () => ({ shards: [{ shardId: "A", parentShardIds: ["B"] }] })),
    getShardIterator: call("getShardIterator", () => "late"),
    getRecords: call("getRecords", () => ({ records: [], childShardIds: [], millisBehindLatest: 0, ...page() })),
  } as unknown as StreamApi;
  return {
    clock,
    asked,
    /** From now on the calls of this operation are answered when told to. */
    late: (operation: keyof StreamApi) => (late = operation),
    reader: readerOf(api, clock, { clockMarginMs: 0 }),
    answer: async () => {
      for (const answer of answers) answer();
      await settled();
    },
  };
}

test("a list of shards that comes late has no shard read", async () => {
  const { clock, asked, reader, answer } = setUpDeaf("listShards");
  const fence = fenceAt(clock.now());
  const polling = pollOn(reader, fence, 500);
  await clock.advance(500);
  const { outcome, position } = await polling;
  await answer();
  expect([outcome, position.lanes, asked]).toEqual(["incomplete", 0, ["listShards", "listShards"]]);
});

test("a list of shards that comes late adds none to the place", async () => {
  const { clock, reader, answer } = setUpDeaf("listShards");
  const polling = pollOn(reader, fenceAt(clock.now()), 500);
  await clock.advance(500);
  await polling;
  await answer();
  expect(reader.reader.lanes).toBe(0);
});

test("a list of shards that comes late does not replace a shard that has ended by its children", async () => {
  let ended = false;
  const { clock, asked, reader, answer, late } = setUpDeaf(undefined, () =>
    ended ? { nextIterator: undefined } : { nextIterator: "n" },
  );
  await pollOn(reader, fenceAt(clock.now()), 500);
  asked.length = 0;
  ended = true;
  late("listShards");
  const polling = pollOn(reader, fenceAt(clock.now()), 500);
  await clock.advance(500);
  const { outcome } = await polling;
  await answer();
  expect([outcome, asked]).toEqual(["incomplete", ["getRecords", "listShards", "listShards"]]);
  // The next reading begins with the shard that has ended.
  asked.length = 0;
  void pollOn(reader, fenceAt(clock.now()), 500);
  await settled();
  expect(asked).toEqual(["getRecords", "listShards"]);
  await clock.advance(500);
});

test("an iterator that comes late moves no cursor, and nothing is read with it", async () => {
  const { clock, asked, reader, answer } = setUpDeaf("getShardIterator");
  const fence = fenceAt(clock.now());
  await clock.advance(MINUTE_MS);
  const polling = pollOn(reader, fence, 500);
  await clock.advance(500);
  const { outcome } = await polling;
  await answer();
  expect([outcome, asked]).toEqual(["incomplete", ["listShards", "getShardIterator", "getShardIterator"]]);
  // The next reading takes one of its own.
  asked.length = 0;
  void pollOn(reader, fence, 500);
  await settled();
  expect(asked).toContain("getShardIterator");
  await clock.advance(500);
});
