/**
 * The environments of one set-up: each a Lambda environment of a built function in a process of its own, spoken to as the
 * HTTP API would. Whatever goes in or out is measured and judged here.
 */
import type { Bundle } from "../lambda/bundle.js";
import { LambdaEnvironment } from "../lambda/environment.js";
import { httpEvent } from "../lambda/http-event.js";
import type { InvocationOutcome } from "../lambda/invocation.js";
import type { EndedCall } from "../proxy.js";
import { lateWithin } from "./lateness.js";
import { metricsIn, total, waitedMs } from "./measures.js";
import { Oracle } from "./oracle.js";
import type { Setup } from "./setups.js";
import { isLoad, isLogCall, isLogRead, type Site, type Way } from "./site.js";

/** What one request brought. */
export interface Visit {
  readonly isWrite: boolean;
  /** What the caller waits for, less what the emulators took beyond the simulated latency. */
  readonly durationMs: number;
  /** The latter. */
  readonly lateMs: number;
  /** Whether the environment had to be started for it. */
  readonly cold: boolean;
  /** `hit` or `miss`, for a read through a cache. */
  readonly cache: string;
  readonly version: number;
  readonly stale: boolean;
  /** For the log, of `durationMs`. */
  readonly waitedMs: number;
  /** The log could not be read in time, and the cache was not used. */
  readonly bypassed: boolean;
  readonly timeSavedMs: number;
  readonly logCalls: number;
  readonly loads: number;
  /** Calls beyond a quota. */
  readonly refused: number;
  /** A write that was saved, but could not be told to the others in time; the writer was told so. */
  readonly unacknowledged: boolean;
  /** What the writer's browser keeps, as `name=value`. */
  readonly cookies: readonly string[];
}

interface HttpAnswer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
}

interface Requested {
  readonly outcome: InvocationOutcome;
  readonly version: number | undefined;
  readonly cache: string;
  readonly cookies: readonly string[];
  readonly beganMs: number;
}

/** Half of what is left of it is the most that a log is waited for. */
const TIMEOUT_MS = 20_000;

export class Member {
  readonly name: string;
  readonly environment: LambdaEnvironment;
  readonly #oracle: Oracle;
  readonly #way: Way;

  constructor(name: string, environment: LambdaEnvironment, oracle: Oracle, way: Way) {
    this.name = name;
    this.environment = environment;
    this.#oracle = oracle;
    this.#way = way;
  }

  /** @param cookies of the browser that asks */
  async read(userid: string, cookies: readonly string[] = []): Promise<Visit> {
    const read = this.#oracle.beginRead(userid);
    const requested = await this.#request("GET", userid, undefined, cookies);
    const stale = !this.#oracle.judge(this.name, read, requested.version ?? 0);
    return { ...this.#visit(requested), isWrite: false, stale };
  }

  async write(userid: string, name: string): Promise<Visit> {
    const requested = await this.#request("POST", userid, { name, email: `${userid}@example.com` });
    const { version } = requested;
    if (version !== undefined) this.#oracle.acknowledge(userid, version);
    return { ...this.#visit(requested), isWrite: true, stale: false };
  }

  async stop(): Promise<void> {
    await this.environment.stop();
    await this.#way.stop();
  }

  async #request(
    method: "GET" | "POST",
    userid: string,
    body?: unknown,
    sent: readonly string[] = [],
  ): Promise<Requested> {
    // What ended since the last invocation was given up by it.
    this.#way.takeEnded();
    const beganMs = performance.now();
    const outcome = await this.environment.invoke(httpEvent(method, userid, body, sent));
    const { statusCode, headers = {}, cookies: set = [], body: text = "" } = (outcome.result ?? {}) as HttpAnswer;
    const cache = headers["x-cache"] ?? "";
    if (statusCode === 503 && method === "POST") return { outcome, version: undefined, cache, cookies: [], beganMs };
    if (statusCode !== 200) {
      const why = outcome.error === undefined ? text : `${outcome.error.errorType}: ${outcome.error.errorMessage}`;
      throw new Error(
        `${method} /user/${userid} in environment ${this.name} answered ${statusCode ?? "nothing"}: ${why}`,
      );
    }
    const { version } = JSON.parse(text) as { version: number };
    const cookies = set.map((cookie) => cookie.split(";")[0] ?? "");
    return { outcome, version, cache, cookies, beganMs };
  }

  #visit({ outcome, version, cache, cookies, beganMs }: Requested) {
    const endedMs = performance.now();
    const calls = this.#way.takeEnded();
    const lateMs = (which: (call: EndedCall) => boolean) => lateWithin(calls.filter(which), beganMs, endedMs);
    const metrics = metricsIn(outcome.logs);
    const lateOfAll = Math.min(
      outcome.durationMs,
      lateMs(() => true),
    );
    return {
      durationMs: outcome.durationMs - lateOfAll,
      lateMs: lateOfAll,
      cold: outcome.initMs !== undefined,
      cache,
      version: version ?? 0,
      unacknowledged: version === undefined,
      cookies,
      waitedMs: Math.max(0, total(metrics.map(waitedMs)) - lateMs(isLogRead)),
      bypassed: metrics.some(({ state }) => state === "bypassed"),
      timeSavedMs: total(metrics.map(({ TimeSaved }) => TimeSaved)),
      logCalls: calls.filter(isLogCall).length,
      loads: calls.filter(isLoad).length,
      refused: calls.filter(({ isRefused }) => isRefused).length,
    };
  }
}

export interface Fleet {
  readonly setup: Setup;
  readonly oracle: Oracle;
  readonly members: readonly Member[];
  stop(): Promise<void>;
}

export async function createFleet(options: {
  readonly setup: Setup;
  readonly bundle: Bundle;
  readonly site: Site;
  readonly size: number;
  onLine(line: string): void;
}): Promise<Fleet> {
  const { setup, bundle, site, size, onLine } = options;
  const oracle = new Oracle({ maxStalenessMs: setup.maxStalenessMs });
  const create = async (name: string) => {
    const way = await site.openWay(setup);
    const environment = await LambdaEnvironment.create({
      taskRoot: bundle.taskRoot,
      handler: bundle.handler,
      functionName: "users",
      env: way.variables,
      timeoutMs: TIMEOUT_MS,
      onLine,
    });
    return new Member(name, environment, oracle, way);
  };
  const members = await Promise.all(Array.from({ length: size }, (_, index) => create(nameOf(index))));
  return {
    setup,
    oracle,
    members,
    async stop() {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

export const nameOf = (index: number) => String.fromCharCode("A".charCodeAt(0) + index);
