/**
 * Under Middy, on AWS's runtime client: invocations that another hook, the deadline or the process itself ends in its own
 * way. Each must give its caller what Middy promises, be accounted for exactly once, and leave the next ones right.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bundle } from "../lambda/bundle.js";
import type { LambdaEnvironment } from "../lambda/environment.js";
import { httpEvent } from "../lambda/http-event.js";
import type { InvocationOutcome } from "../lambda/invocation.js";
import { type MetricsLine, MetricsLines } from "./metrics-lines.js";
import { END_CASES, HOOK_CASES, type OddCase, STREAMED_CASES } from "./odd-cases.js";
import { anyUser, leftRunning, type Site, USERS } from "./site.js";

export interface HookCounts {
  oddInvocations: number;
  /** How often each case was run. */
  readonly cases: Record<string, number>;
  /** Odd invocations whose metrics came when they should, once and with their own counts, or rightly never. */
  accountedFor: number;
  /** Of these, so many by the invocation after them. */
  accountedForLater: number;
  environmentsLost: number;
  /** Values offered to the cache by handlers whose invocation was over. */
  lateAdds: number;
  /** Of these, so many were known to be out of date. */
  lateAddsRefused: number;
}

const ADDED_LATE = "added late: ";
/** What the function needs, and little more: memory that runs out is to run out soon. */
const MEMORY_MB = 256;
/** A little longer than the handler waits before it adds. */
const LATEST_ADD_MS = 180;

export async function runHooks(site: Site, rounds: number, signal: AbortSignal): Promise<HookCounts> {
  const counts: HookCounts = {
    oddInvocations: 0,
    cases: {},
    accountedFor: 0,
    accountedForLater: 0,
    environmentsLost: 0,
    lateAdds: 0,
    lateAddsRefused: 0,
  };
  const bundle = await site.build("hooks-handler");
  const buffered = [...HOOK_CASES, ...END_CASES];
  const streamed = { ...bundle, handler: bundle.handler.replace(/\w+$/, "streamed") };
  for (let round = 0; round < rounds && !signal.aborted; round += 1) {
    await new HookRun(site, counts, "").run(bundle, buffered, signal);
    await new HookRun(site, counts, "streamed: ").run(streamed, STREAMED_CASES, signal);
  }
  return counts;
}

class HookRun {
  readonly #site: Site;
  readonly #counts: HookCounts;
  readonly #prefix: string;
  readonly #lines = new MetricsLines();

  constructor(site: Site, counts: HookCounts, prefix: string) {
    this.#site = site;
    this.#counts = counts;
    this.#prefix = prefix;
  }

  async run({ taskRoot, handler }: Bundle, cases: readonly OddCase[], signal: AbortSignal): Promise<void> {
    const environment = await this.#site.createEnvironment({
      taskRoot,
      handler,
      memoryMb: MEMORY_MB,
      env: { WATCH_PROMISES: "1" },
      onLine: (line) => {
        this.#lines.take(line);
        if (line.startsWith(ADDED_LATE)) this.#counts.lateAdds += 1;
        if (line === `${ADDED_LATE}false`) this.#counts.lateAddsRefused += 1;
      },
    });
    const writer = await this.#site.createEnvironment();
    for (const oddCase of cases) {
      if (signal.aborted) break;
      await this.#runCase(oddCase, environment, writer);
    }
    await this.#site.remove(environment);
    await this.#site.remove(writer);
  }

  async #runCase(oddCase: OddCase, environment: LambdaEnvironment, writer: LambdaEnvironment): Promise<void> {
    const userid = anyUser();
    for (const filled of [...USERS.slice(0, 2), userid]) await this.#readWell(environment, filled);
    // Sometimes there is something to be read before the odd invocation itself.
    if (Math.random() < 0.5) await this.#site.write(writer, anyUser());
    const starts = environment.counts.starts;
    const outcome = await this.#invoke(oddCase, environment, userid);
    const requestId = outcome.requestId;
    const reportedAtOnce = this.#lines.of(requestId).length;
    // What the odd invocation has read is out of date from here on.
    await this.#site.write(writer, userid);
    if (oddCase.late === "after the news") await this.#readWell(environment, userid);
    if (oddCase.late !== undefined) await sleep(LATEST_ADD_MS);
    for (const read of [userid, ...USERS.slice(0, 2), userid]) await this.#readWell(environment, read);
    this.#judgeLines(oddCase, requestId, reportedAtOnce);
    const lost = environment.counts.starts - starts;
    this.#counts.environmentsLost += lost;
    if (lost !== (oddCase.ends ? 1 : 0)) this.#fail(oddCase, `${lost} environments were lost`);
  }

  /** An ordinary read, which must be accounted for at once and once. */
  async #readWell(environment: LambdaEnvironment, userid: string): Promise<void> {
    const answered = await this.#site.read(environment, userid);
    if (answered === undefined) return;
    const lines = this.#lines.of(answered.requestId);
    const [line] = lines;
    const own = line !== undefined && line.CacheHits + line.CacheMisses === 1 && line.state === answered.freshness;
    if (lines.length !== 1 || !own) {
      this.#site.failures.push(`${this.#prefix}a read printed ${lines.length} metrics lines: ${inShort(line)}`);
    }
  }

  async #invoke(oddCase: OddCase, environment: LambdaEnvironment, userid: string): Promise<InvocationOutcome> {
    const { odd, gives, timeoutMs, ends, late } = oddCase;
    const name = this.#prefix + (odd === "" ? "nothing odd" : odd);
    this.#counts.cases[name] = (this.#counts.cases[name] ?? 0) + 1;
    this.#counts.oddInvocations += 1;
    this.#site.invocations += 1;
    const read = this.#site.oracle.beginRead(userid);
    const event = { ...(httpEvent("GET", userid) as object), odd };
    const outcome = await environment.invoke(event, timeoutMs === undefined ? {} : { timeoutMs });
    const { error, result } = outcome;
    const { headers, body = "{}" } = (result ?? {}) as { headers?: Record<string, string>; body?: string };
    const given = error?.errorType ?? (headers?.["x-early"] === "yes" ? "early" : "user");
    if (typeof gives === "string" ? given !== gives : !gives.includes(given)) {
      this.#fail(oddCase, `gave ${given}: ${error?.errorMessage ?? body}`);
    }
    if (given === "user") {
      this.#site.oracle.judge(name, read, (JSON.parse(body) as { version?: number }).version ?? 0);
    }
    if (!ends && late === undefined) this.#site.checkLeft(name, leftRunning(outcome.logs));
    return outcome;
  }

  /** When no other invocation can add anything any more. */
  #judgeLines(oddCase: OddCase, requestId: string, atOnce: number): void {
    const { reported, asked } = oddCase;
    const lines = this.#lines.of(requestId);
    const [line] = lines;
    const expected = reported === "never" ? 0 : 1;
    const rightCount = lines.length === expected && atOnce === (reported === "itself" ? 1 : 0);
    const rightContent = line === undefined || line.CacheHits + line.CacheMisses === asked;
    if (!rightCount || !rightContent) {
      this.#fail(oddCase, `${atOnce} metrics lines at once, ${lines.length} in the end: ${inShort(line)}`);
      return;
    }
    this.#counts.accountedFor += 1;
    if (reported === "next") this.#counts.accountedForLater += 1;
  }

  #fail({ odd }: OddCase, what: string): void {
    this.#site.failures.push(`${this.#prefix}${odd}: ${what}`);
  }
}

function inShort(line: MetricsLine | undefined): string {
  return line === undefined ? "none" : `${line.CacheHits} hits, ${line.CacheMisses} misses, ${line.state}`;
}
