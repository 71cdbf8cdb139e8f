/**
 * What the protocol relies on Kinesis doing, as one suite. It is run on the in-memory stream and, through the real
 * client, on the embedded Kinesis, so that tests and simulation cannot pass on a model that is wrong.
 * It asserts only what holds of the real service too.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { LogFailure } from "../../src/core/log.js";
import { describeLostPositions, describeResharding } from "./resharding.contract.js";
import {
  decode,
  encode,
  failureOf,
  never,
  next,
  onlyShard,
  put,
  readFrom,
  type StreamService,
  type StreamUnderTest,
  shardIds,
} from "./stream-under-test.js";

export function describeStreamApi(name: string, service: StreamService): void {
  describe(`the four calls on ${name}`, () => {
    beforeAll(() => service.start());
    afterAll(() => service.stop());
    describe("ListShards", () => describeListing(service));
    describe("PutRecords", () => describePuts(service));
    describe("GetShardIterator and GetRecords", () => describeReading(service));
    describe("a shard that ends", () => describeResharding(service));
    describe("a position that means nothing any more", () => describeLostPositions(service));
  });
}

function describeListing(service: StreamService): void {
  test("names every shard, and the server's clock in whole seconds", async () => {
    const stream = await service.createStream(3);
    const page = await stream.api.listShards({}, never);
    expect(page.shards).toHaveLength(3);
    expect(page.shards.every(({ parentShardIds }) => parentShardIds.length === 0)).toBe(true);
    expect(page.nextToken).toBeUndefined();
    if (page.serverTimeMs !== undefined) {
      expect(page.serverTimeMs % 1_000).toBe(0);
      expect(Math.abs(page.serverTimeMs - stream.nowMs())).toBeLessThan(5_000);
    }
  });

  test("names a closed shard only if it was open at the time asked for", async () => {
    const stream = await service.createStream(1);
    const parent = await onlyShard(stream);
    await stream.pass(1_500);
    const whileOpenMs = stream.nowMs();
    await stream.pass(1_500);
    await stream.split(parent);
    await stream.pass(2_500);
    const afterwards = await shardIds(stream, stream.nowMs() - 1_000);
    expect(await shardIds(stream, whileOpenMs)).toHaveLength(3);
    expect(await shardIds(stream)).toHaveLength(3);
    expect(afterwards).toHaveLength(2);
    expect(afterwards).not.toContain(parent);
  });
}

function describePuts(service: StreamService): void {
  test("answers for each record in the order given, with an open shard and a rising sequence number", async () => {
    const stream = await service.createStream(2);
    const texts = Array.from({ length: 40 }, (_, index) => `record ${index}`);
    const outcomes = await stream.api.putRecords(
      texts.map((text) => ({ data: encode(text), partitionKey: text })),
      never,
    );
    const open = await shardIds(stream);
    const pages = new Map(await Promise.all(open.map(async (id) => [id, decode(await readFrom(stream, id))] as const)));
    const lastOf = new Map<string, bigint>();
    for (const [index, outcome] of outcomes.entries()) {
      if (!outcome.written) throw new Error(outcome.reason);
      expect(pages.get(outcome.shardId)).toContain(texts[index]);
      expect(BigInt(outcome.sequenceNumber)).toBeGreaterThan(lastOf.get(outcome.shardId) ?? -1n);
      lastOf.set(outcome.shardId, BigInt(outcome.sequenceNumber));
    }
    expect(outcomes).toHaveLength(texts.length);
    expect(lastOf.size).toBe(2);
  });

  test("never says of a record over 1 MiB that it was written", async () => {
    const stream = await service.createStream(1);
    const records = [{ data: new Uint8Array(1_048_577), partitionKey: "large" }];
    const written = await stream.api.putRecords(records, never).then(
      (outcomes) => outcomes.some((outcome) => outcome.written),
      (error: unknown) => !(error instanceof LogFailure),
    );
    expect(written).toBe(false);
    expect((await readFrom(stream, await onlyShard(stream))).records).toHaveLength(0);
  });
}

function describeReading(service: StreamService): void {
  let stream: StreamUnderTest;
  let shardId: string;
  beforeEach(async () => {
    stream = await service.createStream(1);
    shardId = await onlyShard(stream);
  });

  test("returns what was put at once, in order, and says when the tip is reached", async () => {
    await put(stream, "a", "b", "c");
    const page = await readFrom(stream, shardId);
    expect(decode(page)).toEqual(["a", "b", "c"]);
    expect(page).toMatchObject({ millisBehindLatest: 0, childShardIds: [] });
    expect(page.nextIterator).toBeDefined();
  });

  test("an empty page's iterator reads what is put later, and again when it is used again", async () => {
    const empty = await readFrom(stream, shardId);
    expect(empty).toMatchObject({ records: [], millisBehindLatest: 0 });
    await put(stream, "later");
    expect(decode(await stream.api.getRecords(next(empty), undefined, never))).toEqual(["later"]);
    expect(decode(await stream.api.getRecords(next(empty), undefined, never))).toEqual(["later"]);
  });

  test("a chain of iterators misses nothing that is put between the reads", async () => {
    let page = await readFrom(stream, shardId);
    const read: string[] = [];
    const expected = Array.from({ length: 20 }, (_, index) => `record ${index}`);
    for (const text of expected) {
      await put(stream, text);
      page = await stream.api.getRecords(next(page), undefined, never);
      read.push(...decode(page));
    }
    expect(read).toEqual(expected);
  });

  test("a timestamp starts at the first record that arrived then or later", async () => {
    await put(stream, "before");
    await stream.pass(50);
    const timestampMs = stream.nowMs();
    await stream.pass(50);
    await put(stream, "after");
    const iterator = await stream.api.getShardIterator(shardId, timestampMs, never);
    expect(decode(await stream.api.getRecords(iterator, undefined, never))).toEqual(["after"]);
  });

  test("a timestamp after the last record reads what is put from now on", async () => {
    await put(stream, "before");
    await stream.pass(50);
    const timestampMs = stream.nowMs() - 10;
    const iterator = await stream.api.getShardIterator(shardId, timestampMs, never);
    await put(stream, "after");
    expect(decode(await stream.api.getRecords(iterator, undefined, never))).toEqual(["after"]);
  });

  test("a timestamp before the stream existed starts at its oldest record", async () => {
    await put(stream, "oldest");
    const start = stream.nowMs() - 86_400_000;
    const iterator = await stream.api.getShardIterator(shardId, start, never);
    expect(decode(await stream.api.getRecords(iterator, undefined, never))).toEqual(["oldest"]);
  });

  test("a timestamp in the future is refused", async () => {
    await put(stream, "a");
    const start = stream.nowMs() + 60_000;
    expect((await failureOf(stream.api.getShardIterator(shardId, start, never))).kind).toBe("lost");
  });

  test("a page holds no more records than were asked for, and the rest comes with the next", async () => {
    await put(stream, "a", "b", "c");
    const iterator = await stream.api.getShardIterator(shardId, undefined, never);
    const page = await stream.api.getRecords(iterator, 2, never);
    const rest = await stream.api.getRecords(page.nextIterator ?? "", 2, never);
    expect([page.records.length, rest.records.length, rest.millisBehindLatest]).toEqual([2, 1, 0]);
  });

  test("a call whose signal has aborted rejects as unavailable", async () => {
    const iterator = await stream.api.getShardIterator(shardId, undefined, never);
    expect((await failureOf(stream.api.getRecords(iterator, undefined, AbortSignal.abort()))).kind).toBe("unavailable");
  });
}
