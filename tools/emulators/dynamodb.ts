/**
 * The embedded DynamoDB: dynalite in this process, in memory, on loopback unless told. It is the data source of example and demo.
 * It knows no transactions, and like the embedded Kinesis it says nothing about how fast the real service is.
 */
import { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DeleteTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Emulator, endpointAt, LOOPBACK, REGION, type RunningEmulator } from "./kinesis.js";

type Dynalite = (options: { createTableMs: number; deleteTableMs: number; updateTableMs: number }) => Server;

/** Starts a DynamoDB with no table in it. Without a port, any free one; without a host, loopback. */
export async function startDynamoDb(
  options: { readonly port?: number; readonly host?: string } = {},
): Promise<RunningEmulator> {
  const { host = LOOPBACK } = options;
  const dynalite = createRequire(import.meta.url)("dynalite") as Dynalite;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  return {
    endpoint: endpointAt(host, (server.address() as AddressInfo).port),
    region: REGION,
    credentials: { accessKeyId: "000000000000", secretAccessKey: "local" },
    stop: () =>
      new Promise((resolve, reject) => {
        // Its own `close` closes the store too, and throws at a request that is still being answered from it.
        Server.prototype.close.call(server, (error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/** Creates a table with one text key, and perhaps a number to sort by, and waits until it can be used. */
export async function createTable(emulator: Emulator, tableName: string, key: string, sortKey?: string): Promise<void> {
  const client = new DynamoDBClient({ ...emulator });
  const names = [key, ...(sortKey === undefined ? [] : [sortKey])];
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: name === key ? "S" : "N" })),
        KeySchema: names.map((name) => ({ AttributeName: name, KeyType: name === key ? "HASH" : "RANGE" })),
      }),
    );
    await until(async () => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
      return Table?.TableStatus === "ACTIVE";
    });
  } finally {
    client.destroy();
  }
}

/** Creates a table that can hold logs of invalidations. (The embedded one never deletes what has expired.) */
export function createLogTable(emulator: Emulator, tableName: string): Promise<void> {
  return createTable(emulator, tableName, "pk", "sk");
}

export async function deleteTable(emulator: Emulator, tableName: string): Promise<void> {
  const client = new DynamoDBClient({ ...emulator });
  try {
    await client.send(new DeleteTableCommand({ TableName: tableName }));
    const describe = new DescribeTableCommand({ TableName: tableName });
    await until(async () => client.send(describe).then(() => false, isNotFound));
  } finally {
    client.destroy();
  }
}

function isNotFound(error: unknown): boolean {
  if ((error as Error).name !== "ResourceNotFoundException") throw error;
  return true;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error("the table did not become active within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
