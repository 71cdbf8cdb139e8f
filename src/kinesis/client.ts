/**
 * The Kinesis client of our own making: HTTP/1.1 connections that stay open between invocations, time-outs on everything,
 * one attempt per call, since retrying is the protocol's to decide, and no more of the SDK in a call than it takes.
 *
 * The SDK's default handler opens a new TLS session for every call, and a pooled HTTP/2 session stays dead after a
 * dropped connection; a call without a time-out hangs until the function's own.
 */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { createJsonRpc } from "../aws/json-rpc.js";
import { systemClock } from "../core/clock.js";
import { OPERATIONS } from "./operations.js";

export type { KinesisClient };

interface ClientOptions {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

export function createKinesisClient({ region, endpoint }: ClientOptions = {}): KinesisClient {
  const rpc = createJsonRpc(systemClock, OPERATIONS);
  const client = new KinesisClient({
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint } : {}),
    maxAttempts: 1,
    requestHandler: rpc.requestHandler,
  });
  client.send = rpc.leanSend(client) as KinesisClient["send"];
  return client;
}
