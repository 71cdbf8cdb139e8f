/**
 * Lets concurrent invocations share refreshes: at most one under way and one queued behind it, so that 64 invocations
 * that begin together cost two. An invocation may only be served by a refresh that began after the invocation did (or no
 * earlier than its staleness bound allows), which the caller decides; a refresh nobody waits for any more is aborted.
 */
import type { Clock } from "./clock.js";
import type { Epoch } from "./fill-fence.js";

/** When a refresh began, on both of this environment's clocks. */
export interface RefreshStart {
  readonly epoch: Epoch;
  readonly atMs: number;
}

interface Refresh<T> {
  /** Absent while queued. */
  start?: RefreshStart;
  readonly abort: AbortController;
  readonly result: Promise<T>;
  readonly run: () => void;
  waiters: number;
}

/** @param waitMs how long the invocation that it was begun for will wait */
export type RefreshWork<T> = (start: RefreshStart, signal: AbortSignal, waitMs: number) => Promise<T>;

export class SharedRefresh<T> {
  readonly #clock: Clock;
  readonly #begin: () => RefreshStart;
  readonly #work: RefreshWork<T>;
  #current: Refresh<T> | undefined;
  #queued: Refresh<T> | undefined;

  /** `work` must not reject. */
  constructor(clock: Clock, begin: () => RefreshStart, work: RefreshWork<T>) {
    this.#clock = clock;
    this.#begin = begin;
    this.#work = work;
  }

  get busy(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Waits for a refresh whose start `suits`, at most `timeoutMs`: the one under way, the queued one, or a new one. A
   * refresh that has yet to begin always suits. Resolves to undefined when the time is up.
   */
  async join(suits: (start: RefreshStart) => boolean, timeoutMs: number): Promise<T | undefined> {
    const refresh = this.#suitable(suits, timeoutMs);
    refresh.waiters++;
    try {
      return await this.#within(refresh.result, timeoutMs);
    } finally {
      refresh.waiters--;
      if (refresh.waiters === 0) this.#abandon(refresh);
    }
  }

  #suitable(suits: (start: RefreshStart) => boolean, waitMs: number): Refresh<T> {
    const current = this.#current;
    if (current === undefined) return this.#start(this.#create(waitMs));
    if (current.start !== undefined && !current.abort.signal.aborted && suits(current.start)) return current;
    this.#queued ??= this.#create(waitMs);
    return this.#queued;
  }

  #create(waitMs: number): Refresh<T> {
    const abort = new AbortController();
    let run: () => void = () => undefined;
    const result = new Promise<T>((resolve, reject) => {
      run = () => {
        refresh.start = this.#begin();
        this.#work(refresh.start, abort.signal, waitMs)
          .finally(() => this.#ended())
          .then(resolve, reject);
      };
    });
    const refresh: Refresh<T> = { abort, result, run, waiters: 0 };
    return refresh;
  }

  #start(refresh: Refresh<T>): Refresh<T> {
    this.#current = refresh;
    refresh.run();
    return refresh;
  }

  #ended(): void {
    this.#current = undefined;
    const next = this.#queued;
    this.#queued = undefined;
    if (next !== undefined) this.#start(next);
  }

  #abandon(refresh: Refresh<T>): void {
    if (refresh === this.#queued) this.#queued = undefined;
    else if (refresh === this.#current) refresh.abort.abort();
  }

  #within(result: Promise<T>, timeoutMs: number): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(timeoutMs, () => resolve(undefined));
      result.then(resolve, reject).finally(cancel);
    });
  }
}
