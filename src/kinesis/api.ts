/**
 * The port to Kinesis, over the AWS SDK: one SDK call for one call of the port, answers and errors put into its words.
 * It decides nothing but what kind of failure an error is.
 */
import {
  type $Command,
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  type KinesisClient,
  type KinesisClientResolvedConfig,
  ListShardsCommand,
  PutRecordsCommand,
  type PutRecordsResultEntry,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  type Shard,
} from "@aws-sdk/client-kinesis";
import {
  type ListedShard,
  type PutOutcome,
  type RecordsPage,
  type StreamApi,
  StreamFailure,
  type StreamFailureKind,
} from "../core/stream-api.js";
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
  // By ARN, Kinesis can check permissions on the stream with every request; by name it takes some only without it.
  const byArn = { StreamARN: arn };
  const stream = arn === undefined ? { StreamName: name } : byArn;

  async function send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<Input, Output>,
    abortSignal: AbortSignal,
  ): Promise<Output> {
    try {
      return await client.send(command, { abortSignal });
    } catch (error) {
      throw new StreamFailure(kindOf(error), messageOf(error), { cause: error });
    }
  }

  return {
    async listShards({ fromTimestampMs, nextToken: NextToken }, signal) {
      const since = fromTimestampMs === undefined ? undefined : new Date(fromTimestampMs);
      const all = { ...stream, ...(since && { ShardFilter: { Type: "FROM_TIMESTAMP", Timestamp: since } as const }) };
      // Kinesis refuses a request that names both a token and a stream.
      const command = new ListShardsCommand(NextToken === undefined ? all : { ...byArn, NextToken });
      const serverTimeMs = serverTimeOf(command);
      const answer = await send(command, signal);
      return { shards: (answer.Shards ?? []).map(toShard), nextToken: answer.NextToken, serverTimeMs: serverTimeMs() };
    },

    async getShardIterator(ShardId, fromMs, signal) {
      const from =
        fromMs === undefined
          ? ({ ShardIteratorType: "TRIM_HORIZON" } as const)
          : ({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(fromMs) } as const);
      const { ShardIterator } = await send(new GetShardIteratorCommand({ ...stream, ShardId, ...from }), signal);
      if (ShardIterator === undefined) throw new StreamFailure("unavailable", "GetShardIterator gave no iterator");
      return ShardIterator;
    },

    async getRecords(ShardIterator, signal) {
      return toPage(await send(new GetRecordsCommand({ ...byArn, ShardIterator }), signal));
    },

    async putRecords(records, signal) {
      const Records = records.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey }));
      const answer = await send(new PutRecordsCommand({ ...stream, Records }), signal);
      return (answer.Records ?? []).map(toOutcome);
    },
  };
}

/** What the `Date` header said, once the command was answered. */
function serverTimeOf(command: ListShardsCommand): () => number | undefined {
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.date;
      return result;
    },
    { step: "deserialize" },
  );
  return () => Date.parse(date ?? "") || undefined;
}

function toShard({ ShardId, ParentShardId, AdjacentParentShardId }: Shard): ListedShard {
  const parents = [ParentShardId, AdjacentParentShardId];
  return { shardId: ShardId ?? "", parentShardIds: parents.filter((parent) => parent !== undefined) };
}

const NO_BYTES = new Uint8Array();

function toPage(answer: GetRecordsCommandOutput): RecordsPage {
  const { Records = [], NextShardIterator, ChildShards = [], MillisBehindLatest } = answer;
  return {
    records: Records.map(({ Data }) => ({ data: Data ?? NO_BYTES })),
    nextIterator: NextShardIterator || undefined,
    childShardIds: ChildShards.map(({ ShardId }) => ShardId ?? ""),
    // An answer that does not say how far behind it is proves nothing.
    millisBehindLatest: MillisBehindLatest ?? Number.POSITIVE_INFINITY,
  };
}

function toOutcome({ ErrorCode, ErrorMessage, ShardId, SequenceNumber }: PutRecordsResultEntry): PutOutcome {
  return !ErrorCode && ShardId && SequenceNumber
    ? { written: true, shardId: ShardId, sequenceNumber: SequenceNumber }
    : { written: false, reason: `${ErrorCode ?? "no acknowledgement"}: ${ErrorMessage ?? ""}` };
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
