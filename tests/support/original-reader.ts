/**
 * The read algorithm of the Go original in a few lines, with its faults, so that a scenario can be shown to bite: what
 * serves no stale value here is no scenario. Never use it for anything else.
 *
 * At every request with something cached: ListShards, then per shard an iterator at LATEST or after the last record seen,
 * and GetRecords up to the first empty page. Positions are rebuilt from the shards that returned records; the first error
 * ends the attempt and changes nothing. Publishing counts a partial failure as success, and drops locally only on failure.
 */
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import type { DataId } from "../../src/index.js";

/** What a handler does with a cache, whichever it is. */
export interface ReaderCache {
  get<T>(id: DataId<T>): T | undefined;
  add<T>(id: DataId<T>, value: NoInfer<T>): unknown;
  invalidate(...ids: readonly DataId[]): Promise<unknown>;
}

/** An environment, whichever its algorithm. */
export interface Reader {
  invoke<R>(work: (cache: ReaderCache) => R | Promise<R>): Promise<R>;
}

export class OriginalReader implements Reader, ReaderCache {
  readonly #client: KinesisClient;
  readonly #streamName: string;
  readonly #entries = new Map<string, unknown>();
  #positions: ReadonlyMap<string, string> = new Map();

  constructor(client: KinesisClient, streamName: string) {
    this.#client = client;
    this.#streamName = streamName;
  }

  async invoke<R>(work: (cache: ReaderCache) => R | Promise<R>): Promise<R> {
    if (this.#entries.size > 0) await this.#observe().catch(() => undefined);
    return work(this);
  }

  get<T>(id: DataId<T>): T | undefined {
    return this.#entries.get(id.toString()) as T | undefined;
  }

  add<T>(id: DataId<T>, value: NoInfer<T>): void {
    this.#entries.set(id.toString(), value);
  }

  async invalidate(...ids: readonly DataId[]): Promise<void> {
    const keys = ids.map(String);
    const Data = Buffer.from(JSON.stringify({ keys, ts: new Date().toISOString() }));
    const Records = [{ Data, PartitionKey: String(Math.random()) }];
    try {
      await this.#client.send(new PutRecordsCommand({ StreamName: this.#streamName, Records }));
    } catch (error) {
      for (const key of keys) this.#entries.delete(key);
      throw error;
    }
  }

  async #observe(): Promise<void> {
    const positions = new Map<string, string>();
    const keys: string[] = [];
    const { Shards = [] } = await this.#client.send(new ListShardsCommand({ StreamName: this.#streamName }));
    for (const { ShardId = "" } of Shards) keys.push(...(await this.#readShard(ShardId, positions)));
    for (const key of keys) this.#entries.delete(key);
    this.#positions = positions;
  }

  async #readShard(shardId: string, positions: Map<string, string>): Promise<string[]> {
    const keys: string[] = [];
    let iterator = await this.#iterator(shardId);
    while (iterator !== undefined) {
      const page = await this.#client.send(new GetRecordsCommand({ ShardIterator: iterator }));
      if (page.Records === undefined || page.Records.length === 0) break;
      for (const { Data, SequenceNumber = "" } of page.Records) {
        keys.push(...JSON.parse(Buffer.from(Data ?? []).toString()).keys);
        positions.set(shardId, SequenceNumber);
      }
      iterator = page.NextShardIterator;
    }
    return keys;
  }

  async #iterator(shardId: string): Promise<string | undefined> {
    const after = this.#positions.get(shardId);
    const from =
      after === undefined
        ? { ShardIteratorType: "LATEST" as const }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: after };
    const input = { StreamName: this.#streamName, ShardId: shardId, ...from };
    return (await this.#client.send(new GetShardIteratorCommand(input))).ShardIterator;
  }
}
