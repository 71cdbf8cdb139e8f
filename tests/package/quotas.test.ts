/**
 * The quotas that the proxy enforces in a service's place: how much is let through and when, and that the real SDKs are told
 * of what is refused as the real services tell it.
 */
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createLogTable, startDynamoDb } from "../../tools/emulators/dynamodb.js";
import { kinesisClient, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream, openShardIds } from "../../tools/emulators/streams.js";
import { startProxy } from "../../tools/proxy.js";
import { StreamQuotas, TableQuotas } from "../../tools/proxy-quotas.js";

const MIB = 1024 * 1024;

describe("a shard", () => {
  const iteratorOf = (quotas: StreamQuotas, ShardId: string, ShardIterator: string) =>
    quotas.answered({ operation: "GetShardIterator", body: { StreamName: "s", ShardId } }, { ShardIterator });
  const read = (ShardIterator: string) => ({ operation: "GetRecords", body: { ShardIterator } });

  test("is read five times in any second, by all readers together, and no other shard less often", () => {
    let nowMs = 0;
    const quotas = new StreamQuotas(() => nowMs);
    iteratorOf(quotas, "0", "a");
    iteratorOf(quotas, "0", "b");
    iteratorOf(quotas, "1", "c");
    for (nowMs = 0; nowMs < 500; nowMs += 100) {
      expect(quotas.refusal(read(nowMs % 200 === 0 ? "a" : "b"))).toBeUndefined();
    }
    nowMs = 999;
    expect(quotas.refusal(read("a"))).toMatchObject({ error: "ProvisionedThroughputExceededException" });
    expect(quotas.refusal(read("c"))).toBeUndefined();
    nowMs = 1_000;
    expect(quotas.refusal(read("a"))).toBeUndefined();
    expect(quotas.refusal(read("b"))).toBeDefined();
    expect(quotas.refused).toBe(2);
  });

  test("is known by the iterators that follow each other", () => {
    const quotas = new StreamQuotas(() => 0);
    iteratorOf(quotas, "0", "a");
    quotas.answered(read("a"), { NextShardIterator: "b" });
    for (let call = 0; call < 5; call += 1) expect(quotas.refusal(read("b"))).toBeUndefined();
    expect(quotas.refusal(read("a"))).toBeDefined();
  });

  test("gives 2 MiB a second: a larger answer has to be made up for", () => {
    let nowMs = 0;
    const quotas = new StreamQuotas(() => nowMs);
    iteratorOf(quotas, "0", "a");
    const Data = Buffer.alloc(3 * MIB).toString("base64");
    expect(quotas.refusal(read("a"))).toBeUndefined();
    quotas.answered(read("a"), { Records: [{ Data }] });
    nowMs = 499;
    expect(quotas.refusal(read("a"))).toBeDefined();
    nowMs = 501;
    expect(quotas.refusal(read("a"))).toBeUndefined();
  });

  test("gives five iterators a second, beside its reads", () => {
    const quotas = new StreamQuotas(() => 0);
    const call = {
      operation: "GetShardIterator",
      body: { StreamARN: "arn:aws:kinesis:eu-west-1:1:stream/s", ShardId: "0" },
    };
    for (let times = 0; times < 5; times += 1) expect(quotas.refusal(call)).toBeUndefined();
    expect(quotas.refusal({ ...call, body: { StreamName: "s", ShardId: "0" } })).toBeDefined();
    expect(quotas.refusal({ operation: "PutRecords", body: { StreamName: "s" } })).toBeUndefined();
  });
});

describe("an item", () => {
  const get = (pk: string) => ({
    operation: "GetItem",
    body: { TableName: "t", Key: { pk: { S: pk }, sk: { N: "-1" } } },
  });
  const put = (pk: string) => ({
    operation: "PutItem",
    body: { TableName: "t", Item: { pk: { S: pk }, sk: { N: "7" } } },
  });
  const query = (pk: string) => ({
    operation: "Query",
    body: {
      TableName: "t",
      KeyConditionExpression: "pk = :p AND sk BETWEEN :a AND :b",
      ExpressionAttributeValues: { ":p": { S: pk }, ":a": { N: "1" }, ":b": { N: "2" } },
    },
  });
  const billed = (CapacityUnits: number) => ({ ConsumedCapacity: { TableName: "t", CapacityUnits } });

  test("has 3,000 read units a second, shared by all with its partition key, and no other item less", () => {
    let nowMs = 0;
    const quotas = new TableQuotas({ t: "pk" }, () => nowMs);
    expect(quotas.refusal(get("a"))).toBeUndefined();
    quotas.answered(get("a"), billed(2_999));
    expect(quotas.refusal(query("a"))).toBeUndefined();
    quotas.answered(query("a"), billed(301));
    expect(quotas.refusal(get("a"))).toMatchObject({
      error: "ThrottlingException",
      fields: { throttlingReasons: [{ reason: "TableReadKeyRangeThroughputExceeded" }] },
    });
    expect(quotas.refusal(get("b"))).toBeUndefined();
    expect(quotas.refusal(put("a"))).toBeUndefined();
    nowMs = 99;
    expect(quotas.refusal(query("a"))).toBeDefined();
    nowMs = 101;
    expect(quotas.refusal(query("a"))).toBeUndefined();
    expect(quotas.used("t")).toEqual({ read: 3_300, write: 0 });
  });

  test("has 1,000 write units a second; a condition that did not hold is billed, too", () => {
    const quotas = new TableQuotas({ t: "pk" }, () => 0);
    quotas.answered(put("a"), billed(999));
    expect(quotas.refusal(put("a"))).toBeUndefined();
    quotas.answered(put("a"), { __type: "ConditionalCheckFailedException" });
    expect(quotas.refusal(put("a"))).toMatchObject({
      fields: { throttlingReasons: [{ reason: "TableWriteKeyRangeThroughputExceeded" }] },
    });
    expect(quotas.refused).toBe(1);
  });
});

describe("through the real SDKs", () => {
  let kinesis: RunningEmulator;
  let dynamoDb: RunningEmulator;
  beforeAll(async () => {
    [kinesis, dynamoDb] = await Promise.all([startKinesis(), startDynamoDb()]);
  });
  afterAll(() => Promise.all([kinesis.stop(), dynamoDb.stop()]));

  test("the sixth read of a shard is refused, whichever proxy it comes through", async () => {
    // A clock that stands still: a slow machine takes longer than a second.
    const quotas = new StreamQuotas(() => 0);
    const proxies = await Promise.all([0, 1].map(() => startProxy(kinesis.endpoint, { quotas })));
    const clients = proxies.map(({ endpoint }) => kinesisClient({ ...kinesis, endpoint }, { maxAttempts: 1 }));
    const [client] = clients;
    if (client === undefined) throw new Error("there is no client");
    await createStream(client, "s");
    const [ShardId] = await openShardIds(client, "s");
    const start = new GetShardIteratorCommand({ StreamName: "s", ShardId, ShardIteratorType: "LATEST" });
    const { ShardIterator } = await client.send(start);
    const outcomes: string[] = [];
    for (let call = 0; call < 6; call += 1) {
      const sent = clients[call % 2]?.send(new GetRecordsCommand({ ShardIterator }));
      outcomes.push(
        await (sent ?? Promise.reject()).then(
          () => "read",
          ({ name }: Error) => name,
        ),
      );
    }
    expect(outcomes).toEqual([...Array(5).fill("read"), "ProvisionedThroughputExceededException"]);
    for (const each of clients) each.destroy();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  test("what an item's calls are billed is what the table says, and beyond its units they are refused", async () => {
    await createLogTable(dynamoDb, "log");
    const quotas = new TableQuotas({ log: "pk" }, () => 0);
    const proxy = await startProxy(dynamoDb.endpoint, { quotas });
    const client = new DynamoDBClient({ ...dynamoDb, endpoint: proxy.endpoint, maxAttempts: 1 });
    const Key = { pk: { S: "users" }, sk: { N: "-1" } };
    const write = (bytes: number) =>
      client.send(
        new UpdateItemCommand({
          TableName: "log",
          Key,
          UpdateExpression: "SET r = :r",
          ExpressionAttributeValues: { ":r": { B: Buffer.alloc(bytes) } },
        }),
      );
    await write(3_500);
    await client.send(new GetItemCommand({ TableName: "log", Key, ConsistentRead: true }));
    expect(quotas.used("log")).toEqual({ read: 1, write: 4 });
    for (let writes = 0; writes < 3; writes += 1) await write(380_000);
    const refusal = await write(10).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      name: "ThrottlingException",
      throttlingReasons: [{ reason: "TableWriteKeyRangeThroughputExceeded" }],
    });
    client.destroy();
    await proxy.stop();
  });
});
