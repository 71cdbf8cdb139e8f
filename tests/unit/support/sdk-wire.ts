/**
 * Our clients over a transport that only remembers and answers as told: what is sent by the SDK (the first call of each
 * operation) and without it can be laid side by side.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import type { HttpHandler, HttpRequest, HttpResponse } from "../../../src/aws/http-handler.js";
import { createJsonRpc, type JsonClient, type Operations } from "../../../src/aws/json-rpc.js";
import type { Clock } from "../../../src/core/clock.js";
import { OPERATIONS as OF_DYNAMODB } from "../../../src/dynamodb/operations.js";
import { OPERATIONS as OF_KINESIS } from "../../../src/kinesis/operations.js";
import { movableClock } from "./wire.js";

export interface Reply {
  readonly statusCode?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | object;
}

export const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "token" };

export interface SdkWire<Client> {
  readonly client: Client;
  readonly sent: HttpRequest[];
  /** How each request is answered, by its number. */
  reply: (request: HttpRequest, index: number) => Reply;
  /** Whether a request was made by the SDK. */
  isSdk(request: HttpRequest | undefined): boolean;
}

export type KinesisWire = SdkWire<KinesisClient>;

/** Whether the client can be asked for its credentials. */
interface WireOptions {
  readonly clock?: Clock;
  readonly showsCredentials?: boolean;
}

/** @param config the SDK client's */
export function kinesisWire(config: object = {}, options: WireOptions = {}): KinesisWire {
  return sdkWire((settings) => new KinesisClient(settings), OF_KINESIS, config, options);
}

export function tableWire(config: object = {}, options: WireOptions = {}): SdkWire<DynamoDBClient> {
  return sdkWire((settings) => new DynamoDBClient(settings), OF_DYNAMODB, config, options);
}

function sdkWire<Client extends KinesisClient | DynamoDBClient>(
  create: (settings: object) => Client,
  operations: Operations,
  config: object,
  { clock = movableClock(), showsCredentials = true }: WireOptions,
): SdkWire<Client> {
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
  const rpc = createJsonRpc(clock, operations, http);
  const { requestHandler } = rpc;
  const client = create({
    region: "eu-west-1",
    credentials: CREDENTIALS,
    maxAttempts: 1,
    ...config,
    requestHandler,
  });
  const asked = showsCredentials ? client : { config: {}, send: client.send.bind(client) };
  client.send = rpc.leanSend(asked as JsonClient) as Client["send"];
  const wire: SdkWire<Client> = {
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
