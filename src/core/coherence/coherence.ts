/**
 * One environment's store together with what proves it: the position in the stream and the refresh that moves it. The
 * invariant everything rests on:
 *
 *   the position is never later than the load of a stored entry, and every invalidation read so far has been applied.
 *
 * So once a refresh has caught up, whatever is still stored was not invalidated before that refresh began.
 */
import type { Clock, Random } from "../clock.js";
import { ageMs, type Moment } from "../moment.js";
import type { Poll } from "../poll-run.js";
import { fenceAt, isWarm } from "../position.js";
import type { InvalidationReader } from "../reader.js";
import type { Invalidation } from "../record.js";
import type { ResolvedOptions } from "../settings.js";
import type { FencedStore } from "../store/fenced-store.js";
import type { TroubleLog } from "../trouble-log.js";
import { createRefreshBackoff } from "./refresh-backoff.js";
import { createSharedRefresh } from "./shared-refresh.js";

/** What catching up has shown about the entries. */
export type Proof =
  /** What is stored was valid that long before the invocation began, or is later. */
  | { readonly state: "fresh"; readonly ageMs: number }
  /** Nothing was stored; nothing had to be read. */
  | { readonly state: "empty"; readonly ageMs: 0 }
  /** Not known; the last proof is that old. */
  | ({ readonly state: "unknown"; readonly ageMs: number } & Failure);

/** A proof, and how long the stream was waited for to get it. */
export type CatchUp = Proof & { readonly waitedMs: number };

const EMPTY: Proof = { state: "empty", ageMs: 0 };

interface Failure {
  readonly reason: string;
  readonly cause?: unknown;
}

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

export type Coherence = ReturnType<typeof createCoherence>;

export function createCoherence({ store, reader, clock, random, options, trouble }: CoherenceDeps) {
  const { held } = store;
  const { maxGapMs, refreshTimeoutMs } = options;
  const backoff = createRefreshBackoff(random);
  const refreshes = createSharedRefresh(clock, store.now, refresh);
  let position = fenceAt(clock.now());
  /** When that was by the monotonic clock. */
  let provenMonotonicMs = clock.monotonic();
  let lastFailure: Failure = { reason: "the deadline passed" };
  let lagMs: number | undefined;
  let counters = noCounters();
  let evictionsReported = 0;

  const proofAgeMs = (now: Moment) => ageMs({ atMs: position.provenAtMs, monotonicMs: provenMonotonicMs }, now);

  const fresh = (began: Moment): Proof => ({ state: "fresh", ageMs: proofAgeMs(began) });

  const unknown = (began: Moment, failure: Failure): Proof => ({
    state: "unknown",
    ageMs: proofAgeMs(began),
    ...failure,
  });

  function timedOut(timeoutMs: number): Failure {
    const reason = `not caught up within ${Math.round(timeoutMs)} ms`;
    trouble.failed("refresh", reason);
    return { reason };
  }

  /** Forgets everything, loads under way included, and starts over from here. */
  function flush(reason: string): void {
    if (held.size > 0) {
      counters.flushes++;
      trouble.debug("cache flushed", { reason, entries: held.size });
    }
    store.flush();
    moveFence(clock.now(), clock.monotonic());
  }

  function moveFence(atMs: number, monotonicMs: number): void {
    position = fenceAt(atMs);
    provenMonotonicMs = monotonicMs;
  }

  /** Flushes when the position is of too long ago to catch up from. */
  function flushAfterGap(now: Moment): boolean {
    const isTooLong = proofAgeMs(now) > maxGapMs;
    if (isTooLong) flush("too long a gap");
    return isTooLong;
  }

  /**
   * Moves the position forward without reading, where that costs nothing that is stored: when too long ago to catch up
   * (then what is stored is flushed), and when nothing is stored and no load is under way that needs the old one.
   */
  function moveFenceAlong(began: Moment, alone: boolean): void {
    if (flushAfterGap(began) || !alone || !held.isEmpty(began.atMs)) return;
    // Iterators that are still good make the next refresh one round trip instead of three.
    if (isWarm(position, began.atMs) && proofAgeMs(began) < maxGapMs / 2) return;
    // Loads of before would need the old one, whoever offers them yet.
    store.forgetBefore(began);
    moveFence(began.atMs, began.monotonicMs);
  }

  function apply(invalidation: Invalidation): void {
    const { all, notUnderstood } = invalidation;
    if (all && held.size > 0) counters.flushes++;
    counters.entriesInvalidated += store.drop(invalidation);
    if (notUnderstood === undefined) trouble.recovered("record");
    else {
      counters.recordsSkipped++;
      trouble.failed("record", notUnderstood);
    }
  }

  /** Reads from the position to the tip. Never rejects. */
  async function refresh(start: Moment, signal: AbortSignal, waitMs: number): Promise<Poll["outcome"]> {
    // The position may have aged while this refresh was queued, or while the environment was frozen.
    if (flushAfterGap(start)) return "lost";
    const limits = { timeoutMs: refreshTimeoutMs, retryAfterMs: waitMs / 2, signal };
    const poll = await reader.poll(position, limits, apply);
    const { outcome, failure } = poll;
    counters.kinesisCalls += poll.calls;
    counters.throttles += poll.throttles;
    lagMs = poll.lagMs;
    if (outcome === "lost") {
      const wasFence = position.shards.size === 0;
      flush("the position was lost");
      // A position that was lost is better lost at once, for one that can be read from.
      if (!wasFence) {
        trouble.failed("lost", "the position was lost", failure?.cause);
        return outcome;
      }
      // Not even a fence can be read from: the stream is not there.
      failed(poll, signal);
      return "incomplete";
    }
    position = poll.position;
    if (outcome === "caught-up") {
      provenMonotonicMs = start.monotonicMs;
      backoff.reset();
      for (const kind of ["refresh", "throttled", "refused", "lost"] as const) trouble.recovered(kind);
    } else failed(poll, signal);
    return outcome;
  }

  function failed({ failure, records }: Poll, signal: AbortSignal): void {
    // A backlog that takes several refreshes is read without pauses.
    if (failure !== undefined || records === 0) backoff.failed(clock.now(), failure?.kind === "throttled");
    if (failure === undefined) {
      // Nobody waited for it any more, or the time or the pages ran out: whoever waited has said so.
      if (!signal.aborted) lastFailure = timedOut(refreshTimeoutMs);
      return;
    }
    const { kind, message, cause } = failure;
    lastFailure = { reason: message, cause: failure };
    trouble.failed(kind === "unavailable" || kind === "expired" ? "refresh" : kind, message, cause);
  }

  return {
    get shards(): number {
      return position.shards.size;
    },

    /** How far behind the tip the last refresh was; undefined when it could read nothing. */
    get lagMs(): number | undefined {
      return lagMs;
    },

    /**
     * Makes sure that what is stored may be served to an invocation that began at `began`, as cheaply as that can be known:
     * nothing stored, proven recently enough, or by a refresh.
     * @param maxStalenessMs how long before it began the proof may lie
     * @param alone whether no other invocation is under way
     */
    async catchUp(began: Moment, timeoutMs: number, maxStalenessMs: number, alone: boolean): Promise<CatchUp> {
      if (!refreshes.busy) moveFenceAlong(began, alone);
      if (held.isEmpty(began.atMs)) return { ...EMPTY, waitedMs: 0 };
      // A proof, or a refresh under way, that seems to be of later is of before the clock was set back: nobody knows its age.
      const isOfBefore = (atMs: number) => atMs <= began.atMs;
      if (maxStalenessMs > 0 && isOfBefore(position.provenAtMs) && proofAgeMs(began) <= maxStalenessMs) {
        return { ...fresh(began), waitedMs: 0 };
      }
      if (backoff.holds(began.atMs)) return { ...unknown(began, lastFailure), waitedMs: 0 };
      const suits = (start: Moment) =>
        start.epoch > began.epoch || (isOfBefore(start.atMs) && ageMs(start, began) < maxStalenessMs);
      const startedAt = clock.monotonic();
      const outcome = await refreshes.join(suits, timeoutMs);
      const proof =
        outcome === "caught-up"
          ? fresh(began)
          : outcome === "lost"
            ? EMPTY
            : unknown(began, outcome === undefined ? timedOut(timeoutMs) : lastFailure);
      return { ...proof, waitedMs: clock.monotonic() - startedAt };
    },

    /** What happened since the last call. */
    takeCounters(): Readonly<Counters> {
      const taken = counters;
      taken.evictions = held.evictions - evictionsReported;
      evictionsReported = held.evictions;
      counters = noCounters();
      return taken;
    },
  };
}

function noCounters(): Counters {
  return { kinesisCalls: 0, throttles: 0, entriesInvalidated: 0, recordsSkipped: 0, flushes: 0, evictions: 0 };
}
