/**
 * Lets concurrent invocations share refreshes: at most one under way and one queued behind it, so that 64 invocations
 * that begin together cost two. An invocation may only be served by a refresh that began after the invocation did (or no
 * earlier than its staleness bound allows), which the caller decides; a refresh nobody waits for any more is aborted.
 */
import { type Clock, within } from "../clock.js";
import type { Moment } from "../moment.js";

interface Refresh<T> {
  /** Absent while queued. */
  start?: Moment;
  readonly abort: AbortController;
  readonly result: Promise<T>;
  readonly run: () => void;
  waiters: number;
}

/** Must not reject. @param waitMs how long the invocation that it was begun for will wait */
export type RefreshWork<T> = (start: Moment, signal: AbortSignal, waitMs: number) => Promise<T>;

export function createSharedRefresh<T>(clock: Clock, begin: () => Moment, work: RefreshWork<T>) {
  let current: Refresh<T> | undefined;
  let queued: Refresh<T> | undefined;

  function create(waitMs: number): Refresh<T> {
    const abort = new AbortController();
    let run: () => void = () => undefined;
    const result = new Promise<T>((resolve, reject) => {
      run = () => {
        refresh.start = begin();
        work(refresh.start, abort.signal, waitMs).finally(next).then(resolve, reject);
      };
    });
    const refresh: Refresh<T> = { abort, result, run, waiters: 0 };
    return refresh;
  }

  /** Begins the queued one, if there is one. */
  function next(): void {
    current = queued;
    queued = undefined;
    current?.run();
  }

  function suitable(suits: (start: Moment) => boolean, waitMs: number): Refresh<T> {
    if (current?.start !== undefined && !current.abort.signal.aborted && suits(current.start)) return current;
    const refresh = queued ?? create(waitMs);
    queued = refresh;
    if (current === undefined) next();
    return refresh;
  }

  return {
    get busy(): boolean {
      return current !== undefined;
    },

    /**
     * Waits for a refresh whose start `suits`, at most `timeoutMs`: the one under way, the queued one, or a new one. A
     * refresh that has yet to begin always suits. Resolves to undefined when the time is up.
     */
    async join(suits: (start: Moment) => boolean, timeoutMs: number): Promise<T | undefined> {
      const refresh = suitable(suits, timeoutMs);
      refresh.waiters++;
      try {
        return await within(clock, timeoutMs, refresh.result);
      } finally {
        refresh.waiters--;
        if (refresh.waiters === 0) {
          if (refresh === queued) queued = undefined;
          else if (refresh === current) refresh.abort.abort();
        }
      }
    },
  };
}
