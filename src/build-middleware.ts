/**
 * What every kind of log needs to become a middleware: options checked, notices and metrics set up, one environment built on
 * the real clock and tied to Middy's hooks. In a function, the only reader of the process's environment variables.
 */
import { newNonce, systemClock, systemRandom } from "./core/clock.js";
import { createEnvironment } from "./core/environment.js";
import type { InvalidationLog } from "./core/log.js";
import type { ResolvedOptions } from "./core/settings.js";
import { createTroubleLog, type TroubleLog } from "./core/trouble-log.js";
import { createNotices } from "./logging.js";
import { createEmfSink } from "./metrics/emf.js";
import { createHooks, type ScacheMiddleware } from "./middleware.js";
import { resolveOptions, type ScacheOptions } from "./options.js";

/**
 * @param name of the log, for messages and metrics
 * @param options without those that only this kind of log has
 * @throws InvalidOptionError
 */
export function buildMiddleware(
  name: string,
  options: Omit<ScacheOptions, "client">,
  openLog: (options: ResolvedOptions, trouble: TroubleLog) => InvalidationLog,
): ScacheMiddleware {
  const resolved = resolveOptions(options);
  const { env } = process;
  const { POWERTOOLS_SERVICE_NAME: serviceName, AWS_LAMBDA_FUNCTION_NAME: functionName } = env;
  const level = env.AWS_LAMBDA_LOG_LEVEL ?? env.POWERTOOLS_LOG_LEVEL ?? env.LOG_LEVEL ?? "";
  const notices = createNotices({
    streamName: name,
    serviceName: serviceName ?? functionName,
    logger: options.logger,
    debug: /^(debug|trace)$/i.test(level),
  });
  const trouble = createTroubleLog(systemClock, notices);
  const environment = createEnvironment({
    log: openLog(resolved, trouble),
    clock: systemClock,
    random: systemRandom,
    newNonce,
    options: resolved,
    notices,
  });
  // All but Lambda Managed Instances run one invocation at a time in a process.
  const oneAtATime = env.AWS_LAMBDA_RUNTIME_API !== undefined && env.AWS_LAMBDA_MAX_CONCURRENCY === undefined;
  const { metrics } = options;
  const report =
    metrics === false
      ? () => undefined
      : createEmfSink({ streamName: name, serviceName, functionName, metrics, trouble });
  return createHooks(environment, report, oneAtATime);
}
