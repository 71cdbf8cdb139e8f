/**
 * Tells a refresh that nobody waits for it any more, so that its reading ends at once. An AbortSignal would say the same, but
 * takes a thirtieth of the CPU of the whole refresh.
 */

export type AbandonReason =
  /** The time of the last who waited is up. */
  | "late"
  /** Whoever it was for has ended, which says nothing bad of the log. */
  | "left behind";

export class Abandonment {
  #reason: AbandonReason | undefined;
  #stop: () => void = () => undefined;

  /** Undefined while somebody waits. */
  get reason(): AbandonReason | undefined {
    return this.#reason;
  }

  /** Has `stop` called when nobody waits any more; the last one given counts. */
  onAbandoned(stop: () => void): void {
    this.#stop = stop;
  }

  /** To be called once. */
  abandon(reason: AbandonReason): void {
    this.#reason = reason;
    this.#stop();
  }
}
