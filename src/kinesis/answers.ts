/**
 * Kinesis's answers in the shapes of the port. A proxy, an emulator or a fault may leave out a field that AWS always sends:
 * an answer without it must never be taken for good news. Decisions only: no calls.
 */
import type { GetRecordsOutput, ListShardsOutput, Shard } from "@aws-sdk/client-kinesis";
import { LogFailure } from "../core/log.js";
import type { ListedShard, RecordsPage, ShardsPage } from "./stream-api.js";

function shardOf({ ShardId, ParentShardId, AdjacentParentShardId }: Shard): ListedShard {
  if (!ShardId) throw incomplete("ListShards");
  const parents = [ParentShardId, AdjacentParentShardId];
  return { shardId: ShardId, parentShardIds: parents.flatMap((parent) => parent ?? []) };
}

export function shardsOf({ Shards, NextToken }: ListShardsOutput): ShardsPage {
  if (Shards === undefined) throw incomplete("ListShards");
  return { shards: Shards.map(shardOf), nextToken: NextToken };
}

/** An answer that lacks a field proves nothing: neither that the tip was reached nor that the shard has ended. */
export function pageOf({
  Records,
  NextShardIterator,
  ChildShards = [],
  MillisBehindLatest,
}: Partial<GetRecordsOutput>): RecordsPage {
  const goesOn = NextShardIterator || ChildShards.length > 0 || MillisBehindLatest === 0;
  if (Records === undefined || MillisBehindLatest === undefined || !goesOn) throw incomplete("GetRecords");
  return {
    records: Records.map(({ Data, SequenceNumber }) => ({
      data: Data ?? new Uint8Array(),
      sequenceNumber: SequenceNumber,
    })),
    nextIterator: NextShardIterator || undefined,
    childShardIds: ChildShards.map(({ ShardId }) => {
      if (!ShardId) throw incomplete("GetRecords");
      return ShardId;
    }),
    millisBehindLatest: MillisBehindLatest,
  };
}

export function incomplete(operation: string): LogFailure {
  return new LogFailure("unavailable", `the answer to ${operation} lacks a field`, {
    remedy: "check what answers in Kinesis's place: a proxy, an emulator, or a double given as the option client",
  });
}
