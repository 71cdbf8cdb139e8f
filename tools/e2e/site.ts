/**
 * Where the end-to-end run takes place: the embedded services behind proxies, the built function, the environments, and
 * the accounts of all that happened. Every answer goes through the oracle and is looked over for things left running.
 */
import { Oracle } from "../demo/oracle.js";
import { type Services, startServices, warmUp } from "../emulators/services.js";
import { type Bundle, bundleFunction } from "../lambda/bundle.js";
import { LambdaEnvironment } from "../lambda/environment.js";
import { httpEvent } from "../lambda/http-event.js";
import type { InvocationOutcome, LambdaOptions } from "../lambda/invocation.js";

export interface SiteOptions {
  /** `@middy/core` is bundled as this package. */
  readonly middy: "@middy/core" | "middy7";
  readonly scacheFrom: "dist" | "src";
  /** Breaks something, to see it noticed: hides what the stream says, or leaves a timer behind in every invocation. */
  readonly break?: "stream" | "leftover";
}

export interface Answered {
  readonly durationMs: number;
  readonly version: number;
  readonly cache: string;
  readonly freshness: string;
  readonly requestId: string;
}

interface HttpAnswer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const USERS = Array.from({ length: 5 }, (_, index) => `user-${index + 1}`);

export function anyUser(): string {
  return USERS[Math.floor(Math.random() * USERS.length)] ?? "user-1";
}

export class Site {
  readonly services: Services;
  readonly oracle = new Oracle();
  /** What went wrong, in words; empty when all holds. */
  readonly failures: string[] = [];
  /** What invocations left running. */
  readonly leftovers: string[] = [];
  invocations = 0;
  readonly #bundle: Bundle;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #environments: LambdaEnvironment[] = [];
  #clockOffsetMs = 0;
  #freezes = 0;

  private constructor(services: Services, bundle: Bundle, variables: Readonly<Record<string, string>>) {
    this.services = services;
    this.#variables = { ...services.variables, ...variables };
    this.#bundle = bundle;
  }

  static async open(options: SiteOptions): Promise<Site> {
    const { middy, scacheFrom } = options;
    const bundle = await bundleFunction({
      entryPoint: "../tools/e2e/handler.ts",
      scacheFrom,
      alias: middy === "@middy/core" ? {} : { "@middy/core": middy },
    });
    const services = await startServices({ kinesisMs: 5, sourceMs: 10 });
    await warmUp(services.kinesis, 500);
    if (options.break === "stream") {
      services.kinesisProxy.fault("GetRecords", { rewriteAnswer: (answer) => ({ ...answer, Records: [] }) });
    }
    return new Site(services, bundle, options.break === "leftover" ? { LEAVE_RUNNING: "1" } : {});
  }

  get freezes(): number {
    return this.#environments.reduce((sum, environment) => sum + environment.counts.freezes, this.#freezes);
  }

  async createEnvironment(options: Partial<LambdaOptions> = {}): Promise<LambdaEnvironment> {
    const environment = await LambdaEnvironment.create({
      taskRoot: this.#bundle.taskRoot,
      handler: this.#bundle.handler,
      functionName: "users",
      env: this.#variables,
      movableClock: true,
      ...options,
    });
    environment.moveClock(this.#clockOffsetMs);
    this.#environments.push(environment);
    return environment;
  }

  /** Lets time pass for all environments and for Kinesis, at once. */
  async passTime(ms: number): Promise<void> {
    this.#clockOffsetMs += ms;
    await this.services.kinesis.moveClock(this.#clockOffsetMs);
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
    const { result, error, durationMs, requestId } = outcome;
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
    const left = headers["x-left-running"] ?? "not told";
    if (left !== "") this.leftovers.push(`${what}: ${left}`);
    const { version = 0 } = JSON.parse(body) as { version?: number };
    const { "x-cache": cache = "", "x-freshness": freshness = "" } = headers;
    return { durationMs, version, cache, freshness, requestId };
  }

  async remove(environment: LambdaEnvironment): Promise<void> {
    await environment.stop();
    this.#freezes += environment.counts.freezes;
    this.#environments.splice(this.#environments.indexOf(environment), 1);
  }

  async close(): Promise<void> {
    for (const environment of [...this.#environments]) await this.remove(environment);
    this.#bundle.remove();
    await this.services.stop();
  }
}
