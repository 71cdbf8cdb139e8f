/**
 * When something happened in this environment. Types only.
 *
 * One counter, the epoch, orders everything: each invocation that begins and each invalidation that is applied gets the
 * next one. The wall clock cannot do that: it stands still within a millisecond, and it can be set back.
 */

/** Larger is later, within one environment. */
export type Epoch = number;

export interface Moment {
  readonly epoch: Epoch;
  /** Wall clock. */
  readonly atMs: number;
}
