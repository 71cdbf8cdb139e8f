/**
 * The DynamoDB client of our own making: connections that stay open between invocations, a time-out on every call, and one
 * attempt per call, since retrying is the protocol's to decide. (By itself the SDK waits a second after throttling.)
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

export type { DynamoDBClient };

interface ClientOptions {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

export function createDynamoDBClient({ region, endpoint }: ClientOptions = {}): DynamoDBClient {
  return new DynamoDBClient({
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint } : {}),
    maxAttempts: 1,
    requestHandler: {
      // The longest any call of ours may take, connecting included; readings and publishing set shorter times themselves.
      // There is no connection time-out beside it: the SDK does not clear its timer when a call is aborted while
      // connecting, so one would be left running when the invocation ends.
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
    },
  });
}
