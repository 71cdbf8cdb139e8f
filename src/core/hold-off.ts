/**
 * For sources read from a replica that lags: after an invalidation, values of that id are not stored for a while, since a
 * load may still read the old row. Off unless `holdOffMs` is set. It bounds nothing a replica does beyond that time.
 */

import type { Clock } from "./clock.js";

/** Beyond this many ids held off, everything is held off instead. */
const MAX_HELD = 10_000;

export class HoldOff {
  readonly #holdOffMs: number;
  readonly #clock: Pick<Clock, "now">;
  /** In order of time: what is held off until when (wall clock). */
  readonly #until = new Map<string, number>();
  #allUntilMs = 0;

  constructor(holdOffMs: number, clock: Pick<Clock, "now">) {
    this.#holdOffMs = holdOffMs;
    this.#clock = clock;
  }

  holdKey(key: string): void {
    if (this.#holdOffMs > 0) this.#hold(`k${key}`);
  }

  holdSource(source: string): void {
    if (this.#holdOffMs > 0) this.#hold(`s${source}`);
  }

  holdAll(): void {
    if (this.#holdOffMs === 0) return;
    this.#allUntilMs = Math.max(this.#allUntilMs, this.#clock.now() + this.#holdOffMs);
    this.#until.clear();
  }

  /** Whether a load that began at `loadedAtMs` may have read a replica that had not caught up. */
  holds(key: string, source: string, loadedAtMs: number): boolean {
    if (this.#holdOffMs === 0) return false;
    return (
      loadedAtMs < this.#allUntilMs ||
      loadedAtMs < (this.#until.get(`k${key}`) ?? 0) ||
      loadedAtMs < (this.#until.get(`s${source}`) ?? 0)
    );
  }

  #hold(name: string): void {
    if (this.#until.size >= MAX_HELD) this.holdAll();
    this.#until.delete(name);
    this.#until.set(name, this.#clock.now() + this.#holdOffMs);
  }

  /** Forgets what no load that began at `oldestLoadMs` or later is held off by. */
  forgetBefore(oldestLoadMs: number): void {
    for (const [name, untilMs] of this.#until) {
      if (untilMs > oldestLoadMs) return;
      this.#until.delete(name);
    }
  }
}
