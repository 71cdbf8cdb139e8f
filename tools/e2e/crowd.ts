/**
 * Many invocations at once, as on Managed Instances: 64 under way in one environment of 1, 2 or 8 worker threads, while
 * another environment writes too. Nothing may be stale, and what each invocation is told (hit or miss, freshness) must
 * be what its own metrics line says.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LambdaEnvironment } from "../lambda/environment.js";
import { MetricsLines } from "./metrics-lines.js";
import { type Answered, anyUser, type Site } from "./site.js";

export interface CrowdCounts {
  readonly workers: number;
  invocations: number;
  mostAtOnce: number;
  hits: number;
  /** Invocations whose metrics line was found, once, and agreed with what the invocation was told. */
  metricsMatched: number;
  metricsMismatched: number;
  metricsMissing: number;
}

const AT_ONCE = 64;
const SHARE_OF_WRITES = 0.05;

export async function runCrowd(site: Site, workers: number, forMs: number, signal: AbortSignal): Promise<CrowdCounts> {
  const counts: CrowdCounts = {
    workers,
    invocations: 0,
    mostAtOnce: 0,
    hits: 0,
    metricsMatched: 0,
    metricsMismatched: 0,
    metricsMissing: 0,
  };
  const lines = new MetricsLines();
  const answers: Answered[] = [];
  const refreshWhen = workers === 1 ? "before" : workers === 2 ? "alongside" : "used";
  const crowd = await site.createEnvironment({
    env: { REFRESH_WHEN: refreshWhen },
    concurrency: { max: AT_ONCE, workers },
    onLine: lines.take,
  });
  const other = await site.createEnvironment();
  await site.read(crowd, anyUser());
  const endMs = performance.now() + forMs;
  const goesOn = () => performance.now() < endMs && !signal.aborted;
  let atOnce = 0;
  const visitor = async () => {
    while (goesOn()) {
      atOnce += 1;
      counts.mostAtOnce = Math.max(counts.mostAtOnce, atOnce);
      counts.invocations += 1;
      const answered = await visit(site, crowd);
      atOnce -= 1;
      if (answered !== undefined) answers.push(answered);
    }
  };
  const writer = async () => {
    while (goesOn()) await site.write(other, anyUser());
  };
  await Promise.all([writer(), ...Array.from({ length: AT_ONCE }, visitor)]);
  // What worker threads print comes through the main thread, and so a little later than their answers.
  const latestMs = performance.now() + 2_000;
  while (answers.some(({ requestId }) => lines.of(requestId).length === 0) && performance.now() < latestMs)
    await sleep(10);
  await site.remove(crowd);
  await site.remove(other);
  compare(answers, lines, refreshWhen === "before", counts);
  if (counts.metricsMissing > 0)
    site.failures.push(`${counts.metricsMissing} metrics lines of ${workers} workers are missing`);
  if (counts.metricsMismatched > 0)
    site.failures.push(`${counts.metricsMismatched} metrics lines of ${workers} workers differ`);
  return counts;
}

function visit(site: Site, crowd: LambdaEnvironment): Promise<Answered | undefined> {
  return Math.random() < SHARE_OF_WRITES ? site.write(crowd, anyUser()) : site.read(crowd, anyUser());
}

/**
 * @param isSettled what may be served was settled before the handler; else the log may have been read since it was told, and an
 *   entry may have been served though its load had begun as well
 */
function compare(answers: readonly Answered[], lines: MetricsLines, isSettled: boolean, counts: CrowdCounts): void {
  for (const { requestId, cache, freshness } of answers) {
    if (cache === "hit") counts.hits += 1;
    const [line, ...more] = lines.of(requestId);
    if (line === undefined) {
      counts.metricsMissing += 1;
      continue;
    }
    const hits = cache === "hit" ? 1 : 0;
    const misses = cache === "miss" ? 1 : 0;
    const found = line.CacheHits + line.loadsShared === hits && line.CacheMisses - line.loadsShared === misses;
    const agrees = isSettled ? found && line.state === freshness : line.CacheHits + line.CacheMisses === hits + misses;
    const own = agrees && more.length === 0;
    counts[own ? "metricsMatched" : "metricsMismatched"] += 1;
  }
}
