/**
 * `createPublisher()` of `scache/publisher` for a user's tests: a writer outside Lambda over a stream in memory, with the
 * stream's clock. It publishes with the same core; it must never open a socket or read the system's clock.
 */
import type { Random } from "../core/clock.js";
import { createInvalidator, type InvalidationPublisher } from "../core/publishing/invalidator.js";
import { createRecordPublisher } from "../core/publishing/publisher.js";
import { createStreamLog } from "../kinesis/log.js";
import { check, milliseconds, withDefaults } from "../option-rules.js";
import { FUNCTION, STREAM } from "./argument-rules.js";
import type { CallPolicy } from "./call-plan.js";
import type { MemoryStream } from "./memory-stream.js";

export interface TestPublisherOptions {
  /** As for `createPublisher()`, by the stream's clock. Default 10,000. */
  readonly publishTimeoutMs?: number;
  /** What becomes of each call to the stream. Default: an answer at once. */
  readonly policy?: CallPolicy;
  /** Numbers in [0, 1) for back-off and partition keys. Default: always 0.5. */
  readonly random?: Random;
}

const RULES = { publishTimeoutMs: milliseconds(1, 900_000, 10_000), policy: FUNCTION, random: FUNCTION };

/** @throws InvalidOptionError */
export function testPublisher(stream: MemoryStream, options: TestPublisherOptions = {}): InvalidationPublisher {
  check("stream", stream, STREAM);
  const { publishTimeoutMs, policy, random = () => 0.5 } = withDefaults(options, RULES);
  const { clock } = stream;
  const log = createStreamLog(stream.connect(policy), { name: "memory", clock, random });
  return createInvalidator(createRecordPublisher(log, clock, random), publishTimeoutMs);
}
