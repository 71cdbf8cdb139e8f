/**
 * The port to Kinesis, over the AWS SDK: one SDK call for one call of the port, answers and errors put into its words.
 * It decides nothing but what kind of failure an error is.
 */
import {
  type $Command,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClientResolvedConfig,
  type KinesisServiceException,
  ListShardsCommand,
  type ListShardsInput,
  PutRecordsCommand,
  type PutRecordsResultEntry,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-kinesis";
import type { AnswerMetadata } from "../aws/json-rpc.js";
import { LogFailure, type LogFailureKind } from "../core/log.js";
import { messageOf } from "../errors.js";
import { incomplete, pageOf, shardsOf } from "./answers.js";
import { asKinesisClient } from "./client.js";
import type { KinesisClientLike } from "./client-like.js";
import type { PutOutcome, StreamApi } from "./stream-api.js";

type Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  KinesisClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** @param given one of the SDK's, of whichever version, or what stands in for one */
export function createStreamApi(
  given: KinesisClientLike,
  { name, arn }: { readonly name: string; readonly arn?: string | undefined },
): StreamApi {
  const client = asKinesisClient(given);
  // By ARN, Kinesis can check permissions on the stream with every request; by name it takes some only without it.
  const byArn = { StreamARN: arn };
  const stream = arn ? byArn : { StreamName: name };

  async function send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<Input, Output>,
    abortSignal: AbortSignal,
  ): Promise<Output> {
    try {
      return await client.send(command, { abortSignal });
    } catch (error) {
      throw new LogFailure(kindOf(error), messageOf(error), { cause: error });
    }
  }

  /** As `send`; beside the answer the service's time. */
  async function sendTimed<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: Command<Input, Output>,
    abortSignal: AbortSignal,
  ): Promise<{ output: Output; serverTimeMs: number | undefined }> {
    // The SDK keeps the header to itself; our own client tells it, and runs no middleware.
    let date: string | undefined;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { headers?: Record<string, string> };
        date = headers?.date;
        return result;
      },
      { step: "deserialize" },
    );
    const output = await send(command, abortSignal);
    const { serverTimeMs } = (output.$metadata ?? {}) as Partial<AnswerMetadata>;
    return { output, serverTimeMs: serverTimeMs ?? (Date.parse(date ?? "") || undefined) };
  }

  return {
    async listShards({ fromTimestampMs, nextToken }, signal) {
      // Kinesis refuses a request that names both a token and a stream, by name or by ARN.
      const command = new ListShardsCommand(
        nextToken ? { NextToken: nextToken } : { ...stream, ...openSince(fromTimestampMs) },
      );
      const { output, serverTimeMs } = await sendTimed(command, signal);
      return { ...shardsOf(output), serverTimeMs };
    },

    async getShardIterator(ShardId, fromMs, signal) {
      const Timestamp = fromMs === undefined ? undefined : new Date(fromMs);
      const ShardIteratorType = Timestamp ? "AT_TIMESTAMP" : "TRIM_HORIZON";
      const command = new GetShardIteratorCommand({ ...stream, ShardId, ShardIteratorType, Timestamp });
      const { ShardIterator } = await send(command, signal);
      if (ShardIterator) return ShardIterator;
      throw incomplete("GetShardIterator");
    },

    async getRecords(ShardIterator, Limit, signal) {
      const command = new GetRecordsCommand({ ...byArn, ShardIterator, Limit });
      const { output, serverTimeMs } = await sendTimed(command, signal);
      return { ...pageOf(output), serverTimeMs };
    },

    async putRecords(records, signal) {
      const Records = records.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey }));
      const { Records: written = [] } = await send(new PutRecordsCommand({ ...stream, Records }), signal);
      return written.map(toOutcome);
    },
  };
}

function openSince(timestampMs: number | undefined): ListShardsInput {
  if (timestampMs === undefined) return {};
  return { ShardFilter: { Type: "FROM_TIMESTAMP", Timestamp: new Date(timestampMs) } };
}

function toOutcome({ ErrorCode, ErrorMessage = "", ShardId, SequenceNumber }: PutRecordsResultEntry): PutOutcome {
  return !ErrorCode && ShardId && SequenceNumber
    ? { written: true, shardId: ShardId, sequenceNumber: SequenceNumber }
    : { written: false, reason: `${ErrorCode ?? "no acknowledgement"}: ${ErrorMessage}` };
}

/** By an error's name, whose fault it is, and its status. */
const KINDS: readonly (readonly [failure: RegExp, kind: LogFailureKind])[] = [
  [/^(ProvisionedThroughput|LimitExceeded|(KMS)?Throttling)| 429$/, "throttled"],
  [/^ExpiredIterator/, "expired"],
  [/^(InvalidArgument|ResourceNotFound)/, "lost"],
  [/ 5..$/, "unavailable"],
  // What else the service or the credential chain says no to is for a person; the rest never reached the service.
  [/Credentials| client | 4..$/, "refused"],
];

function kindOf(error: unknown): LogFailureKind {
  const { name, $fault, $metadata } = (error ?? {}) as Partial<KinesisServiceException>;
  const failure = `${name} ${$fault} ${$metadata?.httpStatusCode}`;
  return KINDS.find(([failures]) => failures.test(failure))?.[1] ?? "unavailable";
}
