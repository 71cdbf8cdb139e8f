/**
 * One environment's store together with what proves it: the position in the stream and the refresh that moves it. The
 * invariant everything rests on:
 *
 *   the position is never later than the load of a stored entry, and every invalidation read so far has been applied.
 *
 * So once a refresh has caught up, whatever is still stored was not invalidated before that refresh began.
 */
import type { Clock, Random } from "./clock.js";
import type { FencedStore, Moment } from "./fenced-store.js";
import type { Invalidation } from "./invalidation-record.js";
import type { Poll } from "./poll-run.js";
import { fenceAt, isWarm, type Position } from "./position.js";
import type { InvalidationReader } from "./reader.js";
import { RefreshBackoff } from "./refresh-backoff.js";
import type { ResolvedOptions } from "./settings.js";
import { type RefreshStart, SharedRefresh } from "./shared-refresh.js";
import type { TroubleLog } from "./trouble-log.js";

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

export interface CoherenceDeps {
  readonly store: FencedStore;
  readonly reader: InvalidationReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: ResolvedOptions;
  readonly trouble: TroubleLog;
}

export class Coherence {
  readonly #deps: CoherenceDeps;
  readonly #backoff: RefreshBackoff;
  readonly #refreshes: SharedRefresh<Poll["outcome"]>;
  #position: Position;
  #lastFailure: { reason: string; cause?: unknown } = { reason: "the deadline passed" };
  #lagMs: number | undefined;
  #counters = noCounters();
  #evictionsReported = 0;

  constructor(deps: CoherenceDeps) {
    this.#deps = deps;
    this.#backoff = new RefreshBackoff(deps.random);
    this.#position = fenceAt(deps.clock.now());
    this.#refreshes = new SharedRefresh(
      deps.clock,
      () => deps.store.now(),
      (start, signal, waitMs) => this.#refresh(start, signal, waitMs),
    );
  }

  get shards(): number {
    return this.#position.kind === "cursors" ? this.#position.shards.size : 0;
  }

  /** How far behind the tip the last refresh was; undefined when it could read nothing. */
  get lagMs(): number | undefined {
    return this.#lagMs;
  }

  /**
   * Makes sure that what is stored may be served to an invocation that began at `began`, as cheaply as that can be known:
   * nothing stored, proven recently enough, or by a refresh.
   * @param maxStalenessMs how long before it began the proof may lie
   * @param alone whether no other invocation is under way
   */
  async catchUp(began: Moment, timeoutMs: number, maxStalenessMs: number, alone: boolean): Promise<CatchUp> {
    if (!this.#refreshes.busy) this.#movePin(began, alone);
    if (this.#deps.store.isEmpty(began.atMs)) return { state: "empty", waitedMs: 0 };
    const ageMs = began.atMs - this.#position.provenAtMs;
    if (maxStalenessMs > 0 && ageMs >= 0 && ageMs <= maxStalenessMs) return { ...this.#fresh(), waitedMs: 0 };
    if (this.#backoff.holds(began.atMs)) return { ...this.#unknown(this.#lastFailure), waitedMs: 0 };
    // One that seems to have begun later, though it began before, is of a clock that was set back: its age is not known.
    const suits = ({ epoch, atMs }: RefreshStart) =>
      epoch > began.epoch || (atMs <= began.atMs && atMs > began.atMs - maxStalenessMs);
    const startedAt = this.#deps.clock.monotonic();
    const outcome = await this.#refreshes.join(suits, timeoutMs);
    return { ...this.#proof(outcome, timeoutMs), waitedMs: this.#deps.clock.monotonic() - startedAt };
  }

  /** What happened since the last call. */
  takeCounters(): Readonly<Counters> {
    const counters = this.#counters;
    counters.evictions = this.#deps.store.evictions - this.#evictionsReported;
    this.#evictionsReported = this.#deps.store.evictions;
    this.#counters = noCounters();
    return counters;
  }

  #proof(outcome: Poll["outcome"] | undefined, timeoutMs: number): Proof {
    if (outcome === "caught-up") return this.#fresh();
    if (outcome === "lost") return { state: "empty" };
    return this.#unknown(outcome === undefined ? this.#timedOut(timeoutMs) : this.#lastFailure);
  }

  #fresh(): Proof {
    return { state: "fresh", provenAtMs: this.#position.provenAtMs };
  }

  #unknown(failure: { reason: string; cause?: unknown }): Proof {
    return { state: "unknown", provenAtMs: this.#position.provenAtMs, ...failure };
  }

  #timedOut(timeoutMs: number): { reason: string } {
    const reason = `not caught up within ${Math.round(timeoutMs)} ms`;
    this.#deps.trouble.failed("refresh", reason);
    return { reason };
  }

  /**
   * Moves the position forward without reading, where that costs nothing that is stored: when too long ago to catch up
   * (then what is stored is flushed), and when nothing is stored and no load is under way that needs the old one.
   */
  #movePin(began: Moment, alone: boolean): void {
    const nowMs = began.atMs;
    const ageMs = nowMs - this.#position.provenAtMs;
    if (ageMs > this.#deps.options.maxGapMs) {
      this.#flush("the gap was too long");
      return;
    }
    if (!alone || !this.#deps.store.isEmpty(nowMs)) return;
    // Iterators that are still good make the next refresh one round trip instead of three.
    if (isWarm(this.#position, nowMs) && ageMs < this.#deps.options.maxGapMs / 2) return;
    // Loads of before would need the old one, whoever offers them yet.
    this.#deps.store.forgetBefore(began);
    this.#position = fenceAt(nowMs);
  }

  /** Reads from the position to the tip. Never rejects. */
  async #refresh(start: RefreshStart, signal: AbortSignal, waitMs: number): Promise<Poll["outcome"]> {
    const { reader, options } = this.#deps;
    // The position may have aged while this refresh was queued, or while the environment was frozen.
    if (start.atMs - this.#position.provenAtMs > options.maxGapMs) {
      this.#flush("the gap was too long");
      return "lost";
    }
    const limits = { timeoutMs: options.refreshTimeoutMs, retryAfterMs: waitMs / 2, signal };
    const poll = await reader.poll(this.#position, limits, (invalidation) => this.#apply(invalidation));
    this.#counters.kinesisCalls += poll.calls;
    this.#counters.throttles += poll.throttles;
    this.#lagMs = poll.lagMs;
    if (poll.outcome === "lost") {
      this.#deps.trouble.failed("lost", "the position in the stream was lost", poll.failure?.cause);
      // Not even a fence can be read from: the stream is not there. A position that was lost is better lost at once.
      if (this.#position.kind === "fence") this.#backoff.failed(this.#deps.clock.now(), false);
      this.#flush("the position was lost");
      return "lost";
    }
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
    // A backlog that takes several refreshes is read without pauses.
    if (failure !== undefined || poll.records === 0) {
      this.#backoff.failed(this.#deps.clock.now(), failure?.kind === "throttled");
    }
    if (failure === undefined) {
      // Nobody waited for it any more, or the time or the pages ran out: whoever waited has said so.
      if (!signal.aborted) this.#lastFailure = this.#timedOut(this.#deps.options.refreshTimeoutMs);
      return;
    }
    this.#lastFailure = { reason: failure.message, cause: failure };
    const kind = failure.kind === "throttled" || failure.kind === "refused" ? failure.kind : "refresh";
    this.#deps.trouble.failed(kind, failure.message, failure.cause);
  }

  #apply(invalidation: Invalidation): void {
    const { store, trouble } = this.#deps;
    const { all, notUnderstood } = invalidation;
    if (all && store.size > 0) this.#counters.flushes++;
    this.#counters.entriesInvalidated += store.drop(invalidation);
    if (notUnderstood === undefined) trouble.recovered("record");
    else {
      this.#counters.recordsSkipped++;
      trouble.failed("record", notUnderstood);
    }
  }

  /** Forgets everything, loads under way included, and starts over from here. */
  #flush(reason: string): void {
    const { store, trouble, clock } = this.#deps;
    if (store.size > 0) {
      this.#counters.flushes++;
      trouble.debug("cache flushed", { reason, entries: store.size });
    }
    store.flush();
    this.#position = fenceAt(clock.now());
  }
}

function noCounters(): Counters {
  return { kinesisCalls: 0, throttles: 0, entriesInvalidated: 0, recordsSkipped: 0, flushes: 0, evictions: 0 };
}
