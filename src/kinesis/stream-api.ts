/**
 * The port to Kinesis: the four calls the protocol needs, in the shapes it needs. They reject with `LogFailure` alone.
 * The AWS adapter and the in-memory model of the tests both stand behind it, held to the same contract suite.
 * Nothing here decides anything; one call here is exactly one call to the service, never a retry.
 */

export interface ListShardsRequest {
  /** Only shards that were open at this time or were created later (`FROM_TIMESTAMP`); absent: all shards. */
  readonly fromTimestampMs?: number | undefined;
  /** From the page before; Kinesis then refuses every other field. */
  readonly nextToken?: string | undefined;
}

export interface ListedShard {
  readonly shardId: string;
  /** One parent after a split, two after a merge. */
  readonly parentShardIds: readonly string[];
}

export interface ShardsPage {
  readonly shards: readonly ListedShard[];
  readonly nextToken?: string | undefined;
  /** The server's clock when it answered (`Date` header, whole seconds), if it said so. */
  readonly serverTimeMs?: number | undefined;
}

export interface StreamRecord {
  readonly data: Uint8Array;
  /** Grows within a shard. A service that leaves it out cannot tell what was read. */
  readonly sequenceNumber?: string | undefined;
}

export interface RecordsPage {
  readonly records: readonly StreamRecord[];
  /** Absent when the shard is closed and was read to its end. */
  readonly nextIterator?: string | undefined;
  /** The shards that continue a closed one; given with the page that has no `nextIterator`. */
  readonly childShardIds: readonly string[];
  /** How far the page's end is behind the shard's tip; 0 means caught up. */
  readonly millisBehindLatest: number;
  /** As that of `ShardsPage`. */
  readonly serverTimeMs?: number | undefined;
}

export interface RecordToPut {
  readonly data: Uint8Array;
  readonly partitionKey: string;
}

/** The fate of one record of a PutRecords call, in request order. */
export type PutOutcome =
  | { readonly written: true; readonly shardId: string; readonly sequenceNumber: string }
  | { readonly written: false; readonly reason: string };

export interface StreamApi {
  listShards(request: ListShardsRequest, signal: AbortSignal): Promise<ShardsPage>;
  /** An iterator for the records written at `fromMs` or later; undefined: for all that the shard holds. */
  getShardIterator(shardId: string, fromMs: number | undefined, signal: AbortSignal): Promise<string>;
  /** One page of at most `limit` records; undefined: as many as Kinesis puts into one. */
  getRecords(iterator: string, limit: number | undefined, signal: AbortSignal): Promise<RecordsPage>;
  putRecords(records: readonly RecordToPut[], signal: AbortSignal): Promise<readonly PutOutcome[]>;
}
