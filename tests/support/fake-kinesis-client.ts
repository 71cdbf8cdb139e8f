/**
 * A KinesisClient with one shard in memory, for tests that are about something else than Kinesis: it counts the calls
 * and can be told to fail them. It knows only what the middleware asks for, and must never be used to show what Kinesis
 * does; the embedded Kinesis and the in-memory stream are there for that.
 */
import type { KinesisClient } from "@aws-sdk/client-kinesis";

interface StoredRecord {
  readonly Data: Uint8Array;
  readonly atMs: number;
}

export class FakeKinesisClient {
  readonly calls: string[] = [];
  /** While set, every call is rejected with it. */
  failure: Error | undefined;
  readonly #records: StoredRecord[] = [];

  /** The client as `scache()` wants it. */
  asClient(): KinesisClient {
    return this as unknown as KinesisClient;
  }

  async send(command: { readonly input: object }): Promise<object> {
    const name = command.constructor.name.replace(/Command$/, "");
    this.calls.push(name);
    if (this.failure !== undefined) throw this.failure;
    const input = command.input as Record<string, unknown>;
    switch (name) {
      case "ListShards":
        return { Shards: [{ ShardId: "shard-0" }] };
      case "GetShardIterator":
        return { ShardIterator: String(this.#indexAt(input.Timestamp as Date)) };
      case "GetRecords":
        return this.#read(Number(input.ShardIterator));
      case "PutRecords":
        return this.#put(input.Records as readonly { Data: Uint8Array }[]);
      default:
        throw new Error(`no ${name} here`);
    }
  }

  #indexAt(time: Date): number {
    const index = this.#records.findIndex(({ atMs }) => atMs >= time.getTime());
    return index === -1 ? this.#records.length : index;
  }

  #read(from: number): object {
    const Records = this.#records.slice(from);
    return { Records, NextShardIterator: String(from + Records.length), MillisBehindLatest: 0 };
  }

  #put(records: readonly { Data: Uint8Array }[]): object {
    const stored = records.map(({ Data }) => {
      this.#records.push({ Data, atMs: Date.now() });
      return { ShardId: "shard-0", SequenceNumber: String(this.#records.length) };
    });
    return { FailedRecordCount: 0, Records: stored };
  }
}
