/**
 * `scache()`: builds one environment from a stream's name and options, on the real Kinesis, clock and metrics, and ties it
 * to Middy's hooks. In a function, the only reader of the process's environment variables.
 */
import { systemClock, systemRandom } from "./core/clock.js";
import { createEnvironment } from "./core/environment.js";
import { createTroubleLog } from "./core/trouble-log.js";
import { createStreamApi } from "./kinesis/api.js";
import { createKinesisClient } from "./kinesis/client.js";
import { createStreamLog } from "./kinesis/log.js";
import { resolveStream } from "./kinesis/stream-ref.js";
import { createNotices } from "./logging.js";
import { createEmfSink } from "./metrics/emf.js";
import { createHooks, type ScacheMiddleware } from "./middleware.js";
import { resolveOptions, type ScacheOptions } from "./options.js";
import { firstTime, watchServing } from "./serving.js";

/**
 * Puts `context.cache` into a handler: a cache in this environment's memory that is kept coherent with every other
 * environment through a Kinesis stream. Call it at module scope; two handlers that use the same middleware share one cache.
 *
 * @param stream the stream's name or ARN
 * @throws InvalidOptionError
 */
export function scache(stream: string, options: ScacheOptions = {}): ScacheMiddleware {
  const resolved = resolveOptions(options);
  const ref = resolveStream(stream);
  const { env } = process;
  const { POWERTOOLS_SERVICE_NAME: serviceName, AWS_LAMBDA_FUNCTION_NAME: functionName } = env;
  const { name: streamName, region } = ref;
  const level = env.AWS_LAMBDA_LOG_LEVEL ?? env.POWERTOOLS_LOG_LEVEL ?? env.LOG_LEVEL ?? "";
  const log = createStreamLog(createStreamApi(options.client ?? createKinesisClient({ region }), ref), {
    name: streamName,
    clock: systemClock,
    random: systemRandom,
    clockMarginMs: resolved.clockMarginMs,
  });
  const notices = createNotices({
    streamName,
    label: log.label,
    serviceName: serviceName ?? functionName,
    logger: options.logger,
    debug: /^(debug|trace)$/i.test(level),
  });
  const environment = createEnvironment({
    log,
    clock: systemClock,
    random: systemRandom,
    options: resolved,
    notices,
  });
  // All but Lambda Managed Instances run one invocation at a time in a process.
  const oneAtATime = env.AWS_LAMBDA_RUNTIME_API !== undefined && env.AWS_LAMBDA_MAX_CONCURRENCY === undefined;
  const { metrics } = options;
  const trouble = createTroubleLog(systemClock, notices);
  const report =
    metrics === false ? () => undefined : createEmfSink({ streamName, serviceName, functionName, metrics, trouble });
  const silenced = env.POWERTOOLS_METRICS_DISABLED ?? env.POWERTOOLS_DEV ?? "";
  if (metrics !== false && /^(1|y|yes|t|true|on)$/i.test(silenced) && firstTime("silenced")) {
    notices.inform("no metrics are written: POWERTOOLS_METRICS_DISABLED or POWERTOOLS_DEV is set.");
  }
  return createHooks(watchServing(environment, ref.arn ?? streamName, log.label, notices), report, oneAtATime);
}
