/** The function that scache on a table is compared with: Middy, Powertools and the SDK's DynamoDB client with GetItem alone. */

import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import middy from "@middy/core";

const logger = new Logger();
const metrics = new Metrics({ namespace: "users", serviceName: "users" });
const client = new DynamoDBClient({});
/** Named, so that the bundler does not drop it. */
export const commands = [GetItemCommand];

export const handler = middy().handler(async (event: unknown) => {
  logger.debug("asked", { event, region: await client.config.region() });
  metrics.publishStoredMetrics();
});
