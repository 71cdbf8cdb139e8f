/** The function scache is compared with: Middy, Powertools and the SDK's Kinesis client with the calls scache makes. */

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

const logger = new Logger();
const metrics = new Metrics({ namespace: "users", serviceName: "users" });
const client = new KinesisClient({});
/** Named, so that the bundler does not drop them. */
export const commands = [GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand, PutRecordsCommand];

export const handler = middy().handler(async (event: unknown) => {
  logger.debug("asked", { event, region: await client.config.region() });
  metrics.publishStoredMetrics();
});
