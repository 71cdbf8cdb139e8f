/**
 * Tells a refresh that nobody waits for it any more, so that its reading ends at once. An AbortSignal would say the same, but
 * takes a thirtieth of the CPU of the whole refresh.
 */

/** The time of whoever waited is up; or whoever it was for has ended, which says nothing bad of the log. */
export type AbandonReason = "late" | "left behind";

export class Abandonment {
  #reason: AbandonReason | undefined;
  #stop: () => void = () => undefined;

  /** Undefined while somebody waits. */
  get reason(): AbandonReason | undefined {
    return this.#reason;
  }

  /** Has `stop` called when nobody waits any more: the last one given, once. */
  onAbandoned(stop: () => void): void {
    this.#stop = stop;
  }

  abandon(reason: AbandonReason): void {
    this.#reason = reason;
    this.#stop();
  }
}
