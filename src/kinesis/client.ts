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
import { InvalidOptionError } from "../errors.js";
import type { KinesisClientLike } from "./client-like.js";
import { OPERATIONS } from "./operations.js";

const SERVICE = "Kinesis";

/**
 * A user's client, to be called as our SDK's. What stands in for one in a test need not say what it is.
 * @throws InvalidOptionError for the client of another service, whose types look the same
 */
export function asKinesisClient(given: KinesisClientLike): KinesisClient {
  const client = given as KinesisClient;
  const { serviceId = SERVICE } = client.config ?? {};
  if (serviceId !== SERVICE) throw new InvalidOptionError("client", `a ${SERVICE}Client`, `a ${serviceId}Client`);
  return client;
}

export function createKinesisClient({ region }: { readonly region?: string | undefined } = {}): KinesisClient {
  const rpc = createJsonRpc(systemClock, OPERATIONS);
  const client = new KinesisClient({
    ...(region ? { region } : {}),
    maxAttempts: 1,
    requestHandler: rpc.requestHandler,
  });
  client.send = rpc.leanSend(client) as KinesisClient["send"];
  return client;
}
