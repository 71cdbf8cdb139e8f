/**
 * The embedded services: that they start on loopback alone, can be used with the SDK, keep accounts apart, and stop.
 */
import { spawnSync } from "node:child_process";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createTable, startDynamoDb } from "../../tools/emulators/dynamodb.js";
import { kinesisClient, newAccount, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import {
  createStream,
  deleteStream,
  listShards,
  mergeShards,
  openShardIds,
  splitShard,
  updateShardCount,
} from "../../tools/emulators/streams.js";

let kinesis: RunningEmulator;
beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());

function refuses(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host }, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

describe("the embedded Kinesis", () => {
  test("can be split, merged and resharded", async () => {
    const client = kinesisClient({ ...kinesis, credentials: newAccount() });
    await createStream(client, "s");
    const [first = ""] = await openShardIds(client, "s");
    await splitShard(client, "s", first);
    const [left = "", right = ""] = await openShardIds(client, "s");
    expect([left, right]).not.toContain(first);
    await mergeShards(client, "s", left, right);
    expect(await openShardIds(client, "s")).toHaveLength(1);
    await updateShardCount(client, "s", 2);
    expect(await openShardIds(client, "s")).toHaveLength(2);
    expect((await listShards(client, "s")).length).toBeGreaterThan(4);
    await deleteStream(client, "s");
    client.destroy();
  });

  test("keeps accounts apart, so that parallel tests can share one", async () => {
    const one = kinesisClient({ ...kinesis, credentials: newAccount() });
    const other = kinesisClient({ ...kinesis, credentials: newAccount() });
    await createStream(one, "mine");
    expect((await one.send(new ListStreamsCommand({}))).StreamNames).toEqual(["mine"]);
    expect((await other.send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
    one.destroy();
    other.destroy();
  });

  test("listens on 127.0.0.1 and on no other address", async () => {
    const port = Number(new URL(kinesis.endpoint).port);
    expect(await refuses(port, "127.0.0.1")).toBe(false);
    expect(await refuses(port, "127.0.0.2")).toBe(true);
  });

  test("listens where it is told, and there alone; so does the embedded DynamoDB", async () => {
    const told = { host: "127.0.0.2" };
    const services = await Promise.all([startKinesis(told), startDynamoDb(told)]);
    for (const { endpoint } of services) {
      const { hostname, port } = new URL(endpoint);
      expect(hostname).toBe("127.0.0.2");
      expect(await refuses(Number(port), "127.0.0.2")).toBe(false);
      expect(await refuses(Number(port), "127.0.0.1")).toBe(true);
    }
    for (const service of services) await service.stop();
  });

  test("stops at once and frees its port", async () => {
    const second = await startKinesis();
    const port = Number(new URL(second.endpoint).port);
    await second.stop();
    expect(await refuses(port, "127.0.0.1")).toBe(true);
  });
});

test.each([
  ["Kinesis", "--kinesis-port", "--dynamodb-port"],
  ["DynamoDB", "--dynamodb-port", "--kinesis-port"],
])(
  "npm run emulators says which option takes another port than one that is taken: %s",
  async (name, option, other) => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve((taken.address() as AddressInfo).port));
    });
    const args = ["--import", "tsx", "tools/emulators/main.ts", option, String(port), other, "0"];
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    await new Promise((resolve) => taken.close(resolve));
    expect(status).toBe(1);
    const reason = `listen EADDRINUSE: address already in use 127.0.0.1:${port}`;
    expect(stderr).toContain(
      `${name} could not start on port ${port}: ${reason}. ${option} N takes another port, ${option} 0 any that is free\n`,
    );
  },
  60_000,
);

describe("the embedded DynamoDB", () => {
  test("holds a table and stops, open connections or not", async () => {
    const dynamo = await startDynamoDb();
    await createTable(dynamo, "users", "userid");
    const client = new DynamoDBClient({ ...dynamo });
    const { Table } = await client.send(new DescribeTableCommand({ TableName: "users" }));
    expect(Table?.KeySchema).toEqual([{ AttributeName: "userid", KeyType: "HASH" }]);
    await dynamo.stop();
    expect(await refuses(Number(new URL(dynamo.endpoint).port), "127.0.0.1")).toBe(true);
    client.destroy();
  });
});
