/**
 * `scache()` for a user's tests: the same middleware over a stream in memory and a clock moved by hand, so that a test
 * decides when time passes and what the stream answers. It must never open a socket or read the system's clock.
 */
import type { Random } from "../core/clock.js";
import { createEnvironment } from "../core/environment.js";
import type { MetricsSink } from "../core/invocation-report.js";
import { createHooks, type ScacheMiddleware } from "../hooks.js";
import { resolveOptions, type ScacheOptions } from "../options.js";
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

/** One environment's cache. Two calls with one stream are two environments. */
export function testScache(stream: MemoryStream, options: TestScacheOptions): ScacheMiddleware {
  const { clock, random = () => 0.5, policy, onReport = () => undefined, ...rest } = options;
  const environment = createEnvironment({
    stream: stream.connect(policy),
    streamName: "memory",
    clock,
    random,
    options: resolveOptions(rest),
  });
  return createHooks(environment, onReport, false);
}
