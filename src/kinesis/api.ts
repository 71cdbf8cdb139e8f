/**
 * The port to Kinesis, over the AWS SDK: one SDK call for one call of the port, answers and errors put into its words.
 * It decides nothing but what kind of failure an error is.
 */
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import {
  type IteratorStart,
  type ListShardsRequest,
  type PutOutcome,
  type RecordsPage,
  type RecordToPut,
  type ShardsPage,
  type StreamApi,
  StreamFailure,
  type StreamFailureKind,
} from "../core/stream-api.js";

/** How requests name the stream. */
export type StreamName = { readonly StreamName: string } | { readonly StreamARN: string };

export function createStreamApi(client: KinesisClient, stream: { name: string; arn?: string }): StreamApi {
  return new KinesisStreamApi(
    client,
    stream.arn === undefined ? { StreamName: stream.name } : { StreamARN: stream.arn },
  );
}

class KinesisStreamApi implements StreamApi {
  readonly #client: KinesisClient;
  readonly #stream: StreamName;

  constructor(client: KinesisClient, stream: StreamName) {
    this.#client = client;
    this.#stream = stream;
  }

  async listShards(request: ListShardsRequest, signal: AbortSignal): Promise<ShardsPage> {
    const { fromTimestampMs, nextToken } = request;
    const command = new ListShardsCommand(
      // Kinesis refuses a request that names both a token and a stream.
      nextToken !== undefined
        ? { NextToken: nextToken, ...("StreamARN" in this.#stream ? this.#stream : {}) }
        : {
            ...this.#stream,
            ...(fromTimestampMs === undefined
              ? {}
              : { ShardFilter: { Type: "FROM_TIMESTAMP" as const, Timestamp: new Date(fromTimestampMs) } }),
          },
    );
    let serverTimeMs: number | undefined;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        serverTimeMs = serverTime(result.response);
        return result;
      },
      { step: "deserialize", priority: "low", name: "scacheServerTime" },
    );
    const answer = await attempt(signal, (options) => this.#client.send(command, options));
    return {
      shards: (answer.Shards ?? []).map((shard) => ({
        shardId: shard.ShardId ?? "",
        parentShardIds: [shard.ParentShardId, shard.AdjacentParentShardId].filter((parent) => parent !== undefined),
      })),
      ...(answer.NextToken === undefined ? {} : { nextToken: answer.NextToken }),
      ...(serverTimeMs === undefined ? {} : { serverTimeMs }),
    };
  }

  async getShardIterator(shardId: string, start: IteratorStart, signal: AbortSignal): Promise<string> {
    const command = new GetShardIteratorCommand({
      ...this.#stream,
      ShardId: shardId,
      ...(start.at === "trim-horizon"
        ? { ShardIteratorType: "TRIM_HORIZON" }
        : { ShardIteratorType: "AT_TIMESTAMP", Timestamp: new Date(start.timestampMs) }),
    });
    const answer = await attempt(signal, (options) => this.#client.send(command, options));
    if (answer.ShardIterator === undefined) throw new StreamFailure("unavailable", "GetShardIterator gave no iterator");
    return answer.ShardIterator;
  }

  async getRecords(iterator: string, signal: AbortSignal): Promise<RecordsPage> {
    // With the stream named, Kinesis can check permissions on it; by name it takes only the iterator.
    const command = new GetRecordsCommand({
      ShardIterator: iterator,
      ...("StreamARN" in this.#stream ? this.#stream : {}),
    });
    const answer = await attempt(signal, (options) => this.#client.send(command, options));
    return {
      records: (answer.Records ?? []).map((record) => ({ data: record.Data ?? NO_BYTES })),
      ...(answer.NextShardIterator ? { nextIterator: answer.NextShardIterator } : {}),
      childShardIds: (answer.ChildShards ?? []).map((child) => child.ShardId ?? ""),
      // An answer that does not say how far behind it is proves nothing.
      millisBehindLatest: answer.MillisBehindLatest ?? Number.POSITIVE_INFINITY,
    };
  }

  async putRecords(records: readonly RecordToPut[], signal: AbortSignal): Promise<readonly PutOutcome[]> {
    const command = new PutRecordsCommand({
      ...this.#stream,
      Records: records.map((record) => ({ Data: record.data, PartitionKey: record.partitionKey })),
    });
    const answer = await attempt(signal, (options) => this.#client.send(command, options));
    return (answer.Records ?? []).map((outcome) =>
      outcome.ErrorCode === undefined && outcome.ShardId !== undefined && outcome.SequenceNumber !== undefined
        ? { written: true, shardId: outcome.ShardId, sequenceNumber: outcome.SequenceNumber }
        : { written: false, reason: `${outcome.ErrorCode ?? "no acknowledgement"}: ${outcome.ErrorMessage ?? ""}` },
    );
  }
}

const NO_BYTES = new Uint8Array();

/** The answer's `Date` header. */
function serverTime(response: unknown): number | undefined {
  const headers = (response as { headers?: Record<string, string> } | undefined)?.headers;
  const time = Date.parse(headers?.date ?? "");
  return Number.isNaN(time) ? undefined : time;
}

async function attempt<T>(
  signal: AbortSignal,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  try {
    return await send({ abortSignal: signal });
  } catch (error) {
    throw new StreamFailure(kindOf(error), error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const KINDS: Readonly<Record<string, StreamFailureKind>> = {
  ProvisionedThroughputExceededException: "throttled",
  LimitExceededException: "throttled",
  ThrottlingException: "throttled",
  KMSThrottlingException: "throttled",
  ExpiredIteratorException: "expired",
  InvalidArgumentException: "lost",
  ResourceNotFoundException: "lost",
  InternalFailureException: "unavailable",
  InternalFailure: "unavailable",
  ServiceUnavailable: "unavailable",
  ServiceUnavailableException: "unavailable",
  AbortError: "unavailable",
  TimeoutError: "unavailable",
};

function kindOf(error: unknown): StreamFailureKind {
  const { name, $metadata, $fault } = (error ?? {}) as {
    name?: string;
    $fault?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const known = name === undefined ? undefined : KINDS[name];
  if (known !== undefined) return known;
  const status = $metadata?.httpStatusCode;
  if (status === 429) return "throttled";
  if (status !== undefined && status >= 500) return "unavailable";
  // What else the service or the credential chain says no to is for a person; the rest never reached the service.
  if ($fault === "client" || (status !== undefined && status >= 400)) return "refused";
  return name?.includes("Credentials") === true ? "refused" : "unavailable";
}
