/**
 * One invocation's view of the cache: what it may be served, when its loads began, and its accounts. All state that
 * belongs to an invocation is here and nowhere else, since one process may run many at once.
 */
import { InvalidDataIdError, InvalidOptionError, RefreshError } from "../errors.js";
import type { Clock, Random } from "./clock.js";
import type { Coherence } from "./coherence.js";
import type { AddOptions, ContextCache } from "./context-cache.js";
import { DataId, toDataId } from "./data-id.js";
import type { Entry } from "./entry-store.js";
import { randomTtlMs } from "./expiry.js";
import type { FencedStore } from "./fenced-store.js";
import { type Changed, NOTHING } from "./fill-fence.js";
import { deepFreeze } from "./freeze.js";
import type { FreshnessState, InvocationReport } from "./invocation-report.js";
import type { Load, Loads } from "./loads.js";
import type { Epoch, Moment } from "./moment.js";
import type { Publisher } from "./publisher.js";
import type { ResolvedOptions } from "./settings.js";
import type { TroubleLog } from "./trouble-log.js";
import { createUnansweredMisses } from "./unanswered-misses.js";

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

export interface Invocation {
  readonly began: Moment;
  /** It has ended, or its time is up and the runtime has ended it, whether or not it said so. */
  readonly isOver: boolean;
  /** What the handler is given. */
  readonly cache: ContextCache;
  /** Before the handler: reads what has changed. @throws RefreshError under `onRefreshError: "throw"`, and nothing else */
  catchUp(): Promise<void>;
  /** After the handler. Returns the accounts, the first time only. */
  end(): InvocationReport | undefined;
}

export function createInvocation(shared: Shared, { remainingMs, requestId }: InvocationLimits): Invocation {
  const { store, coherence, loads, publisher, clock, random, options, trouble } = shared;
  const { held } = store;
  const began = store.now();
  const deadlineMs = began.atMs + remainingMs();
  const allMisses = createUnansweredMisses();
  /** Moves with `refresh()`. */
  let servedFrom = began;
  let state: FreshnessState = "bypassed";
  /**
   * What was loaded before this is neither served nor waited for. Where nothing was read for the invocation, since nothing
   * was cached, what another one had begun to load before, and stored since, may have been invalidated in between.
   */
  let oldestLoad: Epoch = began.epoch;
  /** How old the proof of what is served was then; undefined when nothing may be served. */
  let proofAgeMs: number | undefined;
  let ended = false;
  /** In an object, since a fraction in a variable of a closure is allocated anew each time it changes. */
  const accounts = {
    hits: 0,
    misses: 0,
    timeSavedMs: 0,
    kinesisLatencyMs: 0,
    publishLatencyMs: 0,
    fillsRefused: 0,
    loadsShared: 0,
    refreshFailures: 0,
  };

  async function catchUp(): Promise<void> {
    const timeoutMs = Math.min(options.refreshTimeoutMs, Math.max(0, remainingMs() / 2));
    const isFirst = servedFrom === began;
    // Whoever asks for a refresh() in mid-invocation wants the stream read. And the invocation may have loads under way
    // itself by then, which must not be left behind.
    const maxStalenessMs = isFirst ? options.maxStalenessMs : 0;
    const alone = isFirst && shared.isAlone(invocation);
    const result = await coherence.catchUp(servedFrom, timeoutMs, maxStalenessMs, alone);
    accounts.kinesisLatencyMs += result.waitedMs;
    if (result.state === "unknown") {
      const serves = options.onRefreshError === "serve" && result.ageMs <= options.maxGapMs;
      state = serves ? "stale" : "bypassed";
      proofAgeMs = serves ? result.ageMs : undefined;
      accounts.refreshFailures++;
    } else {
      state = result.state;
      proofAgeMs = result.state === "fresh" ? result.ageMs : 0;
    }
    oldestLoad = state === "fresh" || state === "stale" ? 0 : servedFrom.epoch;
    if (result.state === "unknown" && options.onRefreshError === "throw") {
      throw new RefreshError(shared.streamName, result.reason, result.cause);
    }
  }

  /** The entry, if this invocation may be served it; counted. */
  function hit(key: string): Entry | undefined {
    if (state === "bypassed") return undefined;
    // What was proven for one invocation says nothing to a later one that was left holding its cache. A response that is
    // still streaming after the hooks, on the other hand, is the same invocation.
    if (ended && !shared.isLatest(invocation)) return undefined;
    const entry = held.get(key, deadlineMs);
    if (entry === undefined || entry.loadEpoch < oldestLoad) return undefined;
    accounts.hits++;
    accounts.timeSavedMs += entry.savedMs;
    return entry;
  }

  /** A load of another invocation may be waited for where its value, had it been stored, could be served. */
  function mayShare(id: DataId, { start, owner }: Load<Invocation>): boolean {
    return !(owner !== invocation && owner.isOver) && store.permits(id, start) && start.epoch >= oldestLoad;
  }

  function put(id: DataId, value: unknown, load: Moment, measuredMs: number, given: AddOptions): boolean {
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
    if (!stored) accounts.fillsRefused++;
    return stored;
  }

  /** Apart from `getOrAdd`, whose hits would pay for the closure too. */
  function loadAndPut<T>(id: DataId, load: () => T | PromiseLike<T>, given: AddOptions): Promise<T> {
    const start = store.loadStart();
    return loads.run(id, start, invocation, async () => {
      const value = await load();
      put(id, value, start, clock.monotonic() - start.monotonicMs, given);
      return value;
    });
  }

  async function publish(changed: Changed): Promise<string> {
    const startedAt = clock.monotonic();
    const timeoutMs = Math.max(1, Math.min(PUBLISH_TIMEOUT_MS, remainingMs() * 0.9));
    store.drop(changed);
    try {
      const token = await publisher.publish(changed, timeoutMs);
      trouble.recovered("publish");
      return token;
    } catch (error) {
      trouble.failed("publish", "an invalidation may not have been published", error);
      throw error;
    } finally {
      // What was loaded and stored meanwhile may have been read before the change was visible.
      store.drop(changed);
      for (const key of changed.keys) allMisses.changed(key);
      accounts.publishLatencyMs += clock.monotonic() - startedAt;
    }
  }

  const cache: ContextCache = {
    get<T>(id: DataId<T>): T | undefined {
      const key = requireDataId(id).toString();
      const entry = hit(key);
      if (entry !== undefined) return entry.value as T;
      accounts.misses++;
      allMisses.remember(key, store.loadStart());
      return undefined;
    },

    add(id, value, given = {}) {
      const target = requireDataId(id);
      checkOptions(given);
      const miss = allMisses.answered(target.toString());
      const nowMs = clock.monotonic();
      return put(target, value, miss?.first ?? began, nowMs - (miss?.oldestMs ?? nowMs), given);
    },

    getOrAdd<T>(id: DataId<T>, load: () => T | PromiseLike<T>, given: AddOptions = {}): Promise<T> {
      let target: DataId;
      try {
        target = requireDataId(id);
        checkOptions(given);
      } catch (error) {
        return Promise.reject(error);
      }
      const entry = hit(target.toString());
      if (entry !== undefined) return Promise.resolve(entry.value as T);
      accounts.misses++;
      const running = loads.find(target);
      if (running !== undefined && mayShare(target, running)) {
        accounts.loadsShared++;
        return running.result as Promise<T>;
      }
      return loadAndPut(target, load, given);
    },

    async invalidate(...targets) {
      return publish({ ...NOTHING, keys: [...new Set(targets.map((target) => toDataId(target).toString()))] });
    },

    async invalidateSource(source) {
      return publish({ ...NOTHING, sources: [new DataId(source, "").source] });
    },

    invalidateAll: () => publish({ ...NOTHING, all: true }),

    async refresh() {
      servedFrom = store.now();
      await catchUp();
      return cache.freshness;
    },

    get freshness() {
      if (proofAgeMs === undefined) return { state, asOf: undefined, boundMs: undefined };
      return { state, asOf: servedFrom.atMs - proofAgeMs, boundMs: Math.max(0, proofAgeMs) };
    },
  };

  const invocation: Invocation = {
    began,
    get isOver() {
      return ended || clock.now() > deadlineMs;
    },
    cache,
    catchUp,
    end() {
      if (ended) return undefined;
      ended = true;
      shared.ended(invocation);
      const counters = coherence.takeCounters();
      // Written out, without spreading: building this object that way cost more than the rest of an invocation.
      return {
        kinesisLatencyMs: accounts.kinesisLatencyMs,
        publishLatencyMs: accounts.publishLatencyMs,
        timeSavedMs: accounts.timeSavedMs,
        hits: accounts.hits,
        misses: accounts.misses,
        entriesInvalidated: counters.entriesInvalidated,
        fillsRefused: accounts.fillsRefused,
        loadsShared: accounts.loadsShared,
        kinesisCalls: counters.kinesisCalls,
        recordsSkipped: counters.recordsSkipped,
        refreshFailures: accounts.refreshFailures,
        throttles: counters.throttles,
        flushes: counters.flushes,
        state,
        boundMs: cache.freshness.boundMs,
        streamLagMs: coherence.lagMs,
        entries: held.size,
        bytes: held.bytes,
        evictions: counters.evictions,
        shards: coherence.shards,
        requestId,
      };
    },
  };
  return invocation;
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
