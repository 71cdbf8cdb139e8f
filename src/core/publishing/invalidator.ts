/** How a writer outside of an invocation says that something has changed: the same over every log and over their doubles. */
import { type Changed, changedData, changedSource, EVERYTHING } from "../changed.js";
import type { DataId, Observable } from "../data-id.js";
import type { Publisher } from "./publisher.js";

/** Each method resolves, once the log holds every record, to a token naming what was written. */
export interface InvalidationPublisher {
  /**
   * Says that data have changed. Resolves, once the log holds every record, to a token for `refresh({ covers })`.
   * @throws PublishError naming the ids that may not have been published, or InvalidDataIdError
   */
  invalidate(...targets: readonly (DataId | Observable)[]): Promise<string>;
  /** Says that every datum of a source has changed. As `invalidate`. */
  invalidateSource(source: string): Promise<string>;
  /** Says that everything has changed. As `invalidate`. */
  invalidateAll(): Promise<string>;
}

/**
 * The way in for the relay of this package, by which ids, sources and all go into one publication. It is no part of the public
 * interface, and whoever uses it has to do without. Registered, since a bundle may hold two copies of the package.
 */
export const PUBLISH_CHANGED: unique symbol = Symbol.for("scache.publishChanged");

/** What a publisher made here can do beyond its interface. */
export interface ChangedPublisher extends InvalidationPublisher {
  /** @throws PublishError */
  [PUBLISH_CHANGED](changed: Changed): Promise<string>;
}

export function createInvalidator(publisher: Publisher, timeoutMs: number): ChangedPublisher {
  return {
    async [PUBLISH_CHANGED](changed) {
      return publisher.publish(changed, timeoutMs);
    },
    async invalidate(...targets) {
      return publisher.publish(changedData(targets), timeoutMs);
    },
    async invalidateSource(source) {
      return publisher.publish(changedSource(source), timeoutMs);
    },
    async invalidateAll() {
      return publisher.publish(EVERYTHING, timeoutMs);
    },
  };
}
