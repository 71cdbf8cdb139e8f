/**
 * One execution environment of the scenarios: a Middy handler with `scache()` at what would be its module scope, invoked
 * as the runtime does. What its log and its metrics say is kept for the test.
 */
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { type ContextCache, type Freshness, scache } from "../../src/index.js";
import type { ScacheOptions } from "../../src/options.js";
import { type Row, rowId } from "./stage.js";
import { until } from "./until.js";

export interface LogLine {
  readonly message: string;
  readonly detail: Record<string, unknown>;
}

/** A logger that keeps what it is told, by level. */
export class RecordedLog {
  readonly warnings: LogLine[] = [];
  readonly infos: LogLine[] = [];
  readonly debugs: LogLine[] = [];

  warn(message: string, detail: Record<string, unknown>): void {
    this.warnings.push({ message, detail });
  }

  info(message: string, detail: Record<string, unknown>): void {
    this.infos.push({ message, detail });
  }

  debug(message: string, detail: Record<string, unknown>): void {
    this.debugs.push({ message, detail });
  }
}

export interface Read extends Row {
  readonly hit: boolean;
  readonly freshness: Freshness;
}

type Work = (cache: ContextCache) => unknown;

type Handler = (event: { work: Work }, context: Context) => Promise<unknown>;

let requests = 0;

/** What the runtime gives a handler; `remainingMs` counts down from the invocation's start. */
export function lambdaContext(remainingMs = 30_000): Context {
  const endsAtMs = performance.now() + remainingMs;
  return {
    awsRequestId: `request-${++requests}`,
    functionName: "scenario",
    getRemainingTimeInMillis: () => Math.max(0, endsAtMs - performance.now()),
  } as Context;
}

export class TestEnvironment {
  readonly log = new RecordedLog();
  readonly #handler: Handler;
  readonly #load: (id: string) => Promise<Row>;

  constructor(streamName: string, options: ScacheOptions, load: (id: string) => Promise<Row>) {
    this.#load = load;
    this.#handler = middy<{ work: Work }, unknown>()
      .use(scache(streamName, { metrics: false, logger: this.log, ...options }))
      .handler(async (event, context) => event.work(context.cache)) as unknown as Handler;
  }

  /** One invocation. Resolves and rejects with what the handler does. */
  async invoke<R>(work: (cache: ContextCache) => R | Promise<R>, remainingMs?: number): Promise<R> {
    return (await this.#handler({ work }, lambdaContext(remainingMs))) as R;
  }

  /** The ordinary handler: what is cached, else what the source says, which is then cached. */
  read(id: string, remainingMs?: number): Promise<Read> {
    return this.invoke((cache) => this.readIn(cache, id), remainingMs);
  }

  /** The same inside an invocation. */
  async readIn(cache: ContextCache, id: string): Promise<Read> {
    const cached = cache.get(rowId(id));
    if (cached !== undefined) return { ...cached, hit: true, freshness: cache.freshness };
    const row = await this.#load(id);
    cache.add(rowId(id), row);
    return { ...row, hit: false, freshness: cache.freshness };
  }

  /** Reads until the environment has cached what it read, so that a test begins with a warm one. */
  async warm(...ids: readonly string[]): Promise<void> {
    await this.invoke(async (cache) => {
      for (const id of ids) await this.readIn(cache, id);
    });
  }

  /** Warms it, and goes past its first refresh. */
  async settle(...ids: readonly [string, ...string[]]): Promise<this> {
    await this.warm(...ids);
    await until("the environment has made its first refresh", async () => (await this.read(ids[0])).hit);
    return this;
  }
}
