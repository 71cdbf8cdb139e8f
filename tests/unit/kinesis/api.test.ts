/** How the port's calls become the SDK's, and the SDK's answers the port's. */
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "@jest/globals";
import { createStreamApi } from "../../../src/kinesis/api.js";

const ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/users";
const { signal } = new AbortController();

interface Sent {
  readonly name: string;
  readonly input: object;
}

/** A client that keeps what it is sent and answers as told. */
function apiWith(answer: object | (() => unknown), arn?: string) {
  const sent: Sent[] = [];
  const client = {
    async send(command: { input: object }) {
      sent.push({ name: command.constructor.name, input: command.input });
      return typeof answer === "function" ? answer() : answer;
    },
  } as unknown as KinesisClient;
  return { api: createStreamApi(client, { name: "users", ...(arn === undefined ? {} : { arn }) }), sent };
}

describe("listShards", () => {
  test("asks for all shards, or for those since a time, of the stream by its name or ARN", async () => {
    const { api, sent } = apiWith({ Shards: [] });
    await api.listShards({}, signal);
    await api.listShards({ fromTimestampMs: 1_234 }, signal);
    const byArn = apiWith({ Shards: [] }, ARN);
    await byArn.api.listShards({}, signal);
    expect([...sent, ...byArn.sent]).toEqual([
      { name: "ListShardsCommand", input: { StreamName: "users" } },
      {
        name: "ListShardsCommand",
        input: { StreamName: "users", ShardFilter: { Type: "FROM_TIMESTAMP", Timestamp: new Date(1_234) } },
      },
      { name: "ListShardsCommand", input: { StreamARN: ARN } },
    ]);
  });

  test("P7: asks for the next page by its token alone: Kinesis would refuse a stream beside it", async () => {
    const [byName, byArn] = [apiWith({ Shards: [] }), apiWith({ Shards: [] }, ARN)];
    await byName.api.listShards({ fromTimestampMs: 1, nextToken: "next" }, signal);
    await byArn.api.listShards({ nextToken: "next" }, signal);
    expect(byName.sent[0]?.input).toEqual({ NextToken: "next" });
    expect(byArn.sent[0]?.input).toEqual({ NextToken: "next" });
  });

  test("names each shard with its parents: none, one, or two after a merge", async () => {
    const { api } = apiWith({
      Shards: [
        { ShardId: "0" },
        { ShardId: "1", ParentShardId: "0" },
        { ShardId: "2", ParentShardId: "0", AdjacentParentShardId: "1" },
      ],
      NextToken: "more",
    });
    expect(await api.listShards({}, signal)).toEqual({
      shards: [
        { shardId: "0", parentShardIds: [] },
        { shardId: "1", parentShardIds: ["0"] },
        { shardId: "2", parentShardIds: ["0", "1"] },
      ],
      nextToken: "more",
    });
  });

  test.each([
    ["without shards", {}],
    ["with a shard without a name", { Shards: [{ ParentShardId: "0" }] }],
  ])("P3: an answer %s proves nothing", async (_what, answer) => {
    await expect(apiWith(answer).api.listShards({ nextToken: "next" }, signal)).rejects.toMatchObject({
      kind: "unavailable",
    });
  });

  test.each([
    ["Thu, 01 Jan 2026 00:00:00 GMT", Date.UTC(2026, 0, 1)],
    ["nonsense", undefined],
    [undefined, undefined],
  ])("the answer's date %s is the server's time %s", async (date, serverTimeMs) => {
    const client = {
      async send(command: { middlewareStack: { resolve(next: unknown, context: object): (args: object) => unknown } }) {
        const next = async () => ({ response: { headers: { date } }, output: {} });
        await command.middlewareStack.resolve(next, {})({});
        return { Shards: [], Records: [], NextShardIterator: "next", MillisBehindLatest: 0 };
      },
    } as unknown as KinesisClient;
    const api = createStreamApi(client, { name: "users" });
    expect((await api.listShards({}, signal)).serverTimeMs).toBe(serverTimeMs);
    expect((await api.getRecords("token", undefined, signal)).serverTimeMs).toBe(serverTimeMs);
  });
});

test("a client that tells the service's time beside its answers is believed", async () => {
  const $metadata = { serverTimeMs: 1_234_000 };
  const { api } = apiWith({ Shards: [], Records: [], NextShardIterator: "next", MillisBehindLatest: 0, $metadata });
  expect((await api.listShards({}, signal)).serverTimeMs).toBe(1_234_000);
  expect((await api.getRecords("token", undefined, signal)).serverTimeMs).toBe(1_234_000);
});

describe("getShardIterator", () => {
  test("starts at a time or at the shard's beginning", async () => {
    const { api, sent } = apiWith({ ShardIterator: "token" });
    expect(await api.getShardIterator("7", 1_234, signal)).toBe("token");
    await api.getShardIterator("7", undefined, signal);
    expect(sent.map(({ input }) => input)).toEqual([
      { StreamName: "users", ShardId: "7", ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(1_234) },
      { StreamName: "users", ShardId: "7", ShardIteratorType: "TRIM_HORIZON" },
    ]);
  });

  test("an answer without an iterator is a failure", async () => {
    const iterator = apiWith({}).api.getShardIterator("7", undefined, signal);
    await expect(iterator).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("getRecords", () => {
  test("asks by the iterator, and by the ARN where there is one", async () => {
    const empty = { Records: [], NextShardIterator: "next", MillisBehindLatest: 0 };
    const [byName, byArn] = [apiWith(empty), apiWith(empty, ARN)];
    await byName.api.getRecords("token", undefined, signal);
    await byArn.api.getRecords("token", undefined, signal);
    expect(byName.sent).toEqual([{ name: "GetRecordsCommand", input: { ShardIterator: "token" } }]);
    expect(byArn.sent[0]?.input).toEqual({ ShardIterator: "token", StreamARN: ARN });
  });

  test("hands on the records, the next iterator and the lag", async () => {
    const data = new Uint8Array([1, 2]);
    const { api } = apiWith({ Records: [{ Data: data }, {}], NextShardIterator: "next", MillisBehindLatest: 0 });
    expect(await api.getRecords("token", undefined, signal)).toEqual({
      records: [{ data }, { data: new Uint8Array() }],
      nextIterator: "next",
      childShardIds: [],
      millisBehindLatest: 0,
    });
  });

  test("the end of a shard names those that continue it", async () => {
    const { api } = apiWith({ Records: [], ChildShards: [{ ShardId: "8" }, { ShardId: "9" }], MillisBehindLatest: 0 });
    const page = await api.getRecords("token", undefined, signal);
    expect(page.nextIterator).toBeUndefined();
    expect(page.childShardIds).toEqual(["8", "9"]);
  });

  test("asks for no more records than it is told to", async () => {
    const { api, sent } = apiWith({ Records: [], NextShardIterator: "next", MillisBehindLatest: 0 });
    await api.getRecords("token", 7, signal);
    expect(sent[0]?.input).toEqual({ ShardIterator: "token", Limit: 7 });
  });

  test("a shard that ends at its tip need not name what continues it", async () => {
    const page = await apiWith({ Records: [], MillisBehindLatest: 0 }).api.getRecords("token", undefined, signal);
    expect([page.nextIterator, page.childShardIds]).toEqual([undefined, []]);
  });

  test.each([
    ["any field", {}],
    ["a lag", { Records: [], NextShardIterator: "next" }],
    ["records", { NextShardIterator: "next", MillisBehindLatest: 0 }],
    ["a next iterator or an end", { Records: [], MillisBehindLatest: 5_000 }],
    ["the name of a child", { Records: [], ChildShards: [{}], MillisBehindLatest: 0 }],
  ])("P3: an answer without %s proves nothing, neither a tip nor an end", async (_what, answer) => {
    await expect(apiWith(answer).api.getRecords("token", undefined, signal)).rejects.toMatchObject({
      kind: "unavailable",
    });
  });
});

describe("putRecords", () => {
  test("sends every record with its key, and tells the fate of each", async () => {
    const { api, sent } = apiWith({
      FailedRecordCount: 1,
      Records: [
        { ShardId: "0", SequenceNumber: "41" },
        { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "slow down" },
      ],
    });
    const [a, b] = [new Uint8Array([1]), new Uint8Array([2])];
    const outcomes = await api.putRecords(
      [
        { data: a, partitionKey: "a" },
        { data: b, partitionKey: "b" },
      ],
      signal,
    );
    expect(sent).toEqual([
      {
        name: "PutRecordsCommand",
        input: {
          StreamName: "users",
          Records: [
            { Data: a, PartitionKey: "a" },
            { Data: b, PartitionKey: "b" },
          ],
        },
      },
    ]);
    expect(outcomes).toEqual([
      { written: true, shardId: "0", sequenceNumber: "41" },
      { written: false, reason: "ProvisionedThroughputExceededException: slow down" },
    ]);
  });

  test.each([
    ["an error code", { ShardId: "0", SequenceNumber: "1", ErrorCode: "InternalFailure" }],
    ["no sequence number", { ShardId: "0" }],
    ["no shard", { SequenceNumber: "1" }],
    ["nothing at all", {}],
  ])("a record with %s is not taken for written", async (_what, outcome) => {
    const { api } = apiWith({ FailedRecordCount: 0, Records: [outcome] });
    const records = [{ data: new Uint8Array(), partitionKey: "a" }];
    expect(await api.putRecords(records, signal)).toMatchObject([{ written: false }]);
  });

  test("an answer without records acknowledges none", async () => {
    expect(await apiWith({}).api.putRecords([{ data: new Uint8Array(), partitionKey: "a" }], signal)).toEqual([]);
  });
});
