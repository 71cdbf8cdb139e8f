/**
 * What tests and tools do to a stream besides using it: create, reshard, delete, and wait until it is done.
 * Every function resolves only when the stream is ACTIVE again (or gone).
 */
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  ResourceNotFoundException,
  type Shard,
  SplitShardCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";

const POLL_MS = 10;
const DEADLINE_MS = 10_000;

export async function createStream(client: KinesisClient, streamName: string, shards = 1): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: shards }));
  await waitActive(client, streamName);
}

export async function deleteStream(client: KinesisClient, streamName: string): Promise<void> {
  await client.send(new DeleteStreamCommand({ StreamName: streamName, EnforceConsumerDeletion: true }));
  await until(`stream ${streamName} gone`, async () => (await statusOf(client, streamName)) === "GONE");
}

async function waitActive(client: KinesisClient, streamName: string): Promise<void> {
  await until(`stream ${streamName} active`, async () => (await statusOf(client, streamName)) === "ACTIVE");
}

/** Splits a shard in the middle of its range of hash keys. */
export async function splitShard(client: KinesisClient, streamName: string, shardId: string): Promise<void> {
  const shard = (await listShards(client, streamName)).find(({ ShardId }) => ShardId === shardId);
  const { StartingHashKey, EndingHashKey } = shard?.HashKeyRange ?? {};
  if (StartingHashKey === undefined || EndingHashKey === undefined) throw new Error(`there is no shard ${shardId}`);
  const middle = (BigInt(StartingHashKey) + BigInt(EndingHashKey) + 1n) / 2n;
  await client.send(
    new SplitShardCommand({ StreamName: streamName, ShardToSplit: shardId, NewStartingHashKey: middle.toString() }),
  );
  await waitActive(client, streamName);
}

/** Merges two adjacent shards. */
export async function mergeShards(
  client: KinesisClient,
  streamName: string,
  shardId: string,
  adjacentShardId: string,
): Promise<void> {
  await client.send(
    new MergeShardsCommand({ StreamName: streamName, ShardToMerge: shardId, AdjacentShardToMerge: adjacentShardId }),
  );
  await waitActive(client, streamName);
}

export async function updateShardCount(client: KinesisClient, streamName: string, shards: number): Promise<void> {
  await client.send(
    new UpdateShardCountCommand({ StreamName: streamName, TargetShardCount: shards, ScalingType: "UNIFORM_SCALING" }),
  );
  await waitActive(client, streamName);
}

/** Every shard the stream still knows, closed ones included. */
export async function listShards(client: KinesisClient, streamName: string): Promise<readonly Shard[]> {
  const { Shards } = await client.send(new ListShardsCommand({ StreamName: streamName }));
  return Shards ?? [];
}

/** Ids of the shards that take new records. */
export async function openShardIds(client: KinesisClient, streamName: string): Promise<readonly string[]> {
  const shards = await listShards(client, streamName);
  return shards
    .filter((shard) => shard.SequenceNumberRange?.EndingSequenceNumber === undefined)
    .map((shard) => shard.ShardId ?? "");
}

async function statusOf(client: KinesisClient, streamName: string): Promise<string> {
  try {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }));
    return answer.StreamDescriptionSummary?.StreamStatus ?? "UNKNOWN";
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return "GONE";
    throw error;
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`waited ${DEADLINE_MS} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
