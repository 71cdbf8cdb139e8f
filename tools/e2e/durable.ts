/**
 * Durable executions under Middy 7, on AWS's runtime client and AWS's durable SDK, against a small stand-in for the
 * service: suspended at a wait, resumed by a replay, in the same environment or another. A suspended invocation runs
 * neither `after` nor `onError`; it must be accounted for by the next one, and the replay must see what has changed.
 */
import type { LambdaEnvironment } from "../lambda/environment.js";
import type { InvocationOutcome } from "../lambda/invocation.js";
import { DurableService } from "./durable-service.js";
import { MetricsLines } from "./metrics-lines.js";
import { anyUser, leftRunning, type Site } from "./site.js";

export interface DurableCounts {
  executions: number;
  suspended: number;
  /** Resumed in the environment that had suspended them, and in another. */
  replaysWarm: number;
  replaysCold: number;
  /** Invocations whose metrics were printed once, when they should be. */
  accountedFor: number;
}

export async function runDurable(site: Site, executions: number, signal: AbortSignal): Promise<DurableCounts> {
  const counts: DurableCounts = { executions: 0, suspended: 0, replaysWarm: 0, replaysCold: 0, accountedFor: 0 };
  const service = new DurableService();
  await service.listen();
  try {
    const { taskRoot, handler } = await site.build("durable-handler");
    const lines = new MetricsLines();
    const environment = await site.createEnvironment({
      taskRoot,
      handler,
      env: { AWS_ENDPOINT_URL_LAMBDA: service.endpoint },
      onLine: lines.take,
    });
    const other = await site.createEnvironment();
    const run = new DurableRun(site, counts, service, lines, environment, other);
    for (; counts.executions < executions && !signal.aborted; counts.executions += 1) await run.execute();
    await site.remove(environment);
    await site.remove(other);
  } finally {
    await service.close();
  }
  return counts;
}

class DurableRun {
  readonly #site: Site;
  readonly #counts: DurableCounts;
  readonly #service: DurableService;
  readonly #lines: MetricsLines;
  readonly #environment: LambdaEnvironment;
  readonly #other: LambdaEnvironment;

  constructor(
    site: Site,
    counts: DurableCounts,
    service: DurableService,
    lines: MetricsLines,
    environment: LambdaEnvironment,
    other: LambdaEnvironment,
  ) {
    this.#site = site;
    this.#counts = counts;
    this.#service = service;
    this.#lines = lines;
    this.#environment = environment;
    this.#other = other;
  }

  async execute(): Promise<void> {
    const userid = anyUser();
    const arn = this.#service.start({ userid });
    await this.#site.write(this.#other, userid);
    const suspended = await this.#invoke(arn, userid);
    this.#expect("suspended", suspended.status, "PENDING");
    this.#counts.suspended += 1;
    this.#expect("lines of a suspended invocation", this.#lines.of(suspended.requestId).length, 0);
    await this.#site.write(this.#other, userid);
    // One environment in three is gone by the time the wait is over, and a suspended invocation's accounts with it.
    const cold = this.#counts.executions % 3 === 2;
    if (cold) await this.#environment.kill();
    const resumed = await this.#invoke(arn, userid);
    this.#counts[cold ? "replaysCold" : "replaysWarm"] += 1;
    this.#expect("resumed", resumed.status, "SUCCEEDED");
    const { before, written = 0 } = resumed.value as { before?: number; written?: number };
    this.#expect("the step's result after the replay", before, suspended.version);
    this.#site.oracle.acknowledge(userid, written);
    this.#account(suspended.requestId, cold ? 0 : 1);
    this.#account(resumed.requestId, 1);
    await this.#site.read(this.#other, userid);
  }

  async #invoke(arn: string, userid: string) {
    this.#site.invocations += 1;
    const read = this.#site.oracle.beginRead(userid);
    const outcome = await this.#environment.invoke(this.#service.event(arn));
    const { Status: status, Result: text = "{}" } = (outcome.result ?? {}) as { Status?: string; Result?: string };
    if (outcome.error !== undefined) this.#site.failures.push(`durable: ${outcome.error.errorMessage}`);
    const version = versionRead(outcome);
    this.#site.oracle.judge("a durable function", read, version);
    // AWS's durable SDK leaves timers of its own (a note half a second later, and a retry's).
    const left = leftRunning(outcome.logs)
      ?.split(",")
      .filter((name) => name !== "Timeout");
    this.#site.checkLeft("durable", left?.join(","));
    return { requestId: outcome.requestId, status, version, value: JSON.parse(text) as unknown };
  }

  #account(requestId: string, times: number): void {
    const lines = this.#lines.of(requestId).length;
    this.#expect("metrics lines of an invocation", lines, times);
    if (lines === times) this.#counts.accountedFor += 1;
  }

  #expect(what: string, found: unknown, expected: unknown): void {
    if (found !== expected) this.#site.failures.push(`durable: ${what}: ${found} instead of ${expected}`);
  }
}

function versionRead({ logs }: InvocationOutcome): number {
  const mark = "version: ";
  return Number(logs.find((line) => line.startsWith(mark))?.slice(mark.length) ?? -1);
}
