/**
 * Where the scenarios play: a stream of the embedded Kinesis in an account of its own, the fault proxy before it, a data
 * source, writers that go round the proxy, and any number of environments, each a `scache()` of its own behind a real
 * Middy handler and the package's own client. It decides nothing about what is right.
 */
import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { dataSource } from "../../src/index.js";
import type { ScacheOptions } from "../../src/options.js";
import { createPublisher, type InvalidationPublisher } from "../../src/publisher.js";
import { type Credentials, type Emulator, kinesisClient, newAccount } from "../../tools/emulators/kinesis.js";
import { createStream, listShards } from "../../tools/emulators/streams.js";
import { type FaultProxy, startProxy } from "../../tools/proxy.js";
import { TestEnvironment } from "./test-environment.js";
import { until } from "./until.js";

/** What the scenarios cache: the version of a datum, as it was when it was read. */
export interface Row {
  readonly version: number;
}

export const SOURCE = "db.rows.id";
export const rowId = dataSource<Row>(SOURCE);

let streams = 0;

export async function openStage(kinesis: Emulator, shards = 1): Promise<Stage> {
  const credentials = newAccount();
  const proxy = await startProxy(kinesis.endpoint);
  // The package's own client reads these when it makes its first call.
  process.env.AWS_ENDPOINT_URL_KINESIS = proxy.endpoint;
  process.env.AWS_REGION = kinesis.region;
  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
  const stage = new Stage(proxy, { ...kinesis, credentials });
  await stage.newStream(shards);
  return stage;
}

export class Stage {
  readonly proxy: FaultProxy;
  /** Goes round the proxy. */
  readonly direct: KinesisClient;
  readonly credentials: Credentials;
  /** The data source. A row that was never written has version 1. */
  readonly rows = new Map<string, number>();
  /** How often the data source was read. */
  loads = 0;
  streamName = "";

  constructor(proxy: FaultProxy, emulator: Emulator) {
    this.proxy = proxy;
    this.credentials = emulator.credentials;
    this.direct = kinesisClient(emulator);
  }

  /** Goes on with another stream, and without faults. */
  async newStream(shards = 1): Promise<void> {
    const [name = ""] = await this.createStreams(1, shards);
    this.switchTo(name);
  }

  /** Creates up to five streams at once: more at a time are refused. */
  createStreams(count: number, shards = 1): Promise<string[]> {
    const names = Array.from({ length: count }, () => `stage-${++streams}`);
    return Promise.all(names.map((name) => createStream(this.direct, name, shards).then(() => name)));
  }

  switchTo(streamName: string): void {
    this.proxy.clear();
    this.streamName = streamName;
  }

  /** Publishes round the proxy, as a process elsewhere does. */
  get publisher(): InvalidationPublisher {
    return createPublisher(this.streamName, { client: this.direct });
  }

  environment(options: ScacheOptions = {}): TestEnvironment {
    // A busy machine must not be taken for a slow Kinesis, but where a scenario says so.
    const patient = { refreshTimeoutMs: 5_000, ...options };
    return new TestEnvironment(this.streamName, patient, (id) => this.load(id));
  }

  /** What a handler reads from the data source. */
  async load(id: string): Promise<Row> {
    this.loads += 1;
    return { version: this.rows.get(id) ?? 1 };
  }

  /** Stores a new version in the data source, and says nothing to anybody. */
  write(id: string): number {
    const version = (this.rows.get(id) ?? 1) + 1;
    this.rows.set(id, version);
    return version;
  }

  /** A writer elsewhere: stores a new version and publishes the invalidation, acknowledged when this resolves. */
  async change(...ids: readonly string[]): Promise<void> {
    for (const id of ids) this.write(id);
    await this.publisher.invalidate(...ids.map((id) => rowId(id)));
  }

  /** Puts raw data on the stream, on the shard named if one is. */
  async put(data: Uint8Array | string, shardId?: string): Promise<void> {
    const shards = shardId === undefined ? [] : await listShards(this.direct, this.streamName);
    const hashKey = shards.find(({ ShardId }) => ShardId === shardId)?.HashKeyRange?.StartingHashKey;
    const record = {
      Data: typeof data === "string" ? Buffer.from(data) : data,
      PartitionKey: String(Math.random()),
      ...(hashKey === undefined ? {} : { ExplicitHashKey: hashKey }),
    };
    await this.direct.send(new PutRecordsCommand({ StreamName: this.streamName, Records: [record] }));
  }

  /** Invalidates on one shard in particular. */
  async changeOn(shardId: string, id: string): Promise<void> {
    this.write(id);
    await this.put(recordOf(id), shardId);
  }

  async close(): Promise<void> {
    this.direct.destroy();
    await this.proxy.stop();
  }
}

/** The embedded Kinesis tells lag by the times of records: of two in one millisecond the first would look like the tip. */
export async function nextMillisecond(): Promise<void> {
  const nowMs = Date.now();
  await until("the next millisecond", () => Date.now() > nowMs);
}

/** A record as the wire has it. */
export function recordOf(...ids: readonly string[]): string {
  return JSON.stringify({ keys: ids.map((id) => rowId(id).toString()), ts: new Date().toISOString() });
}
