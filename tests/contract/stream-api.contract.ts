/**
 * What the protocol relies on Kinesis doing, as one suite. It is run on the in-memory stream and, through the real
 * client, on the embedded Kinesis, so that tests and simulation cannot pass on a model that is wrong.
 * It asserts only what holds of the real service too.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type RecordsPage, type StreamApi, StreamFailure } from "../../src/core/stream-api.js";

/** One stream of its own, and what a test must be able to do to it besides the four calls. */
export interface StreamUnderTest {
  readonly api: StreamApi;
  /** The same service, a stream that is not there. */
  readonly missing: StreamApi;
  nowMs(): number;
  /** Lets time pass for the service. */
  pass(ms: number): Promise<void>;
  split(shardId: string): Promise<void>;
  merge(shardId: string, otherShardId: string): Promise<void>;
  /** Deletes the stream and creates it again under the same name. */
  recreate(): Promise<void>;
  /** The same iterator as it is when the service handed it out more than five minutes ago. */
  expire(iterator: string): Promise<string>;
}

export interface StreamService {
  start(): Promise<void>;
  stop(): Promise<void>;
  createStream(shards: number): Promise<StreamUnderTest>;
}

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

const never = new AbortController().signal;
const encode = (text: string) => new TextEncoder().encode(text);
const decode = (page: RecordsPage) => page.records.map(({ data }) => new TextDecoder().decode(data));

/** Puts the texts one after another, so that they have an order. */
async function put(stream: StreamUnderTest, ...texts: string[]): Promise<string[]> {
  const shardIds: string[] = [];
  for (const text of texts) {
    const [outcome] = await stream.api.putRecords([{ data: encode(text), partitionKey: text }], never);
    if (!outcome?.written) throw new Error(`not written: ${outcome?.reason}`);
    shardIds.push(outcome.shardId);
  }
  return shardIds;
}

async function shardIds(stream: StreamUnderTest, fromTimestampMs?: number): Promise<string[]> {
  const request = fromTimestampMs === undefined ? {} : { fromTimestampMs };
  return (await stream.api.listShards(request, never)).shards.map(({ shardId }) => shardId);
}

async function onlyShard(stream: StreamUnderTest): Promise<string> {
  const [shardId] = await shardIds(stream);
  if (shardId === undefined) throw new Error("no shard");
  return shardId;
}

async function readFrom(stream: StreamUnderTest, shardId: string): Promise<RecordsPage> {
  return stream.api.getRecords(await stream.api.getShardIterator(shardId, { at: "trim-horizon" }, never), never);
}

function next(page: RecordsPage): string {
  if (page.nextIterator === undefined) throw new Error("the shard has ended");
  return page.nextIterator;
}

async function failureOf(promise: Promise<unknown>): Promise<StreamFailure> {
  const error = await promise.then(
    () => new Error("resolved"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StreamFailure)) throw error;
  return error;
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
      (error: unknown) => !(error instanceof StreamFailure),
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
    expect(decode(await stream.api.getRecords(next(empty), never))).toEqual(["later"]);
    expect(decode(await stream.api.getRecords(next(empty), never))).toEqual(["later"]);
  });

  test("a chain of iterators misses nothing that is put between the reads", async () => {
    let page = await readFrom(stream, shardId);
    const read: string[] = [];
    const expected = Array.from({ length: 20 }, (_, index) => `record ${index}`);
    for (const text of expected) {
      await put(stream, text);
      page = await stream.api.getRecords(next(page), never);
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
    const iterator = await stream.api.getShardIterator(shardId, { at: "timestamp", timestampMs }, never);
    expect(decode(await stream.api.getRecords(iterator, never))).toEqual(["after"]);
  });

  test("a timestamp after the last record reads what is put from now on", async () => {
    await put(stream, "before");
    await stream.pass(50);
    const timestampMs = stream.nowMs() - 10;
    const iterator = await stream.api.getShardIterator(shardId, { at: "timestamp", timestampMs }, never);
    await put(stream, "after");
    expect(decode(await stream.api.getRecords(iterator, never))).toEqual(["after"]);
  });

  test("a timestamp before the stream existed starts at its oldest record", async () => {
    await put(stream, "oldest");
    const start = { at: "timestamp", timestampMs: stream.nowMs() - 86_400_000 } as const;
    const iterator = await stream.api.getShardIterator(shardId, start, never);
    expect(decode(await stream.api.getRecords(iterator, never))).toEqual(["oldest"]);
  });

  test("a timestamp in the future is refused", async () => {
    await put(stream, "a");
    const start = { at: "timestamp", timestampMs: stream.nowMs() + 60_000 } as const;
    expect((await failureOf(stream.api.getShardIterator(shardId, start, never))).kind).toBe("lost");
  });

  test("a call whose signal has aborted rejects as unavailable", async () => {
    const iterator = await stream.api.getShardIterator(shardId, { at: "trim-horizon" }, never);
    expect((await failureOf(stream.api.getRecords(iterator, AbortSignal.abort()))).kind).toBe("unavailable");
  });
}

function describeResharding(service: StreamService): void {
  test("after a split is read to its end, names both children, and they hold all that came later", async () => {
    const stream = await service.createStream(1);
    const parent = await onlyShard(stream);
    await put(stream, "before");
    const early = await readFrom(stream, parent);
    await stream.split(parent);
    const later = Array.from({ length: 20 }, (_, index) => `after ${index}`);
    const landed = new Set(await put(stream, ...later));
    const end = await stream.api.getRecords(next(early), never);
    expect(end).toMatchObject({ records: [] });
    expect(end.nextIterator).toBeUndefined();
    expect(new Set(end.childShardIds)).toEqual(landed);
    const pages = await Promise.all(end.childShardIds.map((childId) => readFrom(stream, childId)));
    expect(pages.flatMap(decode).sort()).toEqual(later.sort());
    expect(pages.every((page) => page.millisBehindLatest === 0)).toBe(true);
  });

  test("a closed shard still gives its records, and its end with the last of them or after", async () => {
    const stream = await service.createStream(1);
    const parent = await onlyShard(stream);
    await put(stream, "a", "b");
    await stream.split(parent);
    let page = await readFrom(stream, parent);
    const read = decode(page);
    for (let pages = 0; page.nextIterator !== undefined && pages < 5; pages++) {
      page = await stream.api.getRecords(page.nextIterator, never);
      read.push(...decode(page));
    }
    expect(read).toEqual(["a", "b"]);
    expect(page.nextIterator).toBeUndefined();
    expect(page.childShardIds).toHaveLength(2);
  });

  test("both parents of a merge name the same child, and the listing names both as its parents", async () => {
    const stream = await service.createStream(2);
    const [first = "", second = ""] = await shardIds(stream);
    await stream.merge(first, second);
    const ends = await Promise.all([readFrom(stream, first), readFrom(stream, second)]);
    expect(ends[0].childShardIds).toHaveLength(1);
    expect(ends[1].childShardIds).toEqual(ends[0].childShardIds);
    const { shards } = await stream.api.listShards({}, never);
    const child = shards.find(({ shardId }) => shardId === ends[0].childShardIds[0]);
    expect(child?.parentShardIds.toSorted()).toEqual([first, second].sort());
  });
}

function describeLostPositions(service: StreamService): void {
  test("an iterator more than five minutes old has expired; a new one at a timestamp goes on", async () => {
    const stream = await service.createStream(1);
    const shardId = await onlyShard(stream);
    const beforeMs = stream.nowMs() - 1_000;
    const page = await readFrom(stream, shardId);
    await put(stream, "missed");
    const old = await stream.expire(next(page));
    expect((await failureOf(stream.api.getRecords(old, never))).kind).toBe("expired");
    const fresh = await stream.api.getShardIterator(shardId, { at: "timestamp", timestampMs: beforeMs }, never);
    expect(decode(await stream.api.getRecords(fresh, never))).toEqual(["missed"]);
  });

  test("no shard of that id, no stream of that name: lost", async () => {
    const stream = await service.createStream(1);
    const start = { at: "trim-horizon" } as const;
    const failures = await Promise.all([
      failureOf(stream.api.getShardIterator("shardId-000000000099", start, never)),
      failureOf(stream.missing.getShardIterator("shardId-000000000000", start, never)),
      failureOf(stream.missing.listShards({}, never)),
      failureOf(stream.missing.putRecords([{ data: encode("a"), partitionKey: "a" }], never)),
    ]);
    expect(failures.map(({ kind }) => kind)).toEqual(["lost", "lost", "lost", "lost"]);
  });

  test("a stream deleted and created again does not take the old iterators for its own", async () => {
    const stream = await service.createStream(2);
    const [, shardId = ""] = await shardIds(stream);
    const page = await readFrom(stream, shardId);
    await stream.recreate();
    expect((await failureOf(stream.api.getRecords(next(page), never))).kind).toBe("lost");
  });
}
