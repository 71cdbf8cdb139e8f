/**
 * What a handler holds as `context.cache`: the whole of the package that most users ever touch. Types only.
 */
import type { DataId, Observable } from "../data-id.js";
import type { FreshnessState } from "./report.js";

/** How much is known about what `get` returns in this invocation. */
export interface Freshness {
  readonly state: FreshnessState;
  /** What is served was valid at this time or loaded since, in milliseconds since the epoch; undefined when bypassed. */
  readonly asOf: number | undefined;
  /** How long before the invocation began that was, in milliseconds; undefined when bypassed. */
  readonly boundMs: number | undefined;
}

export interface AddOptions {
  /** What loading the value cost, in milliseconds; less than 0 counts as 0. Default: the time since `get` missed, else 0. */
  readonly savedMs?: number;
  /** How long this entry may live, in milliseconds, more than 0. Default: the `ttlMs` of the cache. */
  readonly ttlMs?: number;
}

export interface RefreshOptions {
  /**
   * A token that an `invalidate` resolved to, here or in any other environment: the log is read that far. If this environment
   * has already done so, no call is made.
   */
  readonly covers?: string;
}

export interface ContextCache {
  /**
   * The value cached for `id`, or undefined. Never waits: see `ready`. Plain objects and arrays come frozen, or as copies (see `freeze`).
   * @throws InvalidDataIdError when `id` is not a data id
   */
  get<T>(id: DataId<T>): T | undefined;

  /**
   * Caches a value loaded in this invocation, after its `get` missed if there was one. `null` is a value; `undefined` is
   * not. Returns false when the value was refused: it may be older than an invalidation, is too large, or is undefined. If
   * the id was invalidated after this invocation first missed it, `add` returns false until the invocation invalidates it
   * itself; after that, add only what was loaded since. When several parts of a handler load the same id, use `getOrAdd`.
   * @throws InvalidDataIdError, InvalidOptionError when an option is not a number of milliseconds, or InvalidValueError when
   * the value is a promise: await it first, or use `getOrAdd`
   */
  add<T>(id: DataId<T>, value: NoInfer<T>, options?: AddOptions): boolean;

  /**
   * The cached value, or else the one `load` returns, which is then cached. Concurrent calls for one id share one load; should
   * that of another invocation fail, or its invocation end, `load` is called after all. A `load` may itself use the cache: where
   * loads would wait for each other, one of them is run beside the others. Rejects with what `load` rejects with; with an
   * InvalidDataIdError or an InvalidOptionError before `load` is called; with a LoadCycleError, naming the ids, when loading a
   * datum asks for the same datum over and over; and with a RefreshError when it waited for a log that could not be read, only
   * with `refreshWhen` other than "before" and `onRefreshError: "throw"`.
   */
  getOrAdd<T>(id: DataId<T>, load: NoInfer<() => T | PromiseLike<T>>, options?: AddOptions): Promise<T>;

  /**
   * The same for several data with one load for all that are missing: `load` is given their ids, and returns a Map of ids to
   * values. Resolves to the values by the ids given; what `load` leaves out is left out, and not cached.
   * Rejects with what `load` rejects with; with an InvalidValueError when it returns no Map, or one with keys that are no data
   * ids or with promises for values; with an InvalidDataIdError or InvalidOptionError before `load` is called.
   */
  getOrAddMany<T>(
    ids: readonly DataId<T>[],
    load: (
      missing: readonly DataId<T>[],
    ) => NoInfer<ReadonlyMap<DataId<T>, T> | PromiseLike<ReadonlyMap<DataId<T>, T>>>,
    options?: AddOptions,
  ): Promise<Map<DataId<T>, T>>;

  /**
   * Says that data have changed, to every environment. Call it after the change is stored, and await it. Resolves, once
   * the log holds every record, to a token that names what was written: see `refresh`.
   * @throws PublishError naming the ids that may not have been published; they are dropped here all the same
   */
  invalidate(...targets: readonly (DataId | Observable)[]): Promise<string>;

  /** Says that every datum of a source has changed. As `invalidate`. */
  invalidateSource(source: string): Promise<string>;

  /** Says that everything has changed. As `invalidate`. */
  invalidateAll(): Promise<string>;

  /**
   * Reads the log once more, whatever `maxStalenessMs`, as if the invocation began now: for long invocations, and, with
   * `covers`, after a write, so that whoever wrote sees it. No call is made where that much was read already.
   * A token that means nothing to this log makes one reading; after that, for a second, such tokens make none, and every
   * `get` misses instead, so that nobody can use up the reads of a fleet with tokens of their own making.
   * @throws RefreshError when it could not be read in time, and only with `onRefreshError: "throw"`; InvalidOptionError
   */
  refresh(options?: RefreshOptions): Promise<Freshness>;

  /**
   * Waits until the log has been read for this invocation, and begins to read it if that has not begun. With `refreshWhen`
   * "before" that is so from the start; with the others, await this before several `get` calls, which never wait.
   * @throws RefreshError when it could not be read in time, and only with `onRefreshError: "throw"`
   */
  ready(): Promise<Freshness>;

  readonly freshness: Freshness;
}
