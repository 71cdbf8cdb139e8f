/**
 * The DynamoDB client of our own making: connections that stay open between invocations and are not trusted after a freeze, a
 * time-out on every call, one attempt per call, since retrying is the protocol's to decide (by itself the SDK waits a second
 * after throttling), and no more of the SDK in a refresh than it takes.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { createJsonRpc } from "../aws/json-rpc.js";
import { systemClock } from "../core/clock.js";
import { OPERATIONS } from "./operations.js";

export type { DynamoDBClient };

interface ClientOptions {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

export function createDynamoDBClient({ region, endpoint }: ClientOptions = {}): DynamoDBClient {
  const rpc = createJsonRpc(systemClock, OPERATIONS);
  const client = new DynamoDBClient({
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint } : {}),
    maxAttempts: 1,
    requestHandler: rpc.requestHandler,
  });
  client.send = rpc.leanSend(client) as DynamoDBClient["send"];
  return client;
}
