/**
 * Our Kinesis client over a transport that only remembers and answers as told: what it sends by the SDK (the first call of
 * each operation) and without it can be laid side by side.
 */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../../src/aws/http-handler.js";
import { createJsonRpc, type JsonClient } from "../../../src/aws/json-rpc.js";
import type { Clock } from "../../../src/core/clock.js";
import { OPERATIONS } from "../../../src/kinesis/operations.js";
import { movableClock } from "./wire.js";

export interface Reply {
  readonly statusCode?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | object;
}

export const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token" };

export interface KinesisWire {
  readonly client: KinesisClient;
  readonly sent: HttpRequest[];
  /** How each request is answered, by its number. */
  reply: (request: HttpRequest, index: number) => Reply;
  /** Whether a request was made by the SDK. */
  isSdk(request: HttpRequest | undefined): boolean;
}

/** @param config the SDK client's. @param showsCredentials whether it can be asked for them. */
export function kinesisWire(
  config: object = {},
  { clock = movableClock() as Clock, showsCredentials = true } = {},
): KinesisWire {
  const sent: HttpRequest[] = [];
  const http: HttpHandler = {
    metadata: { handlerProtocol: "http/1.1" },
    async handle(request) {
      sent.push(request);
      return { response: toResponse(wire.reply(request, sent.length - 1)) };
    },
    destroy: () => undefined,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
  const rpc = createJsonRpc(clock, OPERATIONS, http);
  const { requestHandler } = rpc;
  const client = new KinesisClient({
    region: "eu-west-1",
    credentials: CREDENTIALS,
    maxAttempts: 1,
    ...config,
    requestHandler,
  });
  const asked = showsCredentials ? client : { config: {}, send: client.send.bind(client) };
  client.send = rpc.leanSend(asked as JsonClient) as KinesisClient["send"];
  const wire: KinesisWire = {
    client,
    sent,
    reply: () => ({}),
    isSdk: (request) => request?.headers["amz-sdk-invocation-id"] !== undefined,
  };
  return wire;
}

function toResponse({ statusCode = 200, headers = {}, body = {} }: Reply): HttpResponse {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { statusCode, headers: { "content-type": "application/x-amz-json-1.1", ...headers }, body: Buffer.from(text) };
}
