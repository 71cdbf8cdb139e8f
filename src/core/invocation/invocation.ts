/**
 * One invocation's view of the cache: what it may be served, and when its loads began. All state that belongs to an
 * invocation is here and in its accounts and nowhere else, since one process may run many at once.
 */
import { type Audit, type Auditor, noAudits } from "../audit/auditor.js";
import { type Changed, changedData, changedSource, EVERYTHING } from "../changed.js";
import type { DataId, Observable } from "../data-id.js";
import type { Moment } from "../moment.js";
import { type Hit, savedMsOf } from "../store/entry-store.js";
import { Accounts } from "./accounts.js";
import { checkMany, checkOptions, checkRefresh, requireDataId, requireLoader, requireNoPromises } from "./arguments.js";
import type { AddOptions, ContextCache, Freshness, RefreshOptions } from "./context-cache.js";
import { Filling, type FillingParts } from "./filling.js";
import { Loading, type LoadingParts } from "./loading.js";
import { getOrAddMany, type LoadMany, type ManyParts } from "./many.js";
import { Publications, type PublishingCall, type PublishingParts } from "./publications.js";
import type { InvocationReport } from "./report.js";
import { type InvocationLimits, Serving, type ServingParts } from "./serving.js";
import { type LookUp, waysForSeveral } from "./several.js";
import type { LoadOwner } from "./sharing.js";
import { createUnansweredMisses } from "./unanswered-misses.js";
import { loadOrWait, type Served } from "./unread.js";

/** What an environment shares with its invocations. */
export interface Shared extends PublishingParts, FillingParts, LoadingParts, ServingParts<Invocation> {
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
  /** The accounts as they were when the handler had returned: loaders that are called to audit may use the cache, too. */
  #handlersAccounts: Accounts | undefined;
  readonly #filling: Filling;
  readonly #loading: Loading;
  readonly #audit: Audit | undefined;
  readonly #serving: Serving<Invocation>;

  constructor(shared: Shared, limits: InvocationLimits) {
    this.began = shared.store.now();
    this.#shared = shared;
    this.#publications = new Publications(shared);
    this.#filling = new Filling(shared, this.#accounts);
    this.#limits = limits;
    this.#audit = shared.auditor?.begin();
    this.#serving = new Serving(shared, this, limits);
    this.#loading = new Loading(shared, this, this.#serving, this.#filling, this.#accounts);
    this.deadlineMs = this.began.atMs + limits.remainingMs();
  }

  /** What the handler is given. No field: a context that holds itself cannot be written as JSON. */
  get cache(): ContextCache {
    return this;
  }

  /** It has ended, or its time is up. */
  get isOver(): boolean {
    return this.#ended || this.#shared.clock.now() > this.deadlineMs;
  }

  /** Before the handler: reads what has changed. @throws RefreshError under `onRefreshError: "throw"`, and nothing else */
  catchUp(): Promise<void> {
    return this.#serving.begin();
  }

  /** The handler has returned, and nothing failed. */
  returned(): void {
    if (!this.#ended) this.#publications.checkAwaited();
  }

  /** After the handler, before `end`: waits for loads that must not be left under way. Never rejects; undefined where none is. */
  outrunLoads(): Promise<unknown> | undefined {
    return this.#ended ? undefined : this.#serving.beside?.outrunLoads();
  }

  /** After the handler, before `end`: checks what was chosen of its hits. Never rejects; undefined where nothing was. */
  audit(): Promise<void> | undefined {
    if (!this.#audit?.isDue || this.#ended) return undefined;
    this.#handlersAccounts = this.#accounts.copy();
    return this.#audit.run(this.#limits.remainingMs());
  }

  /** After the handler. Returns the accounts, the first time only. */
  end(): InvocationReport | undefined {
    if (this.#ended) return undefined;
    this.#ended = true;
    this.#loading.end();
    this.#serving.end(this.#accounts.timeSavedMs);
    this.#audit?.end();
    this.#shared.ended(this);
    const { store, coherence, auditor } = this.#shared;
    return (this.#handlersAccounts ?? this.#accounts).close(
      coherence.takeCounters(),
      auditor?.takeCounters() ?? noAudits(),
      this.#serving.figures,
      {
        publishLatencyMs: this.#publications.waitedMs,
        publishFailures: this.#publications.takeFailures(),
        streamLagMs: coherence.lagMs,
        entries: store.held.size,
        bytes: store.held.bytes,
        shards: coherence.lanes,
        requestId: this.#limits.requestId,
      },
    );
  }

  get<T>(id: DataId<T>): T | undefined {
    const key = requireDataId(id).toString();
    const entry = this.#hit(key);
    if (entry !== undefined) return this.#handed(entry);
    if (this.#found(key) !== undefined) this.#serving.beside?.mayBegin();
    this.#accounts.misses++;
    this.#unanswered.remember(key, this.#shared.store.loadStart());
    return undefined;
  }

  add<T>(id: DataId<T>, value: NoInfer<T>, given: AddOptions = NO_OPTIONS): boolean {
    const target = requireDataId(id);
    checkOptions(given);
    requireNoPromises([value]);
    const miss = this.#unanswered.answered(target.toString());
    const nowMs = this.#shared.clock.monotonic();
    return this.#filling.put(
      target,
      this.#filling.keep(value),
      miss?.first ?? this.began,
      nowMs - (miss?.oldestMs ?? nowMs),
      given,
    );
  }

  getOrAdd<T>(id: DataId<T>, load: NoInfer<() => T | PromiseLike<T>>, given: AddOptions = NO_OPTIONS): Promise<T> {
    let target: DataId;
    try {
      target = requireDataId(id);
      requireLoader(load);
      if (given !== NO_OPTIONS) checkOptions(given);
    } catch (error) {
      return Promise.reject(error);
    }
    const key = target.toString();
    const entry = this.#hit(key);
    if (entry !== undefined) return Promise.resolve(this.#servedByGetOrAdd<T>(target, entry, load));
    const { beside } = this.#serving;
    const found = this.#found(key);
    const miss = () => {
      this.#accounts.misses++;
      return this.#loading.load(target, load, given);
    };
    if (beside === undefined || found === undefined || this.#loading.shareable(target) !== undefined) return miss();
    return loadOrWait<T>(beside, {
      costMs: savedMsOf(found),
      areKept: () => this.#servable(key) !== undefined,
      look: () => {
        const read = this.#hit(key);
        return read && { value: this.#servedByGetOrAdd<T>(target, read, load), savedMs: savedMsOf(read) };
      },
      load: miss,
      tally: this.#accounts,
    });
  }

  getOrAddMany<T>(
    targets: readonly DataId<T>[],
    load: (missing: readonly DataId<T>[]) => NoInfer<ReturnType<LoadMany<T>>>,
    given: AddOptions = NO_OPTIONS,
  ): Promise<Map<DataId<T>, T>> {
    try {
      const ids = checkMany(targets, load, given);
      const { beside } = this.#serving;
      const many = () => getOrAddMany(this.#partsForMany(given), ids, load);
      const lookUp: LookUp = {
        servable: (key) => this.#servable(key),
        found: (key) => this.#found(key),
        served: (key) => this.#served(key),
      };
      const ways = waysForSeveral(ids, lookUp, many, this.#accounts);
      return beside === undefined || ways === undefined ? many() : loadOrWait(beside, ways);
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
        const found = this.#served(id.toString());
        if (found === undefined) this.#accounts.misses++;
        return found;
      },
      shared: (id) => this.#loading.shareable(id),
      wait: (running, id, loadAlone) => this.#loading.share(running, id, loadAlone).then(hand),
      keep: (id, value, start, share) => {
        const kept = this.#filling.keep(value);
        this.#filling.put(id, kept, start, (clock.monotonic() - start.monotonicMs) / share, given);
        return kept;
      },
      hand,
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
    checkRefresh(given);
    await this.#serving.refresh(given.covers);
    return this.freshness;
  }

  async ready(): Promise<Freshness> {
    await this.#serving.ready();
    return this.freshness;
  }

  get freshness(): Freshness {
    return this.#serving.freshness;
  }

  /** The entry, if this invocation may be served it; counted. */
  #hit(key: string): Hit | undefined {
    const entry = this.#servable(key);
    if (entry !== undefined) this.#accounts.hit(entry);
    return entry;
  }

  /** The entry, if this invocation may be served it. */
  #servable(key: string): Hit | undefined {
    if (this.#serving.state === "bypassed") return undefined;
    // What was proven for one invocation says nothing to a later one that was left holding its cache. A response that is
    // still streaming after the hooks, on the other hand, is the same invocation.
    if (this.#ended && !this.#shared.isLatest(this)) return undefined;
    const entry = this.#shared.store.held.get(key, this.deadlineMs);
    return entry === undefined || entry.loadEpoch < this.#serving.oldestLoad ? undefined : entry;
  }

  /** The value of an entry that this invocation may be served, counted. */
  #served<T>(key: string): Served<T> | undefined {
    const entry = this.#hit(key);
    return entry && { value: this.#handed<T>(entry), savedMs: savedMsOf(entry) };
  }

  /** An entry that may be served once the log was read for this invocation, and must not be before. */
  #found(key: string): Hit | undefined {
    if (this.#ended || this.#serving.state !== "unread") return undefined;
    return this.#shared.store.held.get(key, this.deadlineMs);
  }

  /** What a `getOrAdd` is served, which may be chosen to be loaded again after the handler. */
  #servedByGetOrAdd<T>(id: DataId, entry: Hit, load: () => unknown): T {
    this.#audit?.hit(id, entry.value, load, savedMsOf(entry));
    return this.#handed(entry);
  }

  #handed<T>({ value }: Hit): T {
    const { hand } = this.#shared.keeping;
    return (hand === undefined ? value : hand(value)) as T;
  }

  async #publish(call: PublishingCall, changed: Changed): Promise<string> {
    try {
      return await this.#publications.publish(call, changed, this.#limits.remainingMs());
    } finally {
      for (const key of changed.keys) this.#unanswered.changed(key);
    }
  }
}
