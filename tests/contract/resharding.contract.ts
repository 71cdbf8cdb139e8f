/** The part of the contract suite about shards that end, and about positions that mean nothing any more. */
import { expect, test } from "@jest/globals";
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
  shardIds,
} from "./stream-under-test.js";

export function describeResharding(service: StreamService): void {
  test("after a split is read to its end, names both children, and they hold all that came later", async () => {
    const stream = await service.createStream(1);
    const parent = await onlyShard(stream);
    await put(stream, "before");
    const early = await readFrom(stream, parent);
    await stream.split(parent);
    const later = Array.from({ length: 20 }, (_, index) => `after ${index}`);
    const landed = new Set(await put(stream, ...later));
    const end = await stream.api.getRecords(next(early), undefined, never);
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
      page = await stream.api.getRecords(page.nextIterator, undefined, never);
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

export function describeLostPositions(service: StreamService): void {
  test("an iterator more than five minutes old has expired; a new one at a timestamp goes on", async () => {
    const stream = await service.createStream(1);
    const shardId = await onlyShard(stream);
    const beforeMs = stream.nowMs() - 1_000;
    const page = await readFrom(stream, shardId);
    await put(stream, "missed");
    const old = await stream.expire(next(page));
    expect((await failureOf(stream.api.getRecords(old, undefined, never))).kind).toBe("expired");
    const fresh = await stream.api.getShardIterator(shardId, beforeMs, never);
    expect(decode(await stream.api.getRecords(fresh, undefined, never))).toEqual(["missed"]);
  });

  test("no shard of that id, no stream of that name: lost", async () => {
    const stream = await service.createStream(1);
    const start = undefined;
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
    expect((await failureOf(stream.api.getRecords(next(page), undefined, never))).kind).toBe("lost");
  });
}
