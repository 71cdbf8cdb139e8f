/**
 * A handler under Middy as the tests of the middleware need it: with a stream in memory, a context as Lambda gives it,
 * and every line of metrics it writes. Middy itself is given, so that one test can run on several of its versions.
 */
import type middy from "@middy/core";
import { type CacheContext, type ScacheOptions, scache } from "../../src/index.js";
import { FakeKinesisClient } from "./fake-kinesis-client.js";
import { captureStandardOutput } from "./standard-output.js";

export type Middy = typeof middy;
export interface Outcome {
  readonly result?: unknown;
  readonly error?: unknown;
  /** Request ids of the metrics lines that this call wrote, in order. */
  readonly reported: readonly string[];
}

type Handler = (event: unknown, context: CacheContext, options: { signal: AbortSignal }) => Promise<unknown>;
type RawHandler = (event: unknown, context: object) => Promise<unknown>;
type Chain = ReturnType<Middy>;
type Middleware = Parameters<Chain["use"]>[0];

export interface Setup {
  /** Middlewares used before and after `scache`. */
  readonly earlier?: object;
  readonly later?: object;
  readonly options?: ScacheOptions;
  /** Middy's own options. */
  readonly plugin?: object;
}

export class MiddyHandler {
  readonly kinesis = new FakeKinesisClient();
  readonly #handler: RawHandler;

  constructor(core: Middy, handler: Handler, setup: Setup = {}) {
    const cache = scache("stream", { client: this.kinesis.asClient(), ...setup.options });
    let chain = core(setup.plugin as Parameters<Middy>[0]) as Chain;
    if (setup.earlier !== undefined) chain = chain.use(setup.earlier as Middleware) as Chain;
    chain = chain.use(cache as unknown as Middleware) as Chain;
    if (setup.later !== undefined) chain = chain.use(setup.later as Middleware) as Chain;
    this.#handler = chain.handler(handler as unknown as () => unknown) as unknown as RawHandler;
  }

  /** One invocation; `remainingMs` is what the context says is left, all the time. */
  async invoke(requestId: string, event: unknown = {}, remainingMs = 3_000): Promise<Outcome> {
    const call = async () => {
      try {
        return { result: await this.invokeRaw(requestId, event, remainingMs) };
      } catch (error) {
        return { error };
      }
    };
    const { result, lines } = await captureStandardOutput(call);
    return { ...result, reported: requestIdsOf(lines) };
  }

  /** The same, with standard output left alone. */
  invokeRaw(requestId: string, event: unknown = {}, remainingMs = 3_000): Promise<unknown> {
    return this.#handler(event, { awsRequestId: requestId, getRemainingTimeInMillis: () => remainingMs });
  }

  /** An invocation that nobody waits for: its handler never settles, as if the runtime had given up on it. */
  abandon(requestId: string, event: unknown = {}): void {
    void this.invokeRaw(requestId, event);
  }
}

export function requestIdsOf(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.includes('"_aws"'))
    .map((line) => String(Reflect.get(JSON.parse(line), "requestId")));
}
