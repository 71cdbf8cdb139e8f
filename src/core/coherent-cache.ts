/**
 * One environment's entries together with what proves them: the position in the stream, the fence that keeps old loads
 * out, and the refresh that moves the position. The invariant everything rests on:
 *
 *   the position is never later than the load of a stored entry, and every invalidation read so far has been applied.
 *
 * So once a refresh has caught up, whatever is still stored was not invalidated before that refresh began.
 */
import type { Clock, Random } from "./clock.js";
import type { DataId } from "./data-id.js";
import { type Entry, EntryStore } from "./entry-store.js";
import { type Epoch, FillFence } from "./fill-fence.js";
import { HoldOff } from "./hold-off.js";
import type { Invalidation } from "./invalidation-record.js";
import { fenceAt, isWarm, type Position } from "./position.js";
import type { InvalidationReader, Poll } from "./reader.js";
import { RefreshBackoff } from "./refresh-backoff.js";
import type { ResolvedOptions } from "./settings.js";
import { type RefreshStart, SharedRefresh } from "./shared-refresh.js";
import type { TroubleLog } from "./trouble-log.js";

/** A moment in this environment: its place in the order of events, and the wall clock. */
export interface Moment {
  readonly epoch: Epoch;
  readonly atMs: number;
}

/** What catching up has shown about the entries. */
export type Proof =
  /** What is stored was valid at `provenAtMs`. */
  | { readonly state: "fresh"; readonly provenAtMs: number }
  /** Nothing was stored; nothing had to be read. */
  | { readonly state: "empty" }
  /** Not known; the last proof is of `provenAtMs`. */
  | { readonly state: "unknown"; readonly provenAtMs: number; readonly reason: string; readonly cause?: unknown };

/** A proof, and how long the stream was waited for to get it. */
export type CatchUp = Proof & { readonly waitedMs: number };

/** What happened since the last report, in all invocations of the environment together. */
export interface Counters {
  kinesisCalls: number;
  throttles: number;
  entriesInvalidated: number;
  recordsSkipped: number;
  flushes: number;
  evictions: number;
}

/** Applying invalidations gives way to the event loop after this long. */
const SLICE_MS = 5;
/** Keys applied between two looks at the clock. */
const SLICE_KEYS = 256;

export interface CoherentCacheDeps {
  readonly reader: InvalidationReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: ResolvedOptions;
  readonly trouble: TroubleLog;
}

export class CoherentCache {
  readonly #deps: CoherentCacheDeps;
  readonly #store: EntryStore;
  readonly #fence = new FillFence();
  readonly #holdOff: HoldOff;
  readonly #backoff: RefreshBackoff;
  readonly #refreshes: SharedRefresh<Poll["outcome"]>;
  #position: Position;
  #lastFailure: { reason: string; cause?: unknown } = { reason: "the deadline passed" };
  #lagMs = 0;
  #counters = noCounters();
  #evictionsReported = 0;

  constructor(deps: CoherentCacheDeps) {
    this.#deps = deps;
    this.#store = new EntryStore(deps.options);
    this.#holdOff = new HoldOff(deps.options.holdOffMs);
    this.#backoff = new RefreshBackoff(deps.random);
    this.#position = fenceAt(deps.clock.now());
    this.#refreshes = new SharedRefresh(
      deps.clock,
      () => this.now(),
      (start, signal) => this.#refresh(start, signal),
    );
  }

  get size(): number {
    return this.#store.size;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get shards(): number {
    return this.#position.kind === "cursors" ? this.#position.shards.size : 0;
  }

  /** How far behind the tip the last refresh ended. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** This moment, after everything before it and before everything after it. */
  now(): Moment {
    return { epoch: this.#fence.advance(), atMs: this.#deps.clock.now() };
  }

  /** The moment a load that begins now is said to have begun. */
  loadStart(): Moment {
    return { epoch: this.#fence.epoch, atMs: this.#deps.clock.now() };
  }

  /** No load from before this moment will be offered any more. */
  forgetBefore(oldest: Moment): void {
    this.#fence.forgetBefore(oldest.epoch);
    this.#holdOff.forgetBefore(oldest.atMs);
  }

  get(key: string): Entry | undefined {
    return this.#store.get(key, this.#deps.clock.now());
  }

  /** Whether nothing that names this id was invalidated since the load began. */
  permits(id: DataId, load: Moment): boolean {
    const key = id.toString();
    return this.#fence.permits(key, id.source, load.epoch) && !this.#holdOff.holds(key, id.source, load.atMs);
  }

  /** Stores what a load that began at `load` returned, unless it may be older than an invalidation or than what is there. */
  put(id: DataId, value: unknown, load: Moment, savedMs: number, ttlMs: number): boolean {
    if (!this.permits(id, load)) return false;
    const key = id.toString();
    const nowMs = this.#deps.clock.now();
    const present = this.#store.get(key, nowMs);
    if (present !== undefined && present.loadEpoch > load.epoch) return false;
    const bytes = this.#deps.options.sizeOf(value, id);
    if (!Number.isFinite(bytes) || bytes < 0) return false;
    return this.#store.set(
      key,
      id.source,
      { value, expiresAtMs: nowMs + ttlMs, savedMs, loadEpoch: load.epoch },
      bytes,
    );
  }

  /** Applies an invalidation of this environment's own making. */
  drop(invalidation: Invalidation): void {
    this.#fence.advance();
    for (const source of invalidation.sources) this.#dropSource(source);
    for (const key of invalidation.keys) this.#dropKey(key);
    if (invalidation.all) this.#dropAll();
  }

  /**
   * Makes sure that what is stored may be served to an invocation that began at `began`, as cheaply as that can be known:
   * nothing stored, proven recently enough, or by a refresh.
   * @param alone whether no other invocation is under way
   */
  async catchUp(began: Moment, timeoutMs: number, alone: boolean): Promise<CatchUp> {
    if (!this.#refreshes.busy) this.#movePin(began.atMs, alone);
    if (this.#store.isEmpty(began.atMs)) return { state: "empty", waitedMs: 0 };
    const { maxStalenessMs } = this.#deps.options;
    const ageMs = began.atMs - this.#position.provenAtMs;
    if (maxStalenessMs > 0 && ageMs >= 0 && ageMs <= maxStalenessMs) return { ...this.#fresh(), waitedMs: 0 };
    if (this.#backoff.holds(began.atMs)) return { ...this.#unknown(this.#lastFailure), waitedMs: 0 };
    const suits = (start: RefreshStart) =>
      start.epoch > began.epoch || (maxStalenessMs > 0 && start.atMs > began.atMs - maxStalenessMs);
    const startedAt = this.#deps.clock.monotonic();
    const outcome = await this.#refreshes.join(suits, timeoutMs);
    return { ...this.#proof(outcome), waitedMs: this.#deps.clock.monotonic() - startedAt };
  }

  /** What happened since the last call. */
  takeCounters(): Readonly<Counters> {
    const counters = this.#counters;
    counters.evictions = this.#store.evictions - this.#evictionsReported;
    this.#evictionsReported = this.#store.evictions;
    this.#counters = noCounters();
    return counters;
  }

  #proof(outcome: Poll["outcome"] | undefined): Proof {
    if (outcome === "caught-up") return this.#fresh();
    if (outcome === "lost") return { state: "empty" };
    return this.#unknown(outcome === undefined ? this.#timedOut() : this.#lastFailure);
  }

  #fresh(): Proof {
    return { state: "fresh", provenAtMs: this.#position.provenAtMs };
  }

  #unknown(failure: { reason: string; cause?: unknown }): Proof {
    return { state: "unknown", provenAtMs: this.#position.provenAtMs, ...failure };
  }

  #timedOut(): { reason: string } {
    const reason = `not caught up within ${this.#deps.options.refreshTimeoutMs} ms`;
    this.#deps.trouble.failed("refresh", reason);
    return { reason };
  }

  /**
   * Moves the position forward without reading, where that costs nothing that is stored: when too long ago to catch up
   * (then what is stored is flushed), and when nothing is stored and no load is under way that needs the old one.
   */
  #movePin(nowMs: number, alone: boolean): void {
    const ageMs = nowMs - this.#position.provenAtMs;
    if (ageMs > this.#deps.options.maxGapMs) {
      this.#flush("the gap was too long");
      return;
    }
    if (!alone || !this.#store.isEmpty(nowMs)) return;
    // Iterators that are still good make the next refresh one round trip instead of three.
    if (isWarm(this.#position, nowMs) && ageMs < this.#deps.options.maxGapMs / 2) return;
    this.#position = fenceAt(nowMs);
  }

  /** Reads from the position to the tip. Never rejects. */
  async #refresh(start: RefreshStart, signal: AbortSignal): Promise<Poll["outcome"]> {
    const { reader, options } = this.#deps;
    // The position may have aged while this refresh was queued, or while the environment was frozen.
    if (start.atMs - this.#position.provenAtMs > options.maxGapMs) {
      this.#flush("the gap was too long");
      return "lost";
    }
    const poll = await reader.poll(this.#position, options.refreshTimeoutMs, signal);
    this.#counters.kinesisCalls += poll.calls;
    this.#counters.throttles += poll.throttles;
    this.#lagMs = poll.lagMs;
    if (poll.outcome === "lost") {
      this.#deps.trouble.failed("lost", "the position in the stream was lost", poll.failure?.cause);
      this.#flush("the position was lost");
      return "lost";
    }
    await this.#apply(poll.invalidations);
    this.#position = poll.position;
    if (poll.outcome === "caught-up") this.#succeeded();
    else this.#failed(poll, signal);
    return poll.outcome;
  }

  #succeeded(): void {
    this.#backoff.reset();
    const { trouble } = this.#deps;
    for (const kind of ["refresh", "throttled", "refused", "lost"] as const) trouble.recovered(kind);
  }

  #failed(poll: Poll, signal: AbortSignal): void {
    const { failure } = poll;
    const nowMs = this.#deps.clock.now();
    this.#backoff.failed(nowMs, failure?.kind === "throttled");
    if (failure === undefined) {
      // Nobody waited for it any more, or the time or the pages ran out: whoever waited has said so.
      if (!signal.aborted) this.#lastFailure = this.#timedOut();
      return;
    }
    this.#lastFailure = { reason: failure.message, cause: failure };
    const kind = failure.kind === "throttled" || failure.kind === "refused" ? failure.kind : "refresh";
    this.#deps.trouble.failed(kind, failure.message, failure.cause);
  }

  async #apply(invalidations: readonly Invalidation[]): Promise<void> {
    if (invalidations.length === 0) return;
    this.#fence.advance();
    const before = this.#store.size;
    let dropped = 0;
    let sliceStart = this.#deps.clock.monotonic();
    let sliceKeys = 0;
    for (const invalidation of invalidations) {
      if (invalidation.notUnderstood !== undefined) {
        this.#counters.recordsSkipped++;
        this.#deps.trouble.failed("record", invalidation.notUnderstood);
      } else this.#deps.trouble.recovered("record");
      for (const source of invalidation.sources) dropped += this.#dropSource(source);
      for (const key of invalidation.keys) {
        dropped += this.#dropKey(key);
        if (++sliceKeys < SLICE_KEYS) continue;
        sliceKeys = 0;
        if (this.#deps.clock.monotonic() - sliceStart < SLICE_MS) continue;
        await new Promise<void>((resolve) => this.#deps.clock.after(0, resolve));
        sliceStart = this.#deps.clock.monotonic();
      }
      if (invalidation.all) {
        dropped += this.#dropAll();
        if (before > 0) this.#counters.flushes++;
      }
    }
    this.#counters.entriesInvalidated += dropped;
  }

  #dropKey(key: string): number {
    this.#fence.invalidateKey(key);
    this.#holdOff.holdKey(key, this.#deps.clock.now());
    return this.#store.drop(key);
  }

  #dropSource(source: string): number {
    this.#fence.invalidateSource(source);
    this.#holdOff.holdSource(source, this.#deps.clock.now());
    return this.#store.dropSource(source);
  }

  #dropAll(): number {
    this.#fence.invalidateAll();
    this.#holdOff.holdAll(this.#deps.clock.now());
    return this.#store.clear();
  }

  /** Forgets everything, loads under way included, and starts over from here. */
  #flush(reason: string): void {
    const { trouble, clock } = this.#deps;
    if (this.#store.size > 0) {
      this.#counters.flushes++;
      trouble.debug("cache flushed", { reason, entries: this.#store.size });
    }
    this.#fence.advance();
    this.#fence.invalidateAll();
    this.#store.clear();
    this.#position = fenceAt(clock.now());
  }
}

function noCounters(): Counters {
  return { kinesisCalls: 0, throttles: 0, entriesInvalidated: 0, recordsSkipped: 0, flushes: 0, evictions: 0 };
}
