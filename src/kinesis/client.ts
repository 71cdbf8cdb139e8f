/**
 * The Kinesis client of our own making: HTTP/1.1 connections that stay open between invocations, time-outs on everything,
 * and one attempt per call, since retrying is the protocol's to decide.
 *
 * The SDK's default handler opens a new TLS session for every call, and a pooled HTTP/2 session stays dead after a
 * dropped connection; a call without a time-out hangs until the function's own.
 */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";

export type { KinesisClient };

interface ClientOptions {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

export function createKinesisClient({ region, endpoint }: ClientOptions = {}): KinesisClient {
  // One connection per shard, so that a refresh is one round trip on wide streams, too. Its default is to keep them alive.
  const agent = { maxSockets: 512 };
  return new KinesisClient({
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint } : {}),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      // The longest any call of ours may take, connecting included; refreshes and publishing set shorter times themselves.
      // There is no connection time-out beside it: the SDK does not clear its timer when a call is aborted while
      // connecting, so one would be left running when the invocation ends.
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    }),
  });
}
