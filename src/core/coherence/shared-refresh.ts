/**
 * Lets concurrent invocations share refreshes: at most one under way and one queued behind it, so that 64 invocations
 * that begin together cost two. An invocation may only be served by a refresh that began after the invocation did (or no
 * earlier than its staleness bound allows), which the caller decides; a refresh nobody waits for any more is abandoned.
 */
import { type Clock, within } from "../clock.js";
import type { Moment } from "../moment.js";
import { Abandonment, type AbandonReason } from "./abandonment.js";

export interface SharedRefresh<T> {
  /** Whether one is under way. */
  readonly busy: boolean;
  /**
   * Waits for a refresh whose start `suits`, at most `timeoutMs`: the one under way, the queued one, or a new one. A refresh
   * that has yet to begin always suits. Resolves to undefined when the time is up.
   * @param leave ends the wait early: one that nobody else waits for is then left behind
   */
  join(suits: (start: Moment) => boolean, timeoutMs: number, leave?: AbortSignal): Promise<T | undefined>;
}

interface Refresh<T> {
  /** Absent until it begins. */
  start?: Moment;
  readonly abandonment: Abandonment;
  readonly result: Promise<T>;
  /** Begins it. */
  readonly run: () => void;
  waiters: number;
}

/** @param waitMs how long the invocation that it was begun for will wait */
export type RefreshWork<T> = (start: Moment, abandonment: Abandonment, waitMs: number) => Promise<T>;

export function createSharedRefresh<T>(clock: Clock, begin: () => Moment, work: RefreshWork<T>): SharedRefresh<T> {
  let current: Refresh<T> | undefined;
  let queued: Refresh<T> | undefined;
  /** Begins the queued refresh. */
  let wake: () => void = () => undefined;

  function create(waitMs: number): Refresh<T> {
    const abandonment = new Abandonment();
    let run: () => void = () => undefined;
    const result = new Promise<T>((resolve, reject) => {
      run = () => {
        refresh.start = begin();
        const ended = <V>(settle: (value: V) => void) => {
          return (value: V) => {
            next();
            settle(value);
          };
        };
        work(refresh.start, abandonment, waitMs).then(ended(resolve), ended(reject));
      };
    });
    const refresh: Refresh<T> = { abandonment, result, run, waiters: 0 };
    return refresh;
  }

  /** To begin in the asynchronous context of whoever asked first, not of the refresh before: tracing goes by it. */
  function queue(refresh: Refresh<T>): Refresh<T> {
    queued = refresh;
    new Promise<void>((resolve) => (wake = resolve)).then(refresh.run);
    return refresh;
  }

  function next(): void {
    current = queued;
    queued = undefined;
    if (current !== undefined) wake();
  }

  function suitable(suits: (start: Moment) => boolean, waitMs: number): Refresh<T> {
    if (current === undefined) {
      current = create(waitMs);
      current.run();
      return current;
    }
    const { abandonment, start } = current;
    if (abandonment.reason === undefined && (start === undefined || suits(start))) return current;
    return queued ?? queue(create(waitMs));
  }

  function release(refresh: Refresh<T>, reason: AbandonReason): void {
    refresh.waiters--;
    if (refresh.waiters > 0) return;
    if (refresh === queued) queued = undefined;
    else if (refresh === current) refresh.abandonment.abandon(reason);
  }

  return {
    get busy() {
      return current !== undefined;
    },

    async join(suits, timeoutMs, leave) {
      const refresh = suitable(suits, timeoutMs);
      refresh.waiters++;
      // At once: whoever leaves may be the last thing that runs before a freeze.
      const left = () => release(refresh, "left behind");
      leave?.addEventListener("abort", left);
      try {
        return await within(clock, timeoutMs, refresh.result, leave);
      } finally {
        leave?.removeEventListener("abort", left);
        if (!leave?.aborted) release(refresh, "late");
      }
    },
  };
}
