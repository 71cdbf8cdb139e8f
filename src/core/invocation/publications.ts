/**
 * One invocation's own invalidations: what has changed is dropped here, published to everybody else, and accounted for.
 * It must never let an entry stand that was loaded while the change was on its way.
 */
import type { Changed } from "../changed.js";
import type { Clock } from "../clock.js";
import type { Publisher } from "../publishing/publisher.js";
import type { FencedStore } from "../store/fenced-store.js";
import { publishLimitMs } from "../time-limits.js";
import type { TroubleLog } from "../trouble-log.js";
import { TimeSpans } from "./time-spans.js";

/** The calls of `context.cache` that publish. */
export type PublishingCall = "invalidate" | "invalidateSource" | "invalidateAll";

/** What an environment shares with the publications of its invocations. */
export interface PublishingParts {
  readonly store: FencedStore;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly trouble: TroubleLog;
  /** Counts for whichever report comes next: a publication that nobody awaited may fail after its own invocation's. */
  readonly unreported: { publishFailures: number };
}

export class Publications {
  readonly #parts: PublishingParts;
  readonly #waits = new TimeSpans();
  #underWay = 0;
  #latest: PublishingCall = "invalidate";

  constructor(parts: PublishingParts) {
    this.#parts = parts;
  }

  /** What the invocation has waited for them. */
  get waitedMs(): number {
    return this.#waits.totalMs;
  }

  /** @param remainingMs until the runtime ends the invocation */
  async publish(call: PublishingCall, changed: Changed, remainingMs: number): Promise<string> {
    const { store, publisher, clock, trouble, unreported } = this.#parts;
    const startedAt = clock.monotonic();
    this.#underWay++;
    this.#latest = call;
    store.drop(changed);
    try {
      const token = await publisher.publish(changed, publishLimitMs(remainingMs));
      trouble.recovered("publish");
      return token;
    } catch (error) {
      unreported.publishFailures++;
      trouble.failed("publish", "one was not acknowledged", error);
      throw error;
    } finally {
      // What was loaded and stored meanwhile may have been read before the change was visible.
      store.drop(changed);
      this.#underWay--;
      this.#waits.add(startedAt, clock.monotonic());
    }
  }

  /** Those that were not acknowledged, in any invocation, since this was last asked for. */
  takeFailures(): number {
    const { unreported } = this.#parts;
    const { publishFailures } = unreported;
    unreported.publishFailures = 0;
    return publishFailures;
  }

  /** The handler has returned: what it has begun to publish should be confirmed by now. */
  checkAwaited(): void {
    if (this.#underWay === 0) return;
    const call = this.#latest;
    this.#parts.trouble.adviseOnce(
      "not awaited",
      `context.cache.${call}() was not awaited: the invalidation may be lost when Lambda freezes the environment. To do: await it before the handler returns.`,
      { call, underWay: this.#underWay },
    );
  }
}
