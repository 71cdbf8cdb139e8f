/** `scache()` on a Kinesis stream: the stream resolved, its client and its log put under the middleware. */
import { buildMiddleware, type ChosenLog } from "./build-middleware.js";
import { systemClock, systemRandom } from "./core/clock.js";
import { createStreamApi } from "./kinesis/api.js";
import { createKinesisClient } from "./kinesis/client.js";
import { createStreamLog } from "./kinesis/log.js";
import { resolveStream } from "./kinesis/stream-ref.js";
import type { ScacheMiddleware } from "./middleware.js";
import type { ScacheOptions } from "./options.js";

/**
 * Puts `context.cache` into a handler: a cache in this environment's memory that is kept coherent with every other
 * environment through a Kinesis stream. Call it at module scope; two handlers that use the same middleware share one cache.
 *
 * @param stream the stream's name or ARN
 * @throws InvalidOptionError
 */
export function scache(stream: string, options: ScacheOptions = {}): ScacheMiddleware {
  const ref = resolveStream(stream);
  const { name, region } = ref;
  const chosen: ChosenLog = {
    kind: "Kinesis",
    name,
    label: `stream "${name}"`,
    identity: ref.arn ?? `stream ${name}`,
    open({ clockMarginMs }) {
      const api = createStreamApi(options.client ?? createKinesisClient({ region }), ref);
      return createStreamLog(api, { name, clock: systemClock, random: systemRandom, clockMarginMs });
    },
  };
  return buildMiddleware(chosen, options);
}
