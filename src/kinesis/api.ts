/**
 * The port to Kinesis, over the AWS SDK: one SDK call for one call of the port, answers and errors put into its words.
 * It decides nothing; what an error means is for `failures.ts` to say.
 */
import {
  type $Command,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  type KinesisClientResolvedConfig,
  ListShardsCommand,
  type ListShardsInput,
  PutRecordsCommand,
  type PutRecordsResultEntry,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-kinesis";
import { answerTo } from "../aws/answer.js";
import type { ClientLike } from "../aws/client-like.js";
import type { Use } from "../aws/failures.js";
import type { AnswerMetadata } from "../aws/json-rpc.js";
import { LogFailure } from "../core/log.js";
import { incomplete, pageOf, shardsOf } from "./answers.js";
import { failureOf } from "./failures.js";
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
  given: ClientLike,
  { name, arn }: { readonly name: string; readonly arn?: string | undefined },
): StreamApi {
  const client = given as KinesisClient;
  // By ARN, Kinesis can check permissions on the stream with every request; by name it takes some only without it.
  const byArn = { StreamARN: arn };
  const stream = arn ? byArn : { StreamName: name };

  /** @param read makes of an answer what the port calls for */
  function send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes, Answer>(
    command: Command<Input, Output>,
    abortSignal: AbortSignal,
    read: (output: Output) => Answer,
    use: Use = "read",
  ): Promise<Answer> {
    return answerTo(
      () => client.send(command, { abortSignal }),
      read,
      (error) => {
        const { kind, message, ...options } = failureOf(error, use);
        throw new LogFailure(kind, message, options);
      },
    );
  }

  /** As `send`, with the service's time beside the answer. */
  async function sendTimed<Input extends ServiceInputTypes, Output extends ServiceOutputTypes, Answer>(
    command: Command<Input, Output>,
    abortSignal: AbortSignal,
    read: (output: Output) => Answer,
  ): Promise<Answer & { serverTimeMs: number | undefined }> {
    // The SDK keeps the header to itself; our own client tells it, and runs no middleware.
    let date: string | undefined;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const response = result.response as { headers?: Record<string, string> } | undefined;
        date = response?.headers?.date;
        return result;
      },
      { step: "deserialize" },
    );
    return send(command, abortSignal, (output) => {
      const { serverTimeMs } = (output.$metadata ?? {}) as Partial<AnswerMetadata>;
      return { ...read(output), serverTimeMs: serverTimeMs ?? (Date.parse(date ?? "") || undefined) };
    });
  }

  return {
    async listShards({ fromTimestampMs, nextToken }, signal) {
      // Kinesis refuses a request that names both a token and a stream, by name or by ARN.
      const command = new ListShardsCommand(
        nextToken ? { NextToken: nextToken } : { ...stream, ...openSince(fromTimestampMs) },
      );
      return sendTimed(command, signal, shardsOf);
    },

    async getShardIterator(ShardId, fromMs, signal) {
      const Timestamp = fromMs === undefined ? undefined : new Date(fromMs);
      const ShardIteratorType = Timestamp ? "AT_TIMESTAMP" : "TRIM_HORIZON";
      const command = new GetShardIteratorCommand({ ...stream, ShardId, ShardIteratorType, Timestamp });
      return send(command, signal, ({ ShardIterator }) => {
        if (ShardIterator) return ShardIterator;
        throw incomplete("GetShardIterator");
      });
    },

    async getRecords(ShardIterator, Limit, signal) {
      return sendTimed(new GetRecordsCommand({ ...byArn, ShardIterator, Limit }), signal, pageOf);
    },

    async putRecords(records, signal) {
      const Records = records.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey }));
      const command = new PutRecordsCommand({ ...stream, Records });
      return send(command, signal, ({ Records: written = [] }) => written.map(toOutcome), "publish");
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
