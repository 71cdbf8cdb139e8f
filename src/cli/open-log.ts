/**
 * Opens the log that a command names, over the real service. The client's package is loaded here and nowhere else, and only
 * the one that is needed: who lacks it is told what to install.
 */
import { newNonce, systemClock, systemRandom } from "../core/clock.js";
import type { InvalidationLog } from "../core/log.js";
import type { TableApi } from "../dynamodb/table-api.js";
import type { TableRef } from "../dynamodb/table-ref.js";
import type { StreamApi } from "../kinesis/stream-api.js";
import type { StreamRef } from "../kinesis/stream-ref.js";
import type { LogName } from "./log-name.js";

export interface Connection {
  /** Default: as the SDK finds it. */
  readonly region?: string | undefined;
  /** Default: the service's own. */
  readonly endpoint?: string | undefined;
}

export const CONNECTION_KINDS = { region: "value", endpoint: "value" } as const;
export const CONNECTION_USAGE = `  --region REGION     default: the ARN's, else AWS_REGION, else your AWS configuration's
  --endpoint URL      another address of the service, such as an emulator's`;

export interface OpenStream {
  readonly kind: "kinesis";
  readonly stream: StreamRef;
  readonly api: StreamApi;
  /** @param api in place of the service's own */
  log(api?: StreamApi): InvalidationLog;
  close(): void;
}

export interface OpenTable {
  readonly kind: "dynamodb";
  readonly table: TableRef;
  readonly api: TableApi;
  log(api?: TableApi): InvalidationLog;
  close(): void;
}

export type OpenLog = OpenStream | OpenTable;

export function openLog(name: LogName, connection: Connection): Promise<OpenLog> {
  return name.kind === "kinesis" ? openStream(name.stream, connection) : openTable(name.table, connection);
}

/** Kinesis refuses to read from its future: by so much our clock may be ahead. What is older than now is read twice at worst. */
const CLOCK_MARGIN_MS = 2_000;

async function openStream(stream: StreamRef, { region = stream.region, endpoint }: Connection): Promise<OpenStream> {
  const { createKinesisClient, createStreamApi, createStreamLog } = await installed(
    "@aws-sdk/client-kinesis",
    loadStream,
  );
  const client = createKinesisClient({ region, endpoint });
  const api = createStreamApi(client, stream);
  const parts = { name: stream.name, clock: systemClock, random: systemRandom, clockMarginMs: CLOCK_MARGIN_MS };
  return {
    kind: "kinesis",
    stream,
    api,
    log: (other = api) => createStreamLog(other, parts),
    close: () => client.destroy(),
  };
}

export async function openTable(table: TableRef, { region = table.region, endpoint }: Connection): Promise<OpenTable> {
  const { createDynamoDBClient, createTableApi, createTableLog } = await installed(
    "@aws-sdk/client-dynamodb",
    loadTable,
  );
  const client = createDynamoDBClient({ region, endpoint });
  const api = createTableApi(client, table);
  const parts = { table, clock: systemClock, random: systemRandom, newIncarnation: newNonce };
  return {
    kind: "dynamodb",
    table,
    api,
    log: (other = api) => createTableLog({ ...parts, api: other }),
    close: () => client.destroy(),
  };
}

async function loadStream() {
  const [client, api, log] = await Promise.all([
    import("../kinesis/client.js"),
    import("../kinesis/api.js"),
    import("../kinesis/log.js"),
  ]);
  return { ...client, ...api, ...log };
}

async function loadTable() {
  const [client, api, log] = await Promise.all([
    import("../dynamodb/client.js"),
    import("../dynamodb/api.js"),
    import("../dynamodb/log.js"),
  ]);
  return { ...client, ...api, ...log };
}

/** @throws Error naming the package to install, where it is that one which is missing */
export async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes(`'${name}'`)) throw error;
    throw new Error(`this needs the package ${name}, which is not installed: npm install ${name}`, { cause: error });
  }
}
