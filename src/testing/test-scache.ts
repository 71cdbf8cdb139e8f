/**
 * `scache()` for a user's tests: the same middleware over a stream in memory and a clock moved by hand, so that a test
 * decides when time passes and what the stream answers. It must never open a socket or read the system's clock.
 */
import { newNonce, type Random } from "../core/clock.js";
import { createEnvironment } from "../core/environment.js";
import type { MetricsSink } from "../core/invocation/report.js";
import { createStreamLog } from "../kinesis/log.js";
import { createHooks, type ScacheMiddleware } from "../middleware.js";
import { check, type Rule, withDefaults } from "../option-rules.js";
import { resolveOptions, type ScacheOptions } from "../options.js";
import { CLOCK, FUNCTION, STREAM } from "./argument-rules.js";
import type { CallPolicy } from "./call-plan.js";
import type { ManualClock } from "./manual-clock.js";
import type { MemoryStream } from "./memory-stream.js";

export interface TestScacheOptions extends Omit<ScacheOptions, "client" | "logger" | "metrics"> {
  readonly clock: ManualClock;
  /** Numbers in [0, 1) for lifetimes, back-off and partition keys. Default: always 0.5. */
  readonly random?: Random;
  /** What becomes of each call to the stream. Default: an answer at once. */
  readonly policy?: CallPolicy;
  /** Given each invocation's accounts, once. */
  readonly onReport?: MetricsSink;
}

/** An option of `scache()`, which checks it. */
const AS_ELSEWHERE: Rule = { expected: "anything", fits: () => true };
const RULES = {
  clock: CLOCK,
  random: FUNCTION,
  policy: FUNCTION,
  onReport: FUNCTION,
  ttlMs: AS_ELSEWHERE,
  maxEntries: AS_ELSEWHERE,
  maxBytes: AS_ELSEWHERE,
  sizeOf: AS_ELSEWHERE,
  maxStalenessMs: AS_ELSEWHERE,
  refreshTimeoutMs: AS_ELSEWHERE,
  onRefreshError: AS_ELSEWHERE,
  maxGapMs: AS_ELSEWHERE,
  clockMarginMs: AS_ELSEWHERE,
  holdOffMs: AS_ELSEWHERE,
  freeze: AS_ELSEWHERE,
  decode: AS_ELSEWHERE,
} satisfies Record<keyof TestScacheOptions, Rule>;

/**
 * One environment's cache. Two calls with one stream are two environments.
 * @throws InvalidOptionError
 */
export function testScache(stream: MemoryStream, options: TestScacheOptions): ScacheMiddleware {
  check("stream", stream, STREAM);
  withDefaults(options, RULES);
  check("clock", options.clock, CLOCK);
  const { clock, random = () => 0.5, policy, onReport = () => undefined, ...rest } = options;
  const resolved = resolveOptions(rest);
  const { clockMarginMs } = resolved;
  const log = createStreamLog(stream.connect(policy), { name: "memory", clock, random, clockMarginMs });
  const environment = createEnvironment({ log, clock, random, newNonce, options: resolved });
  return createHooks(environment, onReport, false);
}
