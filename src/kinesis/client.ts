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

const CONNECTION_TIMEOUT_MS = 1_000;
/** The longest any call of ours may take; refreshes and publishing set shorter times themselves. */
const REQUEST_TIMEOUT_MS = 5_000;
/** One connection per shard, so that a refresh is one round trip on wide streams, too. */
const MAX_CONNECTIONS = 512;

export function createKinesisClient(options: { readonly region?: string | undefined } = {}): KinesisClient {
  const agent = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  return new KinesisClient({
    ...(options.region === undefined ? {} : { region: options.region }),
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    }),
  });
}
