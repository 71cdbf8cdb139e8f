/**
 * Invocations that other hooks end in their own way, many at once in one process, as on Managed Instances: an invocation
 * whose hooks never came cannot be told there from one that still runs, until it has an answer or its time is over. Each
 * must still be accounted for exactly once, and no other one by mistake.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LambdaEnvironment } from "../lambda/environment.js";
import { httpEvent } from "../lambda/http-event.js";
import { MetricsLines } from "./metrics-lines.js";
import { HOOK_CASES, type OddCase } from "./odd-cases.js";
import { anyUser, type Site } from "./site.js";

export interface OddCrowdCounts {
  invocations: number;
  oddInvocations: number;
  accountedFor: number;
}

const AT_ONCE = 16;
const EACH = 14;
/** Longer than any of these takes, and short, since the run waits for it. */
const TIMEOUT_MS = 2_500;

interface Invoked {
  readonly requestId: string;
  readonly odd: string;
  readonly lines: number;
}

export async function runOddCrowd(site: Site, signal: AbortSignal): Promise<OddCrowdCounts> {
  const lines = new MetricsLines();
  const { taskRoot, handler } = await site.build("hooks-handler");
  const concurrency = { max: AT_ONCE, workers: 1 };
  const crowd = await site.createEnvironment({ taskRoot, handler, concurrency, onLine: lines.take });
  const invoked: Invoked[] = [];
  const visitor = async (_: unknown, number: number) => {
    for (let turn = 0; turn < EACH && !signal.aborted; turn += 1) {
      const oddCase = HOOK_CASES[(number + turn) % HOOK_CASES.length];
      if (oddCase !== undefined && turn % 2 === 0) invoked.push(await invokeOdd(site, crowd, oddCase));
      else await readOnce(site, crowd, invoked);
    }
  };
  await readOnce(site, crowd, invoked);
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  // Those that were never ended by a hook are ended by an invocation that begins after their time.
  await sleep(TIMEOUT_MS + 100);
  await readOnce(site, crowd, invoked);
  const oddInvocations = invoked.filter(({ odd }) => odd !== "").length;
  const missing = () => invoked.filter(({ requestId, lines: expected }) => lines.of(requestId).length !== expected);
  const latestMs = performance.now() + 2_000;
  while (missing().length > 0 && performance.now() < latestMs) await sleep(10);
  await site.remove(crowd);
  for (const { odd, requestId, lines: expected } of missing()) {
    const found = lines.of(requestId).length;
    site.failures.push(`among others, ${odd || "a read"}: ${found} metrics lines instead of ${expected}`);
  }
  return { invocations: invoked.length, oddInvocations, accountedFor: invoked.length - missing().length };
}

async function readOnce(site: Site, crowd: LambdaEnvironment, invoked: Invoked[]): Promise<void> {
  const answered = await site.read(crowd, anyUser());
  if (answered !== undefined) invoked.push({ requestId: answered.requestId, odd: "", lines: 1 });
}

async function invokeOdd(site: Site, crowd: LambdaEnvironment, { odd, gives, reported }: OddCase): Promise<Invoked> {
  site.invocations += 1;
  const event = { ...(httpEvent("GET", anyUser()) as object), odd };
  const { requestId, error } = await crowd.invoke(event, { timeoutMs: TIMEOUT_MS });
  const given = error?.errorType ?? "an answer";
  const right = typeof gives === "string" ? error === undefined : gives.includes(given);
  if (!right) site.failures.push(`among others, ${odd}: gave ${given}`);
  return { requestId, odd, lines: reported === "never" ? 0 : 1 };
}
