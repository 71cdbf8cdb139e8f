/**
 * What a user's own packages give to the options `client`, `metrics` and `logger`: the real classes, of whatever version is
 * installed beside. It is compiled with several, and never run.
 */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { type ClientLike, type MetricsLike, type Logger as ScacheLogger, type ScacheOptions, scache } from "scache";
import { createPublisher } from "scache/publisher";

export const client = new KinesisClient({ region: "eu-west-1" });
export const metrics = new Metrics({ namespace: "shop" });
export const logger = new Logger({ serviceName: "shop" });
export const middleware = scache("stream", { client, metrics, logger });
export const publisher = createPublisher("stream", { client });
export const silent: ScacheOptions = { metrics: false };

// What a test passes in their place.
export const double: ClientLike = { send: async () => ({ Records: [] }) };
export const metricsDouble: MetricsLike = { singleMetric: () => ({ serializeMetrics: () => ({}) }) };
const log = (_message: string, _detail: Record<string, unknown>) => undefined;
export const loggerDouble: ScacheLogger = { debug: log, info: log, warn: log };

// @ts-expect-error a client can send
scache("stream", { client: {} });
// @ts-expect-error metrics can be read
scache("stream", { metrics: { addMetric: () => undefined } });
// @ts-expect-error a logger has three levels
scache("stream", { logger: { warn: log } });
// @ts-expect-error a publisher takes a client, too
createPublisher("stream", { client: "kinesis" });
