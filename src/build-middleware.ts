/**
 * What every kind of log needs to become a middleware: options checked, notices and metrics set up, one environment built on
 * the real clock and tied to Middy's hooks. In a function, the only reader of the process's environment variables.
 */
import { newNonce, systemClock, systemRandom } from "./core/clock.js";
import { createEnvironment } from "./core/environment.js";
import type { InvocationReport, MetricsSink } from "./core/invocation/report.js";
import type { InvalidationLog } from "./core/log.js";
import { isPromise } from "./core/node.js";
import type { ResolvedOptions } from "./core/settings.js";
import { createTroubleLog, type TroubleLog } from "./core/trouble-log.js";
import { logLevelOf } from "./log-line.js";
import { createNotices } from "./logging.js";
import { createEmfSink } from "./metrics/emf.js";
import type { LogKind } from "./metrics/names.js";
import { createHooks, type ScacheMiddleware } from "./middleware.js";
import { resolveOptions, type ScacheOptions } from "./options.js";
import { firstTime, watchForRebuilding } from "./rebuilt.js";

/** The log that a middleware is built for, before it is opened. */
export interface ChosenLog {
  readonly kind: LogKind;
  /** As metrics name it. */
  readonly name: string;
  /** As messages name it: `stream "users"`. */
  readonly label: string;
  /** Tells it from every other log of any account and region, as far as that is known. */
  readonly identity: string;
  /** Options that only this kind of log has. */
  readonly ownOptions?: readonly string[];
  open(options: ResolvedOptions, trouble: TroubleLog): InvalidationLog;
}

/**
 * @param options without those that only this kind of log has
 * @throws InvalidOptionError
 */
export function buildMiddleware(chosen: ChosenLog, options: Omit<ScacheOptions, "client">): ScacheMiddleware {
  const resolved = resolveOptions(options, chosen.ownOptions);
  const { env } = process;
  const { POWERTOOLS_SERVICE_NAME: serviceName, AWS_LAMBDA_FUNCTION_NAME: functionName } = env;
  const { name: streamName, label, kind: logKind } = chosen;
  const notices = createNotices({
    streamName,
    label,
    serviceName: serviceName ?? functionName,
    logger: options.logger,
    level: logLevelOf(env),
  });
  const trouble = createTroubleLog(systemClock, notices);
  const environment = createEnvironment({
    log: chosen.open(resolved, trouble),
    clock: systemClock,
    random: systemRandom,
    newNonce,
    options: resolved,
    notices,
  });
  // All but Lambda Managed Instances run one invocation at a time in a process.
  const oneAtATime = env.AWS_LAMBDA_RUNTIME_API !== undefined && env.AWS_LAMBDA_MAX_CONCURRENCY === undefined;
  const { metrics } = options;
  const sinks: MetricsSink[] = [];
  if (metrics !== false) {
    sinks.push(createEmfSink({ streamName, logKind, serviceName, functionName, metrics, trouble }));
  }
  if (resolved.onReport !== undefined) sinks.push(guarded(resolved.onReport, trouble));
  const report: MetricsSink = (accounts) => {
    for (const sink of sinks) sink(accounts);
  };
  const silenced = env.POWERTOOLS_METRICS_DISABLED ?? env.POWERTOOLS_DEV ?? "";
  if (metrics !== false && /^(1|y|yes|t|true|on)$/i.test(silenced) && firstTime("silenced")) {
    notices.inform("no metrics are written: POWERTOOLS_METRICS_DISABLED or POWERTOOLS_DEV is set.");
  }
  return createHooks(watchForRebuilding(environment, chosen.identity, label, notices), report, oneAtATime);
}

/** The user's function must not fail an invocation. It may be async, though nobody waits for it. */
function guarded(onReport: (report: InvocationReport) => unknown, trouble: TroubleLog): MetricsSink {
  const done = () => trouble.recovered("report");
  const failed = (cause: unknown) => trouble.failed("report", "onReport threw", cause);
  return (report) => {
    try {
      const answer = onReport(report);
      if (isPromise(answer)) answer.then(done, failed);
      else done();
    } catch (cause) {
      failed(cause);
    }
  };
}
