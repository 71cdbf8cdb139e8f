/**
 * The port to Kinesis, over the AWS SDK: one SDK call for one call of the port, answers and errors put into its words.
 * It decides nothing but what kind of failure an error is.
 */
import {
  type $Command,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  type KinesisClientResolvedConfig,
  ListShardsCommand,
  PutRecordsCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-kinesis";
import { type StreamApi, StreamFailure, type StreamFailureKind } from "../core/stream-api.js";
import { messageOf } from "../errors.js";

type Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  KinesisClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

export function createStreamApi(
  client: KinesisClient,
  { name, arn }: { readonly name: string; readonly arn?: string | undefined },
): StreamApi {
  // By name Kinesis takes some requests only without it; by ARN it can check permissions on the stream with each of them.
  const byArn = { StreamARN: arn };
  const stream = arn === undefined ? { StreamName: name } : byArn;

  async function send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<Input, Output>,
    signal: AbortSignal,
  ): Promise<Output> {
    try {
      return await client.send(command, { abortSignal: signal });
    } catch (error) {
      throw new StreamFailure(kindOf(error), messageOf(error), { cause: error });
    }
  }

  return {
    async listShards({ fromTimestampMs, nextToken }, signal) {
      const command = new ListShardsCommand(
        // Kinesis refuses a request that names both a token and a stream.
        nextToken !== undefined
          ? { ...byArn, NextToken: nextToken }
          : fromTimestampMs !== undefined
            ? { ...stream, ShardFilter: { Type: "FROM_TIMESTAMP", Timestamp: new Date(fromTimestampMs) } }
            : stream,
      );
      let serverTimeMs: number | undefined;
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          serverTimeMs = serverTime(result.response);
          return result;
        },
        { step: "deserialize" },
      );
      const { Shards = [], NextToken } = await send(command, signal);
      return {
        shards: Shards.map(({ ShardId, ParentShardId, AdjacentParentShardId }) => ({
          shardId: ShardId ?? "",
          parentShardIds: [ParentShardId, AdjacentParentShardId].filter((parent) => parent !== undefined),
        })),
        nextToken: NextToken,
        serverTimeMs,
      };
    },

    async getShardIterator(shardId, start, signal) {
      const command = new GetShardIteratorCommand({
        ...stream,
        ShardId: shardId,
        ...(start.at === "trim-horizon"
          ? { ShardIteratorType: "TRIM_HORIZON" }
          : { ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(start.timestampMs) }),
      });
      const { ShardIterator } = await send(command, signal);
      if (ShardIterator === undefined) throw new StreamFailure("unavailable", "GetShardIterator gave no iterator");
      return ShardIterator;
    },

    async getRecords(iterator, signal) {
      const command = new GetRecordsCommand({ ...byArn, ShardIterator: iterator });
      const { Records = [], NextShardIterator, ChildShards = [], MillisBehindLatest } = await send(command, signal);
      return {
        records: Records.map(({ Data }) => ({ data: Data ?? NO_BYTES })),
        nextIterator: NextShardIterator || undefined,
        childShardIds: ChildShards.map(({ ShardId }) => ShardId ?? ""),
        // An answer that does not say how far behind it is proves nothing.
        millisBehindLatest: MillisBehindLatest ?? Number.POSITIVE_INFINITY,
      };
    },

    async putRecords(records, signal) {
      const command = new PutRecordsCommand({
        ...stream,
        Records: records.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey })),
      });
      const { Records = [] } = await send(command, signal);
      return Records.map(({ ErrorCode, ErrorMessage, ShardId, SequenceNumber }) =>
        !ErrorCode && ShardId && SequenceNumber
          ? { written: true, shardId: ShardId, sequenceNumber: SequenceNumber }
          : { written: false, reason: `${ErrorCode ?? "no acknowledgement"}: ${ErrorMessage ?? ""}` },
      );
    },
  };
}

const NO_BYTES = new Uint8Array();

/** The answer's `Date` header. */
function serverTime(response: unknown): number | undefined {
  const { headers } = response as { headers?: Record<string, string> };
  return Date.parse(headers?.date ?? "") || undefined;
}

/** By the name of an error that its status does not tell enough about. */
const KINDS: readonly (readonly [name: RegExp, kind: StreamFailureKind])[] = [
  [/^(ProvisionedThroughputExceeded|LimitExceeded|(KMS)?Throttling)/, "throttled"],
  [/^ExpiredIterator/, "expired"],
  [/^(InvalidArgument|ResourceNotFound)/, "lost"],
];

function kindOf(error: unknown): StreamFailureKind {
  const { name, $metadata, $fault } = (error ?? {}) as {
    name?: string;
    $fault?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const failure = String(name);
  const known = KINDS.find(([names]) => names.test(failure));
  if (known !== undefined) return known[1];
  const status = $metadata?.httpStatusCode ?? 0;
  if (status === 429) return "throttled";
  if (status >= 500) return "unavailable";
  // What else the service or the credential chain says no to is for a person; the rest never reached the service.
  return $fault === "client" || status >= 400 || failure.includes("Credentials") ? "refused" : "unavailable";
}
