/**
 * The Middy middleware: builds one environment from a stream's name and options, and ties each invocation to its hooks.
 * The only reader of the process's environment variables. It decides nothing, and it must never change what a handler
 * returns or throws: whatever fails here ends in a cache that misses (with `onRefreshError: "throw"` excepted).
 *
 * Middy runs neither `after` nor `onError` when a later `before` returns early, so an invocation whose hooks never came
 * is ended at the next `before`. The types are structural and fit Middy 6 and 7.
 */
import { systemClock, systemRandom } from "./core/clock.js";
import type { ContextCache } from "./core/context-cache.js";
import { createEnvironment } from "./core/environment.js";
import type { Invocation } from "./core/invocation.js";
import type { MetricsSink } from "./core/invocation-report.js";
import { TroubleLog } from "./core/trouble-log.js";
import { createStreamApi } from "./kinesis/api.js";
import { createKinesisClient } from "./kinesis/client.js";
import { createNotices } from "./logging.js";
import { createEmfSink } from "./metrics/emf.js";
import { resolveOptions, type ScacheOptions } from "./options.js";
import { resolveStream, type StreamRef } from "./stream-ref.js";

/** The handler's context with the cache in it: `middy(async (event: E, context: CacheContext) => …)`. */
export type CacheContext = LambdaContext & { cache: ContextCache };

/**
 * Lambda's context as `@types/aws-lambda` has it, written out so that neither it nor Middy has to be installed for these
 * types to resolve.
 */
export interface LambdaContext {
  callbackWaitsForEmptyEventLoop: boolean;
  functionName: string;
  functionVersion: string;
  invokedFunctionArn: string;
  memoryLimitInMB: string;
  awsRequestId: string;
  logGroupName: string;
  logStreamName: string;
  identity?: { cognitoIdentityId: string; cognitoIdentityPoolId: string } | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: only mobile SDKs fill it in, and nothing here reads it.
  clientContext?: any;
  tenantId?: string | undefined;
  getRemainingTimeInMillis(): number;
  done(error?: Error, result?: unknown): void;
  fail(error: Error | string): void;
  succeed(messageOrObject: unknown, object?: unknown): void;
}

/** What Middy hands to each hook, in both its majors. */
export interface ScacheRequest {
  event: unknown;
  context: CacheContext;
  // biome-ignore lint/suspicious/noExplicitAny: the result is the handler's; `unknown` would not fit Middy's types.
  response: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  earlyResponse?: any;
  error: Error | null | undefined;
  // biome-ignore lint/complexity/noBannedTypes: `{}` is how Middy says that no hook adds internal state.
  internal: {};
}

export interface ScacheMiddleware {
  before(request: ScacheRequest): Promise<void>;
  after(request: ScacheRequest): void;
  onError(request: ScacheRequest): void;
}

/** Lambda's own maximum; used when the context does not say how long is left. */
const LONGEST_INVOCATION_MS = 15 * 60_000;

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
  const notices = createNotices({
    streamName: ref.name,
    serviceName: env.POWERTOOLS_SERVICE_NAME,
    logger: options.logger,
    debug: isDebug(env),
  });
  const trouble = new TroubleLog(systemClock, notices);
  const environment = createEnvironment({
    stream: createStreamApi(options.client ?? createKinesisClient({ region: ref.region }), ref),
    streamName: ref.name,
    clock: systemClock,
    random: systemRandom,
    options: resolved,
    notices,
  });
  const report = sinkOf(ref, options, env, (cause) =>
    trouble.failed("metrics", "a metrics line was not written", cause),
  );
  /** A process that is frozen between invocations, as all but Lambda Managed Instances are, has one at a time. */
  const oneAtATime = env.AWS_LAMBDA_RUNTIME_API !== undefined && env.AWS_LAMBDA_MAX_CONCURRENCY === undefined;
  const underWay = new Map<object, { request: ScacheRequest; invocation: Invocation }>();

  function end(context: object): void {
    const invocation = underWay.get(context)?.invocation;
    underWay.delete(context);
    const accounts = invocation?.end();
    if (accounts !== undefined) report(accounts);
  }

  function endLeftovers(): void {
    for (const [context, { request, invocation }] of underWay) {
      if (oneAtATime || request.earlyResponse !== undefined || invocation.isOver) end(context);
    }
  }

  return {
    async before(request) {
      endLeftovers();
      const invocation = environment.begin(limitsOf(request.context));
      underWay.set(request.context, { request, invocation });
      request.context.cache = invocation.cache;
      await invocation.catchUp();
    },
    after(request) {
      end(request.context);
    },
    onError(request) {
      end(request.context);
    },
  };
}

function limitsOf(context: Partial<LambdaContext>): { remainingMs(): number; requestId: string | undefined } {
  return {
    remainingMs: () => context.getRemainingTimeInMillis?.() ?? LONGEST_INVOCATION_MS,
    requestId: context.awsRequestId,
  };
}

function sinkOf(
  ref: StreamRef,
  options: ScacheOptions,
  env: NodeJS.ProcessEnv,
  onFailure: (cause: unknown) => void,
): MetricsSink {
  if (options.metrics === false) return () => undefined;
  return createEmfSink({
    streamName: ref.name,
    serviceName: env.POWERTOOLS_SERVICE_NAME,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    metrics: options.metrics,
    onFailure,
  });
}

function isDebug(env: NodeJS.ProcessEnv): boolean {
  const level = (env.AWS_LAMBDA_LOG_LEVEL ?? env.POWERTOOLS_LOG_LEVEL ?? env.LOG_LEVEL ?? "").toUpperCase();
  return level === "DEBUG" || level === "TRACE";
}
