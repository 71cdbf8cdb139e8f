/** How a writer outside of an invocation says that something has changed: the same over every log and over their doubles. */
import { changedData, changedSource, EVERYTHING } from "../changed.js";
import type { DataId, Observable } from "../data-id.js";
import type { Publisher } from "./publisher.js";

/** Each method resolves, once the log holds every record, to a token naming what was written. */
export interface InvalidationPublisher {
  /** Says that data have changed. @throws PublishError naming the ids that may not have been published */
  invalidate(...targets: readonly (DataId | Observable)[]): Promise<string>;
  /** Says that every datum of a source has changed. */
  invalidateSource(source: string): Promise<string>;
  /** Says that everything has changed. */
  invalidateAll(): Promise<string>;
}

export function createInvalidator(publisher: Publisher, timeoutMs: number): InvalidationPublisher {
  return {
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
