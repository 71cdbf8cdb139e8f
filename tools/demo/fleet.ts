/**
 * The demo's environments: each a Lambda environment of the built example in a process of its own, spoken to as the
 * HTTP API would. All but the last share the cache's stream; the last has the cache switched off, for comparison.
 */
import type { Services } from "../emulators/services.js";
import type { Bundle } from "../lambda/bundle.js";
import { LambdaEnvironment } from "../lambda/environment.js";
import { httpEvent } from "../lambda/http-event.js";
import type { InvocationOutcome } from "../lambda/invocation.js";
import type { Oracle } from "./oracle.js";

/** What one request brought. */
export interface Visit {
  readonly durationMs: number;
  /** Whether the environment had to be started for it. */
  readonly cold: boolean;
  /** `hit`, `miss` or `off` for a read. */
  readonly cache: string;
  readonly version: number;
  readonly stale: boolean;
}

interface HttpAnswer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Member {
  readonly name: string;
  readonly environment: LambdaEnvironment;
  readonly #oracle: Oracle;
  invocations = 0;
  /** Writes that were saved but could not be told to the others in time; the writer was told so. */
  unacknowledged = 0;

  constructor(name: string, environment: LambdaEnvironment, oracle: Oracle) {
    this.name = name;
    this.environment = environment;
    this.#oracle = oracle;
  }

  async read(userid: string): Promise<Visit> {
    const read = this.#oracle.beginRead(userid);
    const { outcome, version = 0, headers } = await this.#request("GET", userid);
    const fresh = this.#oracle.judge(this.name, read, version);
    return { ...visit(outcome), cache: headers["x-cache"] ?? "?", version, stale: !fresh };
  }

  async write(userid: string, name: string): Promise<Visit> {
    const { outcome, version } = await this.#request("POST", userid, { name, email: `${userid}@example.com` });
    if (version === undefined) this.unacknowledged += 1;
    else this.#oracle.acknowledge(userid, version);
    return { ...visit(outcome), cache: "", version: version ?? 0, stale: false };
  }

  async #request(method: "GET" | "POST", userid: string, body?: unknown) {
    this.invocations += 1;
    const outcome = await this.environment.invoke(httpEvent(method, userid, body));
    const { statusCode, headers = {}, body: text = "" } = (outcome.result ?? {}) as HttpAnswer;
    if (statusCode === 503 && method === "POST") return { outcome, version: undefined, headers };
    if (statusCode !== 200) {
      const why = outcome.error === undefined ? text : `${outcome.error.errorType}: ${outcome.error.errorMessage}`;
      throw new Error(
        `${method} /user/${userid} in environment ${this.name} answered ${statusCode ?? "nothing"}: ${why}`,
      );
    }
    const { version } = JSON.parse(text) as { version: number };
    return { outcome, version, headers };
  }
}

export interface Fleet {
  readonly members: readonly Member[];
  readonly withoutCache: Member;
  stop(): Promise<void>;
}

export async function createFleet(options: {
  readonly bundle: Bundle;
  readonly services: Services;
  readonly oracle: Oracle;
  readonly size: number;
  onLine(line: string, withCache: boolean): void;
}): Promise<Fleet> {
  const { bundle, services, oracle, size, onLine } = options;
  const create = async (name: string, withCache: boolean) => {
    const environment = await LambdaEnvironment.create({
      taskRoot: bundle.taskRoot,
      handler: bundle.handler,
      functionName: "users",
      env: { ...services.variables, ...(withCache ? {} : { SCACHE_OFF: "1" }) },
      onLine: (line) => onLine(line, withCache),
    });
    return new Member(name, environment, oracle);
  };
  const members = await Promise.all(Array.from({ length: size }, (_, index) => create(nameOf(index), true)));
  const withoutCache = await create("without cache", false);
  const all = [...members, withoutCache];
  return {
    members,
    withoutCache,
    async stop() {
      await Promise.all(all.map(({ environment }) => environment.stop()));
    },
  };
}

const nameOf = (index: number) => String.fromCharCode("A".charCodeAt(0) + index);

function visit({ durationMs, initMs }: InvocationOutcome): Pick<Visit, "durationMs" | "cold"> {
  return { durationMs, cold: initMs !== undefined };
}
