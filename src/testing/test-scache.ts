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
import { OPTION_NAMES, resolveOptions, type ScacheOptions } from "../options.js";
import { CLOCK, FUNCTION, STREAM } from "./argument-rules.js";
import type { CallPolicy } from "./call-plan.js";
import type { ManualClock } from "./manual-clock.js";
import type { MemoryStream } from "./memory-stream.js";

export interface TestScacheOptions extends Omit<ScacheOptions, (typeof NOT_HERE)[number]> {
  readonly clock: ManualClock;
  /** Numbers in [0, 1) for lifetimes, back-off and partition keys. Default: always 0.5. */
  readonly random?: Random;
  /** What becomes of each call to the stream. Default: an answer at once. */
  readonly policy?: CallPolicy;
  /** Given each invocation's accounts, once. */
  readonly onReport?: MetricsSink;
}

const NOT_HERE = ["client", "logger", "metrics"] as const;
/** Options of this function alone. */
const OWN = { clock: CLOCK, random: FUNCTION, policy: FUNCTION, onReport: FUNCTION };
/** An option of `scache()`, which checks it. */
const AS_ELSEWHERE: Rule = { expected: "anything", fits: () => true };
const isHere = (name: string) => !(NOT_HERE as readonly string[]).includes(name) && !(name in OWN);
const RULES = {
  ...OWN,
  ...Object.fromEntries(OPTION_NAMES.filter(isHere).map((name) => [name, AS_ELSEWHERE])),
} as Readonly<Record<keyof TestScacheOptions, Rule>>;

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
