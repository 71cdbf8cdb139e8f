/** The same function with scache: what it adds to cold-without.ts is what scache costs. */

import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import middy from "@middy/core";
import { dataSource, scache } from "scache";

const logger = new Logger();
const metrics = new Metrics({ namespace: "users", serviceName: "users" });
const client = new KinesisClient({});
/** Named, so that the bundler does not drop them. */
export const commands = [GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand, PutRecordsCommand];

const userById = dataSource<string>("db.users.id");

export const handler = middy()
  .use(scache("users", { logger, client }))
  .handler(async (event: unknown, context) => {
    logger.debug("asked", { event, region: await client.config.region() });
    metrics.publishStoredMetrics();
    return context.cache.get(userById("1"));
  });
