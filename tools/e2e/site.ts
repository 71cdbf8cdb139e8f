/**
 * Where the end-to-end run takes place: the embedded services behind proxies, the built function, the environments, and
 * the accounts of all that happened. Every answer goes through the oracle and is looked over for things left running.
 */
import type { RefreshWhen } from "../../src/index.js";
import { Oracle } from "../demo/oracle.js";
import {
  type LogName,
  logVariables,
  type Services,
  startServices,
  startTableServices,
  type TableServices,
  warmUp,
} from "../emulators/services.js";
import { type Bundle, type BundleOptions, bundleFunction } from "../lambda/bundle.js";
import { LambdaEnvironment } from "../lambda/environment.js";
import { httpEvent } from "../lambda/http-event.js";
import type { InvocationOutcome, LambdaOptions } from "../lambda/invocation.js";
import { type LogAccess, logAccess } from "./log-access.js";

export interface SiteOptions {
  /** `@middy/core` is bundled as this package. */
  readonly middy: "@middy/core" | "middy7";
  readonly scacheFrom: "dist" | "src";
  readonly log: LogName;
  readonly break?: Break;
}

/**
 * Breaks something, to see it noticed: hides what the log says, leaves a timer or a promise behind in every invocation, takes
 * the middleware's `after` away, or lets the relay sleep.
 */
export const BREAKS = ["stream", "leftover", "promise", "hooks", "relay"] as const;
export type Break = (typeof BREAKS)[number];

const BROKEN_BY_VARIABLE: Partial<Record<Break, Record<string, string>>> = {
  leftover: { LEAVE_RUNNING: "timer" },
  promise: { LEAVE_RUNNING: "promise" },
  hooks: { WITHOUT_AFTER: "1" },
};

/** A site whose log is in a table does without Kinesis. */
export type SiteServices = TableServices & Partial<Services>;

export interface Answered {
  readonly durationMs: number;
  readonly version: number;
  readonly cache: string;
  readonly freshness: string;
  readonly requestId: string;
  readonly logs: readonly string[];
}

interface HttpAnswer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const MODES: readonly RefreshWhen[] = ["before", "alongside", "used"];

export const USERS = Array.from({ length: 5 }, (_, index) => `user-${index + 1}`);

export function anyUser(): string {
  return USERS[Math.floor(Math.random() * USERS.length)] ?? "user-1";
}

export class Site {
  readonly services: SiteServices;
  readonly log: LogAccess;
  readonly oracle = new Oracle();
  /** What went wrong, in words; empty when all holds. */
  readonly failures: string[] = [];
  /** What invocations left running. */
  readonly leftovers: string[] = [];
  invocations = 0;
  readonly #options: SiteOptions;
  readonly #bundles: Bundle[] = [];
  readonly #variables: Readonly<Record<string, string>>;
  readonly #environments: LambdaEnvironment[] = [];
  #created = 0;
  #clockOffsetMs = 0;
  #freezes = 0;

  private constructor(services: SiteServices, options: SiteOptions) {
    this.services = services;
    this.log = logAccess(services);
    this.#options = options;
    this.#variables = {
      ...services.variables,
      ...logVariables(options.log),
      ...BROKEN_BY_VARIABLE[options.break ?? "stream"],
    };
  }

  static async open(options: SiteOptions): Promise<Site> {
    const start = options.log === "kinesis" ? startServices : startTableServices;
    const services: SiteServices = await start({ kinesisMs: 5, sourceMs: 10, logTableMs: 4 });
    const site = new Site(services, options);
    await site.build("handler");
    if (services.kinesis !== undefined) await warmUp(services.kinesis, 500);
    if (options.break === "stream") site.log.hideRecords();
    return site;
  }

  /** A function of this folder, built once; the one built first is what environments run unless told. */
  build(name: string): Promise<Bundle> {
    return this.#built(`${name}.handler`, { entryPoint: `../tools/e2e/${name}.ts` });
  }

  /** The example's own relay, as the template builds it. */
  buildRelay(): Promise<Bundle> {
    return this.#built("relay.handler", { functionName: "RelayFunction" });
  }

  async #built(handler: string, what: BundleOptions): Promise<Bundle> {
    const built = this.#bundles.find((bundle) => bundle.handler === handler);
    if (built !== undefined) return built;
    const { middy, scacheFrom } = this.#options;
    const alias: Record<string, string> = middy === "@middy/core" ? {} : { "@middy/core": middy };
    const bundle = await bundleFunction({ ...what, scacheFrom, alias, nodePaths: ["tests/middy7/node_modules"] });
    this.#bundles.push(bundle);
    return bundle;
  }

  get broken(): Break | undefined {
    return this.#options.break;
  }

  get freezes(): number {
    return this.#environments.reduce((sum, environment) => sum + environment.counts.freezes, this.#freezes);
  }

  async createEnvironment(options: Partial<LambdaOptions> = {}): Promise<LambdaEnvironment> {
    const { taskRoot = "", handler = "" } = this.#bundles[0] ?? {};
    const environment = await LambdaEnvironment.create({
      taskRoot,
      handler,
      functionName: "users",
      movableClock: true,
      ...options,
      env: { ...this.#variables, REFRESH_WHEN: this.#nextMode(), ...options.env },
    });
    environment.moveClock(this.#clockOffsetMs);
    this.#environments.push(environment);
    return environment;
  }

  /** Each environment in turn another one: a fleet may have them side by side. */
  #nextMode(): RefreshWhen {
    this.#created += 1;
    return MODES[this.#created % MODES.length] ?? "before";
  }

  /** Lets time pass for all environments and for Kinesis, if it is there, at once. */
  async passTime(ms: number): Promise<void> {
    this.#clockOffsetMs += ms;
    await this.services.kinesis?.moveClock(this.#clockOffsetMs);
    for (const environment of this.#environments) environment.moveClock(this.#clockOffsetMs);
  }

  get passedMs(): number {
    return this.#clockOffsetMs;
  }

  /** Undefined when the environment was ended meanwhile and `mayDie`. */
  async read(environment: LambdaEnvironment, userid: string, mayDie = false): Promise<Answered | undefined> {
    const read = this.oracle.beginRead(userid);
    const answered = this.#take(`GET ${userid}`, await environment.invoke(httpEvent("GET", userid)), mayDie);
    if (answered !== undefined) this.oracle.judge("an environment", read, answered.version);
    return answered;
  }

  async write(environment: LambdaEnvironment, userid: string, mayDie = false): Promise<Answered | undefined> {
    const body = { name: "Ann", email: "ann@example.com" };
    const answered = this.#take(`POST ${userid}`, await environment.invoke(httpEvent("POST", userid, body)), mayDie);
    if (answered !== undefined) this.oracle.acknowledge(userid, answered.version);
    return answered;
  }

  #take(what: string, outcome: InvocationOutcome, mayDie: boolean): Answered | undefined {
    this.invocations += 1;
    const { result, error, durationMs, requestId, logs } = outcome;
    if (error !== undefined) {
      if (!mayDie) this.failures.push(`${what}: ${error.errorType}: ${error.errorMessage}`);
      return undefined;
    }
    const { statusCode, headers = {}, body = "{}" } = result as HttpAnswer;
    // A user not yet written is no failure; it counts as version 0.
    if (statusCode !== 200 && statusCode !== 404) {
      this.failures.push(`${what}: answered ${statusCode}: ${body}`);
      return undefined;
    }
    this.checkLeft(what, headers["x-left-running"] ?? leftRunning(logs));
    const { version = 0 } = JSON.parse(body) as { version?: number };
    const { "x-cache": cache = "", "x-freshness": freshness = "" } = headers;
    return { durationMs, version, cache, freshness, requestId, logs };
  }

  /** `left` is what an invocation has told that it left running: the empty text for nothing. */
  checkLeft(what: string, left = "not told"): void {
    if (left !== "") this.leftovers.push(`${what}: ${left}`);
  }

  async remove(environment: LambdaEnvironment): Promise<void> {
    await environment.stop();
    this.#freezes += environment.counts.freezes;
    this.#environments.splice(this.#environments.indexOf(environment), 1);
  }

  async close(): Promise<void> {
    for (const environment of [...this.#environments]) await this.remove(environment);
    for (const bundle of this.#bundles) bundle.remove();
    await this.services.stop();
  }
}

/** What an invocation has left running, where it tells so in its log. */
export function leftRunning(logs: readonly string[]): string | undefined {
  const mark = "left running: ";
  return logs.find((line) => line.startsWith(mark))?.slice(mark.length);
}
