/**
 * Ties an environment's invocations to Middy's hooks. It decides nothing, and it must never change what a handler returns
 * or throws: whatever fails here ends in a cache that misses (with `onRefreshError: "throw"` excepted).
 *
 * Middy runs neither `after` nor `onError` when a later `before` returns early, so an invocation whose hooks never came
 * is ended at the next `before`. The types are structural and fit Middy 6 and 7.
 */

import type { Environment } from "./core/environment.js";
import type { ContextCache } from "./core/invocation/context-cache.js";
import type { Invocation } from "./core/invocation/invocation.js";
import type { MetricsSink } from "./core/invocation/report.js";
import type { InvocationLimits } from "./core/invocation/serving.js";
import { LONGEST_INVOCATION_MS } from "./core/time-limits.js";

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
  /** Takes time only where hits are audited, or a load is under way that the reading of the log has made needless. */
  after(request: ScacheRequest): Promise<void> | undefined;
  onError(request: ScacheRequest): Promise<void> | undefined;
  /**
   * Puts `context.cache` into a handler without Middy: `export const handler = scache("my-stream").wrap(async (event, context)
   * => …)`. The handler must be async; what it returns and throws is passed on as it is.
   */
  wrap<Event, Result, Context extends { cache: ContextCache } = CacheContext>(
    handler: (event: Event, context: Context) => Promise<Result>,
  ): (event: Event, context: Omit<Context, "cache">) => Promise<Result>;
}

/**
 * @param report is given each invocation's accounts, once
 * @param oneAtATime an invocation has ended when the next begins, whether or not its hooks ran: true in a process that
 *   Lambda freezes between invocations
 */
export function createHooks(environment: Environment, report: MetricsSink, oneAtATime: boolean): ScacheMiddleware {
  const underWay = new Map<object, { request: ScacheRequest; invocation: Invocation }>();

  function end(context: object): void {
    const invocation = underWay.get(context)?.invocation;
    underWay.delete(context);
    const accounts = invocation?.end();
    if (accounts !== undefined) report(accounts);
  }

  /** The context that the invocation began with. A later middleware may have put a copy in its place, cache and all. */
  function contextOf({ context }: ScacheRequest): object {
    if (underWay.has(context)) return context;
    const found = [...underWay].find(([, { invocation }]) => invocation.cache === context.cache);
    return found?.[0] ?? context;
  }

  const invocationOf = (request: ScacheRequest) => underWay.get(contextOf(request))?.invocation;

  /** Ends it once this work has ended, if it has not been ended by another's beginning meanwhile; at once where there is none. */
  function endAfter(work: Promise<unknown> | undefined, request: ScacheRequest): Promise<void> | undefined {
    const invocation = invocationOf(request);
    if (work === undefined) end(contextOf(request));
    return work?.then(() => {
      if (invocationOf(request) === invocation) end(contextOf(request));
    });
  }

  const hooks: Omit<ScacheMiddleware, "wrap"> = {
    async before(request) {
      for (const [context, earlier] of underWay) {
        if (oneAtATime || earlier.request.earlyResponse !== undefined || earlier.invocation.isOver) end(context);
      }
      // Used twice for one handler, it is one cache still.
      if (underWay.get(request.context)?.request === request) return;
      end(request.context);
      const invocation = environment.begin(limitsOf(request.context));
      underWay.set(request.context, { request, invocation });
      request.context.cache = invocation.cache;
      await invocation.catchUp();
    },
    after(request) {
      const invocation = invocationOf(request);
      invocation?.returned();
      const loads = invocation?.outrunLoads();
      const audit = () => invocation?.audit();
      return endAfter(loads === undefined ? audit() : loads.then(audit), request);
    },
    onError: (request) => endAfter(invocationOf(request)?.outrunLoads(), request),
  };
  return { ...hooks, wrap: wrapping(hooks) };
}

/** The same around a handler as Middy would do around its own, which makes a context where there is none, too. */
function wrapping({ before, after, onError }: Omit<ScacheMiddleware, "wrap">): ScacheMiddleware["wrap"] {
  return (handler) =>
    async (event, given = {} as never) => {
      const context = given as CacheContext & Parameters<typeof handler>[1];
      const request: ScacheRequest = { event, context, response: undefined, error: null, internal: {} };
      try {
        await before(request);
        const result = await handler(event, context);
        await after(request);
        return result;
      } catch (error) {
        await onError(request);
        throw error;
      }
    };
}

function limitsOf(context: Partial<LambdaContext>): InvocationLimits {
  return {
    remainingMs() {
      const remainingMs = context.getRemainingTimeInMillis?.();
      // A context made by hand may say anything; a timer takes 24 days at most.
      return Number.isFinite(remainingMs)
        ? Math.min(Number(remainingMs), LONGEST_INVOCATION_MS)
        : LONGEST_INVOCATION_MS;
    },
    requestId: context.awsRequestId,
  };
}
