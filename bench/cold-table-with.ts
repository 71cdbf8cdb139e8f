/** The same function with scache and its log in a table: what it adds to cold-table-without.ts is what scache costs. */

import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import middy from "@middy/core";
import { dataSource } from "scache";
import { scache } from "scache/dynamodb";

const logger = new Logger();
const metrics = new Metrics({ namespace: "users", serviceName: "users" });
const client = new DynamoDBClient({});
/** Named, so that the bundler does not drop it. */
export const commands = [GetItemCommand];

const userById = dataSource<string>("db.users.id");

export const handler = middy()
  .use(scache("users", { logger, client }))
  .handler(async (event: unknown, context) => {
    logger.debug("asked", { event, region: await client.config.region() });
    metrics.publishStoredMetrics();
    return context.cache.get(userById("1"));
  });
