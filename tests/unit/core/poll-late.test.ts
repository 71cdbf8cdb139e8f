/** Answers that come after a poll has ended, from a client that ignores being aborted: they change nothing any more. */
import { expect, test } from "@jest/globals";
import { fenceAt, type Position } from "../../../src/core/position.js";
import { createStreamReader } from "../../../src/core/reader.js";
import type { StreamApi } from "../../../src/core/stream-api.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MINUTE_MS, pollOn } from "../support/reading.js";

/** A stream of one shard. Its client answers the calls of one operation when it is told to, and all others at once. */
function setUpDeaf(late: keyof StreamApi, page: object = { nextIterator: "n" }) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const call = (operation: keyof StreamApi, answer: unknown) => () => {
    asked.push(operation);
    return new Promise((resolve) => {
      if (operation === late) answers.push(() => resolve(answer));
      else resolve(answer);
    });
  };
  const api = {
    listShards: call("listShards", { shards: [{ shardId: "A", parentShardIds: ["B"] }] }),
    getShardIterator: call("getShardIterator", "late"),
    getRecords: call("getRecords", { records: [], childShardIds: [], millisBehindLatest: 0, ...page }),
  } as unknown as StreamApi;
  return {
    clock,
    asked,
    reader: createStreamReader(api, clock, { clockMarginMs: 0 }),
    answer: async () => {
      for (const answer of answers) answer();
      await settled();
    },
  };
}

/** A position in one shard, with an iterator that is still good. */
function readUpTo(shardId: string, nowMs: number, complete: boolean): Position {
  const shards = new Map([[shardId, { iterator: "i", takenAtMs: nowMs, startMs: nowMs }]]);
  return { provenAtMs: nowMs, complete, shards };
}

test("a list of shards that comes late has no shard read", async () => {
  const { clock, asked, reader, answer } = setUpDeaf("listShards");
  const fence = fenceAt(clock.now());
  const polling = pollOn(reader, fence, 500);
  await clock.advance(500);
  const { outcome, position } = await polling;
  await answer();
  expect([outcome, position, asked]).toEqual(["incomplete", fence, ["listShards", "listShards"]]);
});

test("a list of shards that comes late adds none to the position that was handed out", async () => {
  const { clock, reader, answer } = setUpDeaf("listShards");
  const polling = pollOn(reader, readUpTo("B", clock.now(), false), 500);
  await clock.advance(500);
  const { outcome, position } = await polling;
  await answer();
  expect([outcome, [...position.shards.keys()]]).toEqual(["incomplete", ["B"]]);
});

test("a list of shards that comes late does not replace a shard that has ended by its children", async () => {
  const { clock, asked, reader, answer } = setUpDeaf("listShards", { nextIterator: undefined });
  const polling = pollOn(reader, readUpTo("B", clock.now(), true), 500);
  await clock.advance(500);
  const { outcome, position } = await polling;
  await answer();
  expect([outcome, [...position.shards.keys()]]).toEqual(["incomplete", ["B"]]);
  expect(asked).toEqual(["getRecords", "listShards", "listShards"]);
});

test("an iterator that comes late moves no cursor, and nothing is read with it", async () => {
  const { clock, asked, reader, answer } = setUpDeaf("getShardIterator");
  const fence = fenceAt(clock.now());
  await clock.advance(MINUTE_MS);
  const polling = pollOn(reader, fence, 500);
  await clock.advance(500);
  const { outcome, position } = await polling;
  const before = [...position.shards];
  await answer();
  expect([outcome, [...position.shards]]).toEqual(["incomplete", before]);
  expect(before).toEqual([["A", { takenAtMs: 0, startMs: fence.provenAtMs }]]);
  expect(asked).toEqual(["listShards", "getShardIterator", "getShardIterator"]);
});
