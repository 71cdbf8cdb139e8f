/**
 * What the example needs to run on this machine: the embedded Kinesis with its stream, the embedded DynamoDB with its
 * table and one for a log, a proxy before each that takes the time of the real service, and the variables that point a
 * function at them.
 */

import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetRecordsCommand, GetShardIteratorCommand, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { type Call, type FaultProxy, startProxy } from "../proxy.js";
import { tableOf } from "../proxy-quotas.js";
import { createLogTable, createTable, startDynamoDb } from "./dynamodb.js";
import {
  type Emulator,
  kinesisClient,
  newAccount,
  type RunningEmulator,
  type RunningKinesis,
  startKinesis,
} from "./kinesis.js";
import { createStream, openShardIds } from "./streams.js";

/** As in events/env.json and template.yaml. */
export const STREAM_NAME = "scache-users";
export const TABLE_NAME = "users";
/** For functions whose log of invalidations is in DynamoDB. */
export const LOG_TABLE_NAME = "scache-log";

export interface ServicesOptions {
  readonly shards?: number;
  /** How long every call to Kinesis takes. Default 0. */
  readonly kinesisMs?: number;
  /** How long every call to the table of users takes, */
  readonly sourceMs?: number;
  /** and every call to the table of the log. Default 0, both. */
  readonly logTableMs?: number;
}

/** Without any proxy before them. */
export interface EmbeddedServices {
  readonly kinesis: RunningKinesis;
  readonly dynamoDb: RunningEmulator;
  stop(): Promise<void>;
}

/** All that a function needs whose log is in a table. */
export interface TableServices {
  readonly dynamoDb: RunningEmulator;
  readonly dynamoDbProxy: FaultProxy;
  /** For functions: through the proxies. */
  readonly variables: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface Services extends EmbeddedServices, TableServices {
  readonly kinesisProxy: FaultProxy;
  stop(): Promise<void>;
}

async function startTables(): Promise<RunningEmulator> {
  const dynamoDb = await startDynamoDb();
  await Promise.all([createUsersTable(dynamoDb), createLogTable(dynamoDb, LOG_TABLE_NAME)]);
  return dynamoDb;
}

export async function startEmulators(shards = 1): Promise<EmbeddedServices> {
  const [kinesis, dynamoDb] = await Promise.all([startKinesis(), startTables()]);
  await createUsersStream(kinesis, shards);
  return {
    kinesis,
    dynamoDb,
    async stop() {
      await Promise.all([kinesis.stop(), dynamoDb.stop()]);
    },
  };
}

export async function startServices(options: ServicesOptions = {}): Promise<Services> {
  const emulators = await startEmulators(options.shards);
  const { kinesis, dynamoDb } = emulators;
  const [kinesisProxy, dynamoDbProxy] = await Promise.all([
    startProxy(kinesis.endpoint, { latencyMs: options.kinesisMs ?? 0 }),
    startTablesProxy(dynamoDb, options),
  ]);
  return {
    kinesis,
    dynamoDb,
    kinesisProxy,
    dynamoDbProxy,
    variables: usersVariables(kinesisProxy.endpoint, dynamoDbProxy.endpoint),
    async stop() {
      await Promise.all([kinesisProxy.stop(), dynamoDbProxy.stop()]);
      await emulators.stop();
    },
  };
}

/** The same without Kinesis, for those who do without it. */
export async function startTableServices(options: ServicesOptions = {}): Promise<TableServices> {
  const dynamoDb = await startTables();
  const dynamoDbProxy = await startTablesProxy(dynamoDb, options);
  return {
    dynamoDb,
    dynamoDbProxy,
    variables: usersVariables(undefined, dynamoDbProxy.endpoint),
    async stop() {
      await dynamoDbProxy.stop();
      await dynamoDb.stop();
    },
  };
}

function startTablesProxy(dynamoDb: Emulator, { sourceMs = 0, logTableMs = 0 }: ServicesOptions): Promise<FaultProxy> {
  const latencyOf = ({ body }: Call) => (tableOf(body) === LOG_TABLE_NAME ? logTableMs : undefined);
  return startProxy(dynamoDb.endpoint, { latencyMs: sourceMs, latencyOf });
}

export const LOGS = ["kinesis", "dynamodb"] as const;
export type LogName = (typeof LOGS)[number];

/** Beside the other variables, what tells the example which log it is to use. */
export function logVariables(log: LogName): Record<string, string> {
  return log === "kinesis" ? {} : { STREAM_NAME: "", LOG_TABLE_NAME };
}

/** What the example reads, and the SDK's own variables for other endpoints than AWS's. */
export function usersVariables(kinesisEndpoint: string | undefined, dynamoDbEndpoint: string): Record<string, string> {
  return {
    STREAM_NAME,
    TABLE_NAME,
    POWERTOOLS_SERVICE_NAME: "users",
    ...(kinesisEndpoint === undefined ? {} : { AWS_ENDPOINT_URL_KINESIS: kinesisEndpoint }),
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDbEndpoint,
  };
}

/** A table of users, with one in it: the one that the events in events/ read. */
export async function createUsersTable(dynamoDb: Emulator, tableName: string = TABLE_NAME): Promise<void> {
  await createTable(dynamoDb, tableName, "userid");
  await putUsers(dynamoDb, ["12345"], tableName);
}

/** Puts users in their first version into a table, past every cache. */
export async function putUsers(
  dynamoDb: Emulator,
  userids: readonly string[],
  TableName: string = TABLE_NAME,
): Promise<void> {
  const { endpoint, region, credentials } = dynamoDb;
  const client = new DynamoDBClient({ endpoint, region, credentials });
  const put = (userid: string) => {
    const Item = { userid: { S: userid }, name: { S: "Ann" }, email: { S: "ann@example.com" }, version: { N: "1" } };
    return client.send(new PutItemCommand({ TableName, Item }));
  };
  try {
    await Promise.all(userids.map(put));
  } finally {
    client.destroy();
  }
}

export async function createUsersStream(kinesis: Emulator, shards: number): Promise<void> {
  const client = kinesisClient(kinesis);
  try {
    await createStream(client, STREAM_NAME, shards);
  } finally {
    client.destroy();
  }
}

/**
 * Reads and writes a stream that nobody else sees for a while: the embedded Kinesis is compiled while it runs, and
 * answers several times faster once it has been used.
 */
export async function warmUp(kinesis: Emulator, forMs: number): Promise<void> {
  const client = kinesisClient({ ...kinesis, credentials: newAccount() });
  const StreamName = "warm-up";
  try {
    await createStream(client, StreamName);
    const [ShardId] = await openShardIds(client, StreamName);
    const start = new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" });
    let { ShardIterator } = await client.send(start);
    const endMs = performance.now() + forMs;
    for (let call = 0; performance.now() < endMs; call += 1) {
      const Records = [{ Data: Buffer.from("warm-up"), PartitionKey: String(call) }];
      if (call % 10 === 0) await client.send(new PutRecordsCommand({ StreamName, Records }));
      ShardIterator = (await client.send(new GetRecordsCommand({ ShardIterator }))).NextShardIterator;
    }
  } finally {
    client.destroy();
  }
}
