/**
 * The read algorithm of the Go original, written anew and as it was, to be measured against: at every invocation with
 * something cached, under a mutex, ListShards and then, shard after shard, GetShardIterator and GetRecords; after that a
 * sweep over all entries for expired ones. 1 + 2 × shards calls, one after another. Never use it: it also serves stale
 * entries, because a shard that returned nothing is read from LATEST the next time.
 */

import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";

interface Entry {
  readonly value: unknown;
  readonly expiresAtMs: number;
}

const TTL_MS = 30 * 60_000;

export class OriginalCache {
  readonly #client: KinesisClient;
  readonly #stream: string;
  readonly #entries = new Map<string, Entry>();
  #positions = new Map<string, string>();
  #mutex: Promise<unknown> = Promise.resolve();

  constructor(client: KinesisClient, stream: string) {
    this.#client = client;
    this.#stream = stream;
  }

  get(key: string): unknown {
    return this.#entries.get(key)?.value;
  }

  add(key: string, value: unknown): void {
    this.#entries.set(key, { value, expiresAtMs: Date.now() + TTL_MS });
  }

  /** What the original does before each handler call: one reader at a time, the others wait. */
  observe(): Promise<void> {
    const turn = this.#mutex.then(() => this.#observeAlone());
    this.#mutex = turn.catch(() => undefined);
    return turn;
  }

  async #observeAlone(): Promise<void> {
    this.removeExpired();
    if (this.#entries.size === 0) return;
    const { Shards = [] } = await this.#client.send(
      new ListShardsCommand({ StreamName: this.#stream, MaxResults: 1000 }),
    );
    const positions = new Map<string, string>();
    for (const { ShardId = "" } of Shards) await this.#readShard(ShardId, positions);
    this.#positions = positions;
  }

  async #readShard(shardId: string, positions: Map<string, string>): Promise<void> {
    const after = this.#positions.get(shardId);
    let iterator = await this.#iterator(shardId, after);
    while (iterator !== undefined) {
      const page = await this.#client.send(new GetRecordsCommand({ ShardIterator: iterator }));
      const records = page.Records ?? [];
      if (records.length === 0) return;
      for (const { Data, SequenceNumber } of records) {
        for (const key of JSON.parse(new TextDecoder().decode(Data)).keys) this.#entries.delete(key);
        if (SequenceNumber !== undefined) positions.set(shardId, SequenceNumber);
      }
      iterator = page.NextShardIterator;
    }
  }

  async #iterator(shardId: string, after: string | undefined): Promise<string | undefined> {
    const from =
      after === undefined
        ? { ShardIteratorType: "LATEST" as const }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, StartingSequenceNumber: after };
    const command = new GetShardIteratorCommand({ StreamName: this.#stream, ShardId: shardId, ...from });
    return (await this.#client.send(command)).ShardIterator;
  }

  /** The sweep over everything that is cached. */
  removeExpired(): void {
    const nowMs = Date.now();
    for (const [key, { expiresAtMs }] of this.#entries) if (expiresAtMs <= nowMs) this.#entries.delete(key);
  }
}
