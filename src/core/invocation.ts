/**
 * One invocation's view of the cache: what it may be served, when its loads began, and its accounts. All state that
 * belongs to an invocation is here and nowhere else, since one process may run many at once.
 */
import { InvalidDataIdError, InvalidOptionError, RefreshError } from "../errors.js";
import type { Clock, Random } from "./clock.js";
import type { Coherence } from "./coherence.js";
import type { AddOptions, ContextCache, Freshness } from "./context-cache.js";
import { DataId, type Observable, toDataId } from "./data-id.js";
import type { Entry } from "./entry-store.js";
import { randomTtlMs } from "./expiry.js";
import type { FencedStore, Moment } from "./fenced-store.js";
import { deepFreeze } from "./freeze.js";
import type { RecordContent } from "./invalidation-record.js";
import type { FreshnessState, InvocationReport } from "./invocation-report.js";
import type { Load, Loads } from "./loads.js";
import type { Publisher } from "./publisher.js";
import type { ResolvedOptions } from "./settings.js";
import type { TroubleLog } from "./trouble-log.js";
import { UnansweredMisses } from "./unanswered-misses.js";

export interface InvocationLimits {
  /** Milliseconds until the runtime ends the invocation. */
  remainingMs(): number;
  readonly requestId?: string | undefined;
}

/** What an environment shares with its invocations. */
export interface Shared {
  readonly store: FencedStore;
  readonly coherence: Coherence;
  readonly loads: Loads<Invocation>;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: ResolvedOptions;
  readonly streamName: string;
  readonly trouble: TroubleLog;
  /** Whether no other invocation is under way. */
  isAlone(invocation: Invocation): boolean;
  /** Whether no other invocation has begun since. */
  isLatest(invocation: Invocation): boolean;
  ended(invocation: Invocation): void;
}

/** Publishing gives up after this long, or before the invocation's time is up. */
const PUBLISH_TIMEOUT_MS = 10_000;

export class Invocation implements ContextCache {
  readonly began: Moment;
  /** After this the runtime has ended it, whether or not it said so. */
  readonly deadlineMs: number;
  readonly #shared: Shared;
  readonly #limits: InvocationLimits;
  readonly #misses = new UnansweredMisses();
  /** Moves with `refresh()`. */
  #servedFrom: Moment;
  #state: FreshnessState = "bypassed";
  #provenAtMs: number | undefined;
  #ended = false;
  #hits = 0;
  #missed = 0;
  #timeSavedMs = 0;
  #kinesisLatencyMs = 0;
  #publishLatencyMs = 0;
  #fillsRefused = 0;
  #loadsShared = 0;
  #refreshFailures = 0;

  constructor(shared: Shared, limits: InvocationLimits) {
    this.#shared = shared;
    this.#limits = limits;
    this.began = shared.store.now();
    this.#servedFrom = this.began;
    this.deadlineMs = this.began.atMs + limits.remainingMs();
  }

  /** What the handler is given. */
  get cache(): ContextCache {
    return this;
  }

  get isOver(): boolean {
    return this.#ended || this.#shared.clock.now() > this.deadlineMs;
  }

  /** Before the handler: reads what has changed. @throws RefreshError under `onRefreshError: "throw"`, and nothing else */
  async catchUp(): Promise<void> {
    const { coherence, options, streamName } = this.#shared;
    const timeoutMs = Math.min(options.refreshTimeoutMs, Math.max(0, this.#limits.remainingMs() / 2));
    const isFirst = this.#servedFrom === this.began;
    // Whoever asks for a refresh() in mid-invocation wants the stream read. And the invocation may have loads under way
    // itself by then, which must not be left behind.
    const maxStalenessMs = isFirst ? options.maxStalenessMs : 0;
    const alone = isFirst && this.#shared.isAlone(this);
    const result = await coherence.catchUp(this.#servedFrom, timeoutMs, maxStalenessMs, alone);
    this.#kinesisLatencyMs += result.waitedMs;
    if (result.state !== "unknown") {
      this.#state = result.state;
      this.#provenAtMs = result.state === "fresh" ? result.provenAtMs : this.#servedFrom.atMs;
      return;
    }
    this.#refreshFailures++;
    const gapMs = this.#servedFrom.atMs - result.provenAtMs;
    const serves = options.onRefreshError === "serve" && gapMs <= options.maxGapMs;
    this.#state = serves ? "stale" : "bypassed";
    this.#provenAtMs = serves ? result.provenAtMs : undefined;
    if (options.onRefreshError === "throw") throw new RefreshError(streamName, result.reason, result.cause);
  }

  /** After the handler. Returns the accounts, the first time only. */
  end(): InvocationReport | undefined {
    if (this.#ended) return undefined;
    this.#ended = true;
    this.#shared.ended(this);
    const { store, coherence } = this.#shared;
    const counters = coherence.takeCounters();
    // Written out, without spreading: building this object that way cost more than the rest of an invocation.
    return {
      kinesisLatencyMs: this.#kinesisLatencyMs,
      publishLatencyMs: this.#publishLatencyMs,
      timeSavedMs: this.#timeSavedMs,
      hits: this.#hits,
      misses: this.#missed,
      entriesInvalidated: counters.entriesInvalidated,
      fillsRefused: this.#fillsRefused,
      loadsShared: this.#loadsShared,
      kinesisCalls: counters.kinesisCalls,
      recordsSkipped: counters.recordsSkipped,
      refreshFailures: this.#refreshFailures,
      throttles: counters.throttles,
      flushes: counters.flushes,
      state: this.#state,
      boundMs: this.freshness.boundMs,
      streamLagMs: coherence.lagMs,
      entries: store.size,
      bytes: store.bytes,
      evictions: counters.evictions,
      shards: coherence.shards,
      requestId: this.#limits.requestId,
    };
  }

  get<T>(id: DataId<T>): T | undefined {
    const key = requireDataId(id).toString();
    const entry = this.#hit(key);
    if (entry !== undefined) return entry.value as T;
    this.#missed++;
    this.#misses.remember(key, this.#shared.store.loadStart(), this.#shared.clock.monotonic());
    return undefined;
  }

  add<T>(id: DataId<T>, value: NoInfer<T>, options: AddOptions = {}): boolean {
    const target = requireDataId(id);
    checkOptions(options);
    const miss = this.#misses.answered(target.toString());
    const missedAt = miss?.monotonicMs;
    const sinceMissMs = missedAt === undefined ? 0 : this.#shared.clock.monotonic() - missedAt;
    return this.#put(target, value, miss ?? this.began, sinceMissMs, options);
  }

  getOrAdd<T>(id: DataId<T>, load: () => NoInfer<T> | PromiseLike<NoInfer<T>>, options: AddOptions = {}): Promise<T> {
    let target: DataId;
    try {
      target = requireDataId(id);
      checkOptions(options);
    } catch (error) {
      return Promise.reject(error);
    }
    const entry = this.#hit(target.toString());
    if (entry !== undefined) return Promise.resolve(entry.value as T);
    this.#missed++;
    const { loads, store, clock } = this.#shared;
    const running = loads.find(target);
    if (running !== undefined && this.#mayShare(target, running)) {
      this.#loadsShared++;
      return running.result as Promise<T>;
    }
    const start = store.loadStart();
    return loads.run(target, start, this, async () => {
      const startedAt = clock.monotonic();
      const value = await load();
      this.#put(target, value, start, clock.monotonic() - startedAt, options);
      return value;
    });
  }

  invalidate(...targets: readonly (DataId | Observable)[]): Promise<string> {
    return this.#publish(() => ({ keys: [...new Set(targets.map((target) => toDataId(target).toString()))] }));
  }

  invalidateSource(source: string): Promise<string> {
    return this.#publish(() => ({ keys: [], sources: [new DataId(source, "").source] }));
  }

  invalidateAll(): Promise<string> {
    return this.#publish(() => ({ keys: [], all: true }));
  }

  async refresh(): Promise<Freshness> {
    this.#servedFrom = this.#shared.store.now();
    await this.catchUp();
    return this.freshness;
  }

  get freshness(): Freshness {
    const asOf = this.#provenAtMs;
    return {
      state: this.#state,
      asOf,
      boundMs: asOf === undefined ? undefined : Math.max(0, this.#servedFrom.atMs - asOf),
    };
  }

  /** The entry, if this invocation may be served it; counted. */
  #hit(key: string): Entry | undefined {
    if (this.#state === "bypassed") return undefined;
    // What was proven for one invocation says nothing to a later one that was left holding its cache. A response that is
    // still streaming after the hooks, on the other hand, is the same invocation.
    if (this.#ended && !this.#shared.isLatest(this)) return undefined;
    const entry = this.#shared.store.get(key, this.deadlineMs);
    if (entry === undefined) return undefined;
    // Nothing was read for an invocation that began with an empty cache: what another one had begun to load before, and
    // stored since, may have been invalidated in between.
    if (this.#state === "empty" && entry.loadEpoch < this.#servedFrom.epoch) return undefined;
    this.#hits++;
    this.#timeSavedMs += entry.savedMs;
    return entry;
  }

  /** A load of another invocation may be waited for where its value, had it been stored, could be served. */
  #mayShare(id: DataId, { start, owner }: Load<Invocation>): boolean {
    if ((owner !== this && owner.isOver) || !this.#shared.store.permits(id, start)) return false;
    return this.#state === "fresh" || this.#state === "stale" || start.epoch >= this.#servedFrom.epoch;
  }

  #put(id: DataId, value: unknown, load: Moment, measuredMs: number, given: AddOptions): boolean {
    const { store, options, random, trouble } = this.#shared;
    const savedMs = Math.max(0, given.savedMs ?? measuredMs);
    const ttlMs = given.ttlMs ?? randomTtlMs(options.ttl, random);
    let stored = false;
    try {
      // Before anything can be refused: a handler must not be able to change a value in one case and not in the other.
      if (options.freeze) deepFreeze(value);
      stored = value !== undefined && store.put(id, value, load, savedMs, ttlMs);
    } catch (error) {
      // A getter of the value, or a user's sizeOf.
      trouble.debug("a value could not be cached", { cause: error });
    }
    if (!stored) this.#fillsRefused++;
    return stored;
  }

  async #publish(content: () => RecordContent): Promise<string> {
    const { store, clock, publisher, trouble } = this.#shared;
    const { keys, sources = [], all = false } = content();
    const startedAt = clock.monotonic();
    const timeoutMs = Math.max(1, Math.min(PUBLISH_TIMEOUT_MS, this.#limits.remainingMs() * 0.9));
    store.drop({ keys, sources, all });
    try {
      const token = await publisher.publish({ keys, sources, all }, timeoutMs);
      trouble.recovered("publish");
      return token;
    } catch (error) {
      trouble.failed("publish", "an invalidation may not have been published", error);
      throw error;
    } finally {
      // What was loaded and stored meanwhile may have been read before the change was visible.
      store.drop({ keys, sources, all });
      for (const key of keys) this.#misses.changed(key);
      this.#publishLatencyMs += clock.monotonic() - startedAt;
    }
  }
}

function requireDataId(id: DataId): DataId {
  if (id instanceof DataId) return id;
  if (typeof id === "object" && id !== null && "observableId" in id) throw new InvalidDataIdError("a data id", id);
  return toDataId(id);
}

function checkOptions(options: AddOptions): void {
  if (typeof options !== "object" || options === null) throw new InvalidOptionError("options", "an object", options);
  const { savedMs, ttlMs } = options;
  if (savedMs !== undefined && !Number.isFinite(savedMs)) {
    throw new InvalidOptionError("savedMs", "a number of milliseconds", savedMs);
  }
  if (ttlMs !== undefined && !(typeof ttlMs === "number" && ttlMs > 0)) {
    throw new InvalidOptionError("ttlMs", "a number of milliseconds greater than 0", ttlMs);
  }
}
