/**
 * One execution environment's cache on an in-process stream, as the benchmarks of its parts need it: large bounds, no
 * metrics, and one call for a whole invocation. The latency benchmarks use the public middleware instead.
 */

import { type Clock, newNonce, systemClock, systemRandom } from "../src/core/clock.js";
import { createEnvironment, type Environment } from "../src/core/environment.js";
import type { ContextCache } from "../src/core/invocation/context-cache.js";
import { createStreamLog } from "../src/kinesis/log.js";
import type { StreamApi } from "../src/kinesis/stream-api.js";
import { resolveOptions, type ScacheOptions } from "../src/options.js";

/** Past every bound: the caches measured hold up to a million entries of a few hundred bytes. */
const UNBOUNDED = { maxEntries: 2_000_000, maxBytes: 4 * 1024 ** 3, sizeOf: () => 300 } as const;

const ONE_HOUR_MS = 3_600_000;

/** Nothing has to be read again while a benchmark lasts. */
export const FOR_AN_HOUR = { maxStalenessMs: ONE_HOUR_MS, ttlMs: ONE_HOUR_MS, maxGapMs: 2 * ONE_HOUR_MS } as const;

export function benchEnvironment(stream: StreamApi, options: ScacheOptions = {}, clock: Clock = systemClock) {
  return createEnvironment({
    log: createStreamLog(stream, { name: "bench", clock, random: systemRandom, clockMarginMs: 10_000 }),
    clock,
    random: systemRandom,
    newNonce,
    options: resolveOptions({ ...UNBOUNDED, metrics: false, refreshTimeoutMs: 60_000, ...options }),
  });
}

/** An environment that never needs the network again within the benchmark. */
export function settledEnvironment(stream: StreamApi, maxEntries: number): Environment {
  return benchEnvironment(stream, { ...FOR_AN_HOUR, maxEntries });
}

/** One whole invocation around `work`. */
export async function invoke<T>(environment: Environment, work: (cache: ContextCache) => T | Promise<T>): Promise<T> {
  const invocation = environment.begin({ remainingMs: () => 300_000 });
  await invocation.catchUp();
  try {
    return await work(invocation.cache);
  } finally {
    invocation.end();
  }
}
