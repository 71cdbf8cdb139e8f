/**
 * One invocation's view of the cache: what it may be served, when its loads began, and its accounts. All state that
 * belongs to an invocation is here and nowhere else, since one process may run many at once.
 */
import { RefreshError } from "../../errors.js";
import { type Changed, changedData, changedSource, EVERYTHING } from "../changed.js";
import type { Random } from "../clock.js";
import type { Coherence } from "../coherence/coherence.js";
import type { DataId, Observable } from "../data-id.js";
import type { InvalidationLog } from "../log.js";
import type { Epoch, Moment } from "../moment.js";
import type { ResolvedOptions } from "../settings.js";
import type { Hit } from "../store/entry-store.js";
import { randomTtlMs } from "../store/expiry.js";
import { deepFreeze } from "../store/freeze.js";
import { checkOptions, requireDataId } from "./arguments.js";
import type { AddOptions, ContextCache, Freshness } from "./context-cache.js";
import type { Load, Loads } from "./loads.js";
import { Publications, type PublishingCall, type PublishingParts } from "./publications.js";
import type { FreshnessState, InvocationReport } from "./report.js";
import { createUnansweredMisses } from "./unanswered-misses.js";
import { Waits } from "./waits.js";

export interface InvocationLimits {
  /** Milliseconds until the runtime ends the invocation. */
  remainingMs(): number;
  readonly requestId?: string | undefined;
}

/** What an environment shares with its invocations. */
export interface Shared extends PublishingParts {
  readonly coherence: Coherence;
  readonly loads: Loads<Invocation>;
  readonly random: Random;
  readonly options: ResolvedOptions;
  readonly log: InvalidationLog;
  /** Whether no other invocation is under way. */
  isAlone(invocation: Invocation): boolean;
  /** Whether no other invocation has begun since. */
  isLatest(invocation: Invocation): boolean;
  ended(invocation: Invocation): void;
}

/** One for all, so that a hit need not look at it. */
const NO_OPTIONS: AddOptions = {};

/** A class, since there are many, and since a hit passes through here: V8 reads a field faster than a closure's variable. */
export class Invocation implements ContextCache {
  readonly began: Moment;
  /** After this the runtime has ended it, whether or not it said so. */
  readonly #deadlineMs: number;
  readonly #shared: Shared;
  readonly #limits: InvocationLimits;
  readonly #unanswered = createUnansweredMisses();
  readonly #publications: Publications;
  readonly #refreshWaits = new Waits();
  /** Moves with `refresh()`. */
  #servedFrom: Moment;
  #state: FreshnessState = "bypassed";
  /**
   * What was loaded before this is neither served nor waited for. Where nothing was read for the invocation, since nothing
   * was cached, what another one had begun to load before, and stored since, may have been invalidated in between.
   */
  #oldestLoad: Epoch;
  /** How old the proof of what is served was then; undefined when nothing may be served. */
  #proofAgeMs: number | undefined;
  #ended = false;
  #hits = 0;
  #misses = 0;
  #timeSavedMs = 0;
  #fillsRefused = 0;
  #loadsShared = 0;
  #refreshFailures = 0;

  constructor(shared: Shared, limits: InvocationLimits) {
    const began = shared.store.now();
    this.began = began;
    this.#shared = shared;
    this.#publications = new Publications(shared);
    this.#limits = limits;
    this.#servedFrom = began;
    this.#oldestLoad = began.epoch;
    this.#deadlineMs = began.atMs + limits.remainingMs();
  }

  /** What the handler is given. */
  get cache(): ContextCache {
    return this;
  }

  /** It has ended, or its time is up. */
  get isOver(): boolean {
    return this.#ended || this.#shared.clock.now() > this.#deadlineMs;
  }

  /** Before the handler: reads what has changed. @throws RefreshError under `onRefreshError: "throw"`, and nothing else */
  async catchUp(from = this.began): Promise<void> {
    const { coherence, options, log, clock } = this.#shared;
    const timeoutMs = Math.min(options.refreshTimeoutMs, Math.max(0, this.#limits.remainingMs() / 2));
    const isFirst = from === this.began;
    // Whoever asks for a refresh() in mid-invocation wants the stream read. And the invocation may have loads under way
    // itself by then, which must not be left behind.
    const maxStalenessMs = isFirst ? options.maxStalenessMs : 0;
    const alone = isFirst && this.#shared.isAlone(this);
    const result = await coherence.catchUp(from, timeoutMs, maxStalenessMs, alone);
    const endedAt = result.waitedMs > 0 ? clock.monotonic() : 0;
    this.#refreshWaits.add(endedAt - result.waitedMs, endedAt);
    if (result.failure !== undefined) this.#refreshFailures++;
    if (result.state !== "unknown") return this.#serve(from, result.state, result.ageMs);
    const mayBeStale = options.onRefreshError === "serve" && result.ageMs <= options.maxGapMs;
    if (mayBeStale) this.#serve(from, "stale", result.ageMs);
    else this.#serve(from, "bypassed");
    if (options.onRefreshError === "throw") {
      throw new RefreshError(log.name, result.failure.reason, result.failure.cause);
    }
  }

  #serve(from: Moment, state: FreshnessState, proofAgeMs?: number): void {
    // Of several refreshes at once the one that began last counts, whichever ends last.
    if (from.epoch < this.#servedFrom.epoch) return;
    this.#servedFrom = from;
    this.#state = state;
    this.#proofAgeMs = proofAgeMs;
    this.#oldestLoad = state === "fresh" || state === "stale" ? 0 : this.#servedFrom.epoch;
  }

  /** The handler has returned, and nothing failed. */
  returned(): void {
    if (!this.#ended) this.#publications.checkAwaited();
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
      kinesisLatencyMs: this.#refreshWaits.totalMs,
      publishLatencyMs: this.#publications.waitedMs,
      timeSavedMs: this.#timeSavedMs,
      hits: this.#hits,
      misses: this.#misses,
      entriesInvalidated: counters.entriesInvalidated,
      fillsRefused: this.#fillsRefused,
      loadsShared: this.#loadsShared,
      kinesisCalls: counters.kinesisCalls,
      recordsSkipped: counters.recordsSkipped,
      refreshFailures: this.#refreshFailures,
      publishFailures: takePublishFailures(this.#shared),
      throttles: counters.throttles,
      flushes: counters.flushes,
      state: this.#state,
      boundMs: this.freshness.boundMs,
      streamLagMs: coherence.lagMs,
      entries: store.held.size,
      bytes: store.held.bytes,
      evictions: counters.evictions,
      shards: coherence.lanes,
      requestId: this.#limits.requestId,
    };
  }

  get<T>(id: DataId<T>): T | undefined {
    const key = requireDataId(id).toString();
    const entry = this.#hit(key);
    if (entry !== undefined) return entry.value as T;
    this.#misses++;
    this.#unanswered.remember(key, this.#shared.store.loadStart());
    return undefined;
  }

  add<T>(id: DataId<T>, value: NoInfer<T>, given: AddOptions = NO_OPTIONS): boolean {
    const target = requireDataId(id);
    checkOptions(given);
    const miss = this.#unanswered.answered(target.toString());
    const nowMs = this.#shared.clock.monotonic();
    return this.#put(target, value, miss?.first ?? this.began, nowMs - (miss?.oldestMs ?? nowMs), given);
  }

  getOrAdd<T>(
    id: DataId<T>,
    load: () => NoInfer<T> | PromiseLike<NoInfer<T>>,
    given: AddOptions = NO_OPTIONS,
  ): Promise<T> {
    let target: DataId;
    try {
      target = requireDataId(id);
      if (given !== NO_OPTIONS) checkOptions(given);
    } catch (error) {
      return Promise.reject(error);
    }
    const key = target.toString();
    const entry = this.#hit(key);
    if (entry !== undefined) return Promise.resolve(entry.value as T);
    this.#misses++;
    const running = this.#shared.loads.find(key);
    if (running !== undefined && this.#mayShare(target, running)) {
      this.#loadsShared++;
      return running.result as Promise<T>;
    }
    return this.#load(target, load, given);
  }

  async invalidate(...targets: readonly (DataId | Observable)[]): Promise<string> {
    return this.#publish("invalidate", changedData(targets));
  }

  async invalidateSource(source: string): Promise<string> {
    return this.#publish("invalidateSource", changedSource(source));
  }

  invalidateAll(): Promise<string> {
    return this.#publish("invalidateAll", EVERYTHING);
  }

  async refresh(): Promise<Freshness> {
    await this.catchUp(this.#shared.store.now());
    return this.freshness;
  }

  get freshness(): Freshness {
    const ageMs = this.#proofAgeMs;
    const state = this.#state;
    if (ageMs === undefined) return { state, asOf: undefined, boundMs: undefined };
    return { state, asOf: this.#servedFrom.atMs - ageMs, boundMs: Math.max(0, ageMs) };
  }

  /** The entry, if this invocation may be served it; counted. */
  #hit(key: string): Hit | undefined {
    if (this.#state === "bypassed") return undefined;
    // What was proven for one invocation says nothing to a later one that was left holding its cache. A response that is
    // still streaming after the hooks, on the other hand, is the same invocation.
    if (this.#ended && !this.#shared.isLatest(this)) return undefined;
    const entry = this.#shared.store.held.get(key, this.#deadlineMs);
    if (entry === undefined || entry.loadEpoch < this.#oldestLoad) return undefined;
    this.#hits++;
    this.#timeSavedMs += entry.savedUs / 1_000;
    return entry;
  }

  /** A load of another invocation may be waited for where its value, had it been stored, could be served. */
  #mayShare(id: DataId, { start, owner }: Load<Invocation>): boolean {
    const { store } = this.#shared;
    return !(owner !== this && owner.isOver) && store.permits(id, start) && start.epoch >= this.#oldestLoad;
  }

  /** Apart from `getOrAdd`, whose hits would pay for the closure too. */
  #load<T>(id: DataId, load: () => T | PromiseLike<T>, given: AddOptions): Promise<T> {
    const { store, loads, clock } = this.#shared;
    const start = store.loadStart();
    return loads.run(id.toString(), start, this, async () => {
      const value = await load();
      this.#put(id, value, start, clock.monotonic() - start.monotonicMs, given);
      return value;
    });
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

  async #publish(call: PublishingCall, changed: Changed): Promise<string> {
    try {
      return await this.#publications.publish(call, changed, this.#limits.remainingMs());
    } finally {
      for (const key of changed.keys) this.#unanswered.changed(key);
    }
  }
}

function takePublishFailures({ unreported }: Shared): number {
  const { publishFailures } = unreported;
  unreported.publishFailures = 0;
  return publishFailures;
}
