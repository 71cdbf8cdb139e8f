/**
 * The limit no reader of a stream can beat: the bare SDK, one GetRecords per shard, all at once, on iterators held
 * from the calls before. It decides nothing, checks nothing and keeps nothing; a cache is measured by how near it comes.
 */

import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";

export class LimitReader {
  readonly #client: KinesisClient;
  #iterators: string[] = [];

  constructor(client: KinesisClient) {
    this.#client = client;
  }

  /** Takes an iterator for every shard; not part of what is measured. */
  async open(stream: string): Promise<void> {
    const { Shards = [] } = await this.#client.send(new ListShardsCommand({ StreamName: stream }));
    this.#iterators = await Promise.all(
      Shards.map(async ({ ShardId }) => {
        const command = new GetShardIteratorCommand({ StreamName: stream, ShardId, ShardIteratorType: "LATEST" });
        return (await this.#client.send(command)).ShardIterator ?? "";
      }),
    );
  }

  /** One round trip: a page of every shard. */
  async read(): Promise<void> {
    this.#iterators = await Promise.all(
      this.#iterators.map(async (iterator) => {
        const page = await this.#client.send(new GetRecordsCommand({ ShardIterator: iterator }));
        return page.NextShardIterator ?? iterator;
      }),
    );
  }
}
