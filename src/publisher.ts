/**
 * `scache/publisher`: for writers without Middy, such as a batch job or a service. It publishes what has changed and
 * caches nothing; it must never load Middy or Powertools.
 */
import type { ClientLike } from "./aws/client-like.js";
import { systemClock, systemRandom } from "./core/clock.js";
import { createInvalidator, type InvalidationPublisher } from "./core/publishing/invalidator.js";
import { createRecordPublisher } from "./core/publishing/publisher.js";
import { createStreamApi } from "./kinesis/api.js";
import { createKinesisClient } from "./kinesis/client.js";
import { createStreamLog } from "./kinesis/log.js";
import { resolveStream } from "./kinesis/stream-ref.js";
import { check, clientOf, milliseconds, objectWith, withDefaults } from "./option-rules.js";

export type { ClientLike } from "./aws/client-like.js";
export { DataId, dataId, dataSource, type Observable, parseDataId } from "./core/data-id.js";
export type { InvalidationPublisher } from "./core/publishing/invalidator.js";
export {
  InvalidDataIdError,
  InvalidOptionError,
  PublishError,
  ScacheError,
  type ScacheErrorCode,
} from "./errors.js";

export interface PublisherOptions {
  /** A Kinesis client. Default: one with keep-alive connections, time-outs and a single attempt per call. */
  readonly client?: ClientLike;
  /** How long one call may take, its repeated attempts included, in milliseconds. Default 10,000. */
  readonly publishTimeoutMs?: number;
}

const RULES = { client: objectWith("send"), publishTimeoutMs: milliseconds(1, 900_000, 10_000) };

/**
 * @param stream the stream's name or ARN
 * @throws InvalidOptionError
 */
export function createPublisher(stream: string, options: PublisherOptions = {}): InvalidationPublisher {
  const { client, publishTimeoutMs } = withDefaults(options, RULES);
  check("client", client, clientOf("Kinesis"));
  const ref = resolveStream(stream);
  const api = createStreamApi(client ?? createKinesisClient({ region: ref.region }), ref);
  const log = createStreamLog(api, { name: ref.name, clock: systemClock, random: systemRandom });
  return createInvalidator(createRecordPublisher(log, systemClock, systemRandom), publishTimeoutMs);
}
