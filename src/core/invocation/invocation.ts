/**
 * One invocation's view of the cache: what it may be served, and when its loads began. All state that belongs to an
 * invocation is here and in its accounts and nowhere else, since one process may run many at once.
 */
import { type Audit, type Auditor, noAudits } from "../audit/auditor.js";
import { type Changed, changedData, changedSource, EVERYTHING } from "../changed.js";
import type { Random } from "../clock.js";
import type { DataId, Observable } from "../data-id.js";
import type { Moment } from "../moment.js";
import type { Hit } from "../store/entry-store.js";
import { randomTtlMs } from "../store/expiry.js";
import type { Keeping } from "../store/keeping.js";
import { Accounts } from "./accounts.js";
import { checkOptions, checkRefreshOptions, requireDataId, requireNoPromise } from "./arguments.js";
import type { AddOptions, ContextCache, Freshness, RefreshOptions } from "./context-cache.js";
import type { Loads } from "./loads.js";
import { getOrAddMany, type LoadMany, type ManyParts } from "./many.js";
import { Publications, type PublishingCall, type PublishingParts } from "./publications.js";
import type { InvocationReport } from "./report.js";
import { Serving, type ServingParts } from "./serving.js";
import { type LoadOwner, LoadSharing } from "./sharing.js";
import { createUnansweredMisses } from "./unanswered-misses.js";

export interface InvocationLimits {
  /** Milliseconds until the runtime ends the invocation. */
  remainingMs(): number;
  readonly requestId?: string | undefined;
}

/** What an environment shares with its invocations. */
export interface Shared extends PublishingParts, ServingParts<Invocation> {
  readonly keeping: Keeping;
  readonly loads: Loads<LoadOwner>;
  readonly random: Random;
  /** Absent where nothing is audited. */
  readonly auditor: Auditor | undefined;
  /** Whether no other invocation has begun since. */
  isLatest(invocation: Invocation): boolean;
  ended(invocation: Invocation): void;
}

/** One for all, so that a hit need not look at it. */
const NO_OPTIONS = {};

/** A class, since there are many, and since a hit passes through here: V8 reads a field faster than a closure's variable. */
export class Invocation implements ContextCache, LoadOwner {
  readonly began: Moment;
  /** After this the runtime has ended it, whether or not it said so. */
  readonly deadlineMs: number;
  readonly #shared: Shared;
  readonly #limits: InvocationLimits;
  readonly #unanswered = createUnansweredMisses();
  readonly #publications: Publications;
  #ended = false;
  readonly #accounts = new Accounts();
  readonly #sharing: LoadSharing;
  readonly #audit: Audit | undefined;
  readonly #serving: Serving<Invocation>;

  constructor(shared: Shared, limits: InvocationLimits) {
    const began = shared.store.now();
    this.began = began;
    this.#shared = shared;
    this.#publications = new Publications(shared);
    this.#sharing = new LoadSharing(shared, this);
    this.#limits = limits;
    this.#audit = shared.auditor?.begin();
    this.#serving = new Serving(shared, this, limits);
    this.deadlineMs = began.atMs + limits.remainingMs();
  }

  /** What the handler is given. */
  get cache(): ContextCache {
    return this;
  }

  /** It has ended, or its time is up. */
  get isOver(): boolean {
    return this.#ended || this.#shared.clock.now() > this.deadlineMs;
  }

  /** Before the handler: reads what has changed. @throws RefreshError under `onRefreshError: "throw"`, and nothing else */
  catchUp(): Promise<void> {
    return this.#serving.catchUp();
  }

  /** The handler has returned, and nothing failed. */
  returned(): void {
    if (!this.#ended) this.#publications.checkAwaited();
  }

  /** After the handler, before `end`: checks what was chosen of its hits. Never rejects; undefined where nothing was. */
  audit(): Promise<void> | undefined {
    return this.#audit?.isDue && !this.#ended ? this.#audit.run(this.#limits.remainingMs()) : undefined;
  }

  /** After the handler. Returns the accounts, the first time only. */
  end(): InvocationReport | undefined {
    if (this.#ended) return undefined;
    this.#ended = true;
    this.#sharing.end();
    this.#audit?.end();
    this.#shared.ended(this);
    const { store, coherence, auditor } = this.#shared;
    return this.#accounts.close(coherence.takeCounters(), auditor?.takeCounters() ?? noAudits(), {
      kinesisLatencyMs: this.#serving.waitedMs,
      publishLatencyMs: this.#publications.waitedMs,
      refreshFailures: this.#serving.failures,
      publishFailures: takePublishFailures(this.#shared),
      state: this.#serving.state,
      boundMs: this.freshness.boundMs,
      streamLagMs: coherence.lagMs,
      entries: store.held.size,
      bytes: store.held.bytes,
      shards: coherence.lanes,
      requestId: this.#limits.requestId,
    });
  }

  get<T>(id: DataId<T>): T | undefined {
    const key = requireDataId(id).toString();
    const entry = this.#hit(key);
    if (entry !== undefined) return this.#handed(entry);
    this.#accounts.misses++;
    this.#unanswered.remember(key, this.#shared.store.loadStart());
    return undefined;
  }

  add<T>(id: DataId<T>, value: NoInfer<T>, given: AddOptions = NO_OPTIONS): boolean {
    const target = requireDataId(id);
    checkOptions(given);
    requireNoPromise(value);
    const miss = this.#unanswered.answered(target.toString());
    const nowMs = this.#shared.clock.monotonic();
    return this.#put(target, this.#keep(value), miss?.first ?? this.began, nowMs - (miss?.oldestMs ?? nowMs), given);
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
    if (entry !== undefined) {
      this.#audit?.hit(target, entry.value, load);
      return Promise.resolve(this.#handed<T>(entry));
    }
    this.#accounts.misses++;
    const { hand } = this.#shared.keeping;
    const loaded = this.#shareOrLoad(target, load, given);
    return hand === undefined ? loaded : loaded.then(hand);
  }

  getOrAddMany<T>(
    ids: readonly DataId<T>[],
    load: LoadMany<NoInfer<T>>,
    given: AddOptions = NO_OPTIONS,
  ): Promise<Map<DataId<T>, T>> {
    try {
      checkOptions(given);
      return getOrAddMany(this.#partsForMany(given), ids, load);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #partsForMany(given: AddOptions): ManyParts {
    const { store, clock, loads, keeping } = this.#shared;
    const { hand = <T>(value: T) => value } = keeping;
    return {
      owner: this,
      loads,
      loadStart: store.loadStart,
      hit: (id) => {
        const entry = this.#hit(id.toString());
        if (entry === undefined) this.#accounts.misses++;
        return entry && { value: this.#handed(entry) };
      },
      shared: (id) => {
        const running = this.#sharing.find(id, this.#serving.oldestLoad);
        if (running !== undefined) this.#accounts.loadsShared++;
        return running;
      },
      wait: (running, id, loadAlone) => this.#sharing.wait(running, id, loadAlone).then(hand),
      keep: (id, value, start, share) => {
        const kept = this.#keep(value);
        this.#put(id, kept, start, (clock.monotonic() - start.monotonicMs) / share, given);
        return hand(kept);
      },
    };
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

  async refresh(given: RefreshOptions = NO_OPTIONS): Promise<Freshness> {
    checkRefreshOptions(given);
    await this.#serving.refresh(given.covers);
    return this.freshness;
  }

  get freshness(): Freshness {
    return this.#serving.freshness;
  }

  /** The entry, if this invocation may be served it; counted. */
  #hit(key: string): Hit | undefined {
    if (this.#serving.state === "bypassed") return undefined;
    // What was proven for one invocation says nothing to a later one that was left holding its cache. A response that is
    // still streaming after the hooks, on the other hand, is the same invocation.
    if (this.#ended && !this.#shared.isLatest(this)) return undefined;
    const entry = this.#shared.store.held.get(key, this.deadlineMs);
    if (entry === undefined || entry.loadEpoch < this.#serving.oldestLoad) return undefined;
    this.#accounts.hit(entry);
    return entry;
  }

  #handed<T>({ value }: Hit): T {
    const { hand } = this.#shared.keeping;
    return (hand === undefined ? value : hand(value)) as T;
  }

  /** Apart from `getOrAdd`, whose hits would pay for the closures too. */
  #shareOrLoad<T>(id: DataId, load: () => T | PromiseLike<T>, given: AddOptions): Promise<T> {
    const running = this.#sharing.find(id, this.#serving.oldestLoad);
    if (running === undefined) return this.#load(id, load, given);
    this.#accounts.loadsShared++;
    return this.#sharing.wait(running, id, () => this.#load(id, load, given));
  }

  #load<T>(id: DataId, load: () => T | PromiseLike<T>, given: AddOptions): Promise<T> {
    const { store, loads, clock } = this.#shared;
    const start = store.loadStart();
    return loads.run(id.toString(), start, this, async () => {
      const value = this.#keep(await load());
      this.#put(id, value, start, clock.monotonic() - start.monotonicMs, given);
      return value;
    });
  }

  /** Before anything can be refused: a handler must not be able to change a value in one case and not in the other. */
  #keep<T>(value: T): T {
    const { keeping, trouble } = this.#shared;
    try {
      return keeping.keep(value);
    } catch (error) {
      // There are bounds to everything, also to how much a walk can remember.
      trouble.debug("a value could be neither frozen nor copied", { cause: error });
      return value;
    }
  }

  #put(id: DataId, value: unknown, load: Moment, measuredMs: number, given: AddOptions): boolean {
    const { store, options, random, trouble } = this.#shared;
    const savedMs = Math.max(0, given.savedMs ?? measuredMs);
    const ttlMs = given.ttlMs ?? randomTtlMs(options.ttl, random);
    let stored = false;
    try {
      stored = value !== undefined && store.put(id, value, load, savedMs, ttlMs);
    } catch (error) {
      // A user's sizeOf.
      trouble.debug("a value could not be cached", { cause: error });
    }
    if (!stored) this.#accounts.fillsRefused++;
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
