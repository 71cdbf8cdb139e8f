/**
 * One environment's store together with what proves it: its place in the log, and the refresh that moves it. The invariant
 * everything rests on:
 *
 *   the place is never later than the load of a stored entry, and every invalidation read so far has been applied.
 *
 * So once a refresh has caught up, whatever is still stored was not invalidated before that refresh began.
 */
import { EVERYTHING } from "../changed.js";
import type { Clock, Random } from "../clock.js";
import type { LogReader } from "../log.js";
import { ageMs, type Instant, type Moment } from "../moment.js";
import type { OwnRecords } from "../own-records.js";
import type { Invalidation } from "../record.js";
import type { ResolvedOptions } from "../settings.js";
import type { FencedStore } from "../store/fenced-store.js";
import { repeatAfterMs } from "../time-limits.js";
import { TROUBLE_OF, type TroubleLog } from "../trouble-log.js";
import type { Abandonment } from "./abandonment.js";
import { type Counters, noCounters } from "./counters.js";
import { isGapTooLong, isHalfGapOver } from "./gap.js";
import { createOutlook, type Outlook } from "./outlook.js";
import { type CatchUp, EMPTY, type Failure, type Proof } from "./proof.js";
import { type ReadingResult, type ReadingTarget, readOn } from "./reading.js";
import { createRefreshBackoff } from "./refresh-backoff.js";
import { createSharedRefresh } from "./shared-refresh.js";

export interface Coherence {
  /** Parts of the log that are read side by side. */
  readonly lanes: number;
  /** How far behind the tip the last refresh was; undefined when it could read nothing. */
  readonly lagMs: number | undefined;
  /**
   * Makes sure that what is stored may be served to an invocation that began at `began`, as cheaply as that can be known:
   * nothing stored, proven recently enough, or by a refresh.
   * @param maxStalenessMs how long before it began the proof may lie
   * @param alone whether no other invocation is under way
   * @param leave ends it early
   */
  catchUp(
    began: Moment,
    timeoutMs: number,
    maxStalenessMs: number,
    alone: boolean,
    leave?: AbortSignal,
  ): Promise<CatchUp>;
  /** The same without waiting: undefined where only a reading can tell. Begins none. */
  look(began: Moment, maxStalenessMs: number, alone: boolean): Proof | undefined;
  readonly outlook: Outlook;
  /** Whether everything that the token names has been read; false where that is not known. Makes no call. */
  covers(token: string): boolean;
  /** What happened since the last call. */
  takeCounters(): Readonly<Counters>;
}

export interface CoherenceDeps {
  readonly store: FencedStore;
  readonly reader: LogReader;
  readonly own: OwnRecords;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: ResolvedOptions;
  readonly trouble: TroubleLog;
  readonly proofs?: Proofs | undefined;
}

/** Who is told what the log has shown, beside the store. */
export interface Proofs {
  /** A reading that began then has reached the tip, and all it found was applied. */
  caughtUp(start: Moment): void;
  /** The place moved on without reading. */
  skipped(): void;
}

/** When what is stored was last proven to be up to date. */
interface Proven extends Instant {
  /**
   * Where nothing was read for it: a source that lags may still show what was changed so long before, and only a reading tells
   * of that.
   */
  readonly heldBackMs: number;
}

export function createCoherence(deps: CoherenceDeps): Coherence {
  const { store, reader, own, clock, random, options, trouble, proofs } = deps;
  const { held } = store;
  const { maxGapMs, refreshTimeoutMs, holdOffMs, decode } = options;
  const backoff = createRefreshBackoff(random);
  const refreshes = createSharedRefresh(clock, store.now, refresh);
  /** Everything acknowledged before this has been applied, or nothing was stored then. */
  let proven = unread(instant());
  const readsBeside = options.refreshWhen !== "before";
  /** With a place taken at the tip a hold-off begins: were one taken for each invocation, nothing would ever be stored. */
  const keepsPlace = holdOffMs > 0 && !reader.isReadByTime;
  const halfGapIsOver = (now = instant()) => isHalfGapOver(proven, now, maxGapMs);
  const outlook = createOutlook(reader, clock, halfGapIsOver, options.maxStalenessMs > 0);
  let lastFailure: Failure = { reason: "the deadline passed" };
  let lagMs: number | undefined;
  let counters = noCounters();
  let evictionsReported = 0;

  const target: ReadingTarget = {
    decode,
    isOwn: own.wrote,
    apply,
    read(notUnderstood) {
      if (notUnderstood === undefined) return trouble.recovered("record");
      counters.recordsSkipped++;
      trouble.failed("record", notUnderstood);
    },
    startOver() {
      startOver("the place in the log was lost");
      // A place taken at the tip: nothing is known of what was invalidated shortly before.
      if (reader.lanes > 0) store.holdOff(EVERYTHING);
    },
  };

  function instant(): Instant {
    return { atMs: clock.now(), monotonicMs: clock.monotonic() };
  }

  function unread(at: Instant): Proven {
    return { ...at, heldBackMs: holdOffMs };
  }

  const fresh = (began: Moment): Proof => ({ state: "fresh", ageMs: ageMs(proven, began) });
  const unknown = (began: Moment, failure: Failure): Proof => ({
    state: "unknown",
    ageMs: ageMs(proven, began),
    failure,
  });

  function timedOut(timeoutMs: number): Failure {
    const reason = `not caught up within ${Math.round(timeoutMs)} ms`;
    trouble.failed("refresh", reason);
    return { reason };
  }

  /** Forgets everything, loads under way included: what counts begins now. */
  function startOver(reason: string): void {
    if (held.size > 0) {
      counters.flushes++;
      trouble.debug("cache flushed", { reason, entries: held.size });
    }
    store.flush();
    proven = unread(instant());
  }

  /** Flushes when the place is of too long ago to catch up from. */
  function flushAfterGap(now: Moment): boolean {
    const isTooLong = isGapTooLong(proven, now, maxGapMs);
    if (isTooLong) {
      reader.leave();
      startOver("too long a gap");
    }
    return isTooLong;
  }

  /**
   * Goes on from now without reading, where that costs nothing that is stored: when too long ago to catch up (then what is
   * stored is flushed), and when nothing is stored and no load is under way that needs the old place.
   */
  function moveAlong(began: Moment, alone: boolean): void {
    if (flushAfterGap(began) || keepsPlace || !alone || !held.isEmpty(began.atMs)) return;
    // A place that can be read on from at once makes the next refresh cheaper.
    if (reader.isWarm(began.atMs) && (readsBeside || !halfGapIsOver(began))) return;
    // Loads of before would need the old one, whoever offers them yet.
    store.forgetBefore(began);
    reader.leave();
    proofs?.skipped();
    proven = unread(began);
  }

  function apply(invalidation: Invalidation): void {
    if (invalidation.all && held.size > 0) counters.flushes++;
    counters.entriesInvalidated += store.drop(invalidation);
  }

  /** Reads from the place to the tip. Never rejects. */
  async function refresh(start: Moment, abandonment: Abandonment, waitMs: number): Promise<ReadingResult["outcome"]> {
    // The place may have aged while this refresh was queued, or while the environment was frozen.
    if (flushAfterGap(start) && reader.isPlaced) return "lost";
    const limits = { timeoutMs: refreshTimeoutMs, repeatAfterMs: repeatAfterMs(waitMs), abandonment };
    // Where nothing was read yet there is nothing to lose: the log is not there.
    const hadPlace = reader.lanes > 0;
    const noteEnd = readsBeside ? outlook.begins(start) : undefined;
    const result = await readOn(reader, clock, { proven, holdOffMs }, limits, target);
    const { outcome, failure } = result;
    noteEnd?.(failure === undefined ? outcome : "failed");
    counters.kinesisCalls += result.calls;
    counters.throttles += result.throttles;
    lagMs = result.lagMs;
    if (outcome === "caught-up") {
      proven = { ...start, heldBackMs: 0 };
      proofs?.caughtUp(start);
      backoff.reset();
      for (const kind of ["refresh", "throttled", "refused", "lost"] as const) trouble.recovered(kind);
      return outcome;
    }
    if (outcome === "lost" && hadPlace) {
      // Start over at once: the new place can be read from.
      if (failure !== undefined) trouble.failed("lost", "the place in the log was lost", failure);
      return outcome;
    }
    failed(result, abandonment);
    return "incomplete";
  }

  function failed({ failure, records }: ReadingResult, abandonment: Abandonment): void {
    if (failure === undefined && abandonment.reason === "left behind") return;
    // A backlog that takes several refreshes is read without pauses.
    if (failure !== undefined || records === 0) backoff.failed(instant(), failure?.kind === "throttled");
    if (failure === undefined) {
      // Nobody waited for it any more, or the time ran out: whoever waited has said so.
      if (abandonment.reason === undefined) lastFailure = timedOut(refreshTimeoutMs);
      return;
    }
    const { kind, message } = failure;
    lastFailure = { reason: message, cause: failure };
    trouble.failed(TROUBLE_OF[kind], message, failure);
  }

  /** For an environment that has no place yet: nothing is stored, and nothing can be until it has one. */
  async function takePlace(began: Moment, timeoutMs: number, leave?: AbortSignal): Promise<Proof> {
    if (backoff.holds(began)) return { ...EMPTY, failure: lastFailure };
    // Whichever reading takes the place: loads that began before it did are refused.
    const outcome = await refreshes.join(() => true, timeoutMs, leave);
    if (reader.isPlaced || leave?.aborted) return EMPTY;
    return { ...EMPTY, failure: outcome === undefined ? timedOut(timeoutMs) : lastFailure };
  }

  /** For an environment with something stored. */
  async function prove(began: Moment, timeoutMs: number, maxStalenessMs: number, leave?: AbortSignal): Promise<Proof> {
    const suits = (start: Moment) =>
      start.epoch > began.epoch || (isOfBefore(start, began) && ageMs(start, began) < maxStalenessMs);
    const outcome = await refreshes.join(suits, timeoutMs, leave);
    if (outcome === "caught-up") return fresh(began);
    if (outcome === "lost") return EMPTY;
    if (leave?.aborted) return unknown(began, { reason: "left behind" });
    return unknown(began, outcome === undefined ? timedOut(timeoutMs) : lastFailure);
  }

  /** What is known without waiting, if it is enough. */
  function known(began: Moment, maxStalenessMs: number): Proof | undefined {
    // By a proof that is too old, what is stored now would soon have to be given up. Reading on beside the handler costs nothing.
    const readsOn = (readsBeside || keepsPlace) && halfGapIsOver(began);
    if (held.isEmpty(began.atMs) && !readsOn) return EMPTY;
    const oldestMs = ageMs(proven, began) + proven.heldBackMs;
    if (maxStalenessMs > 0 && isOfBefore(proven, began) && oldestMs <= maxStalenessMs) return fresh(began);
    return backoff.holds(began) ? unknown(began, lastFailure) : undefined;
  }

  function look(began: Moment, maxStalenessMs: number, alone: boolean): Proof | undefined {
    if (!refreshes.busy) moveAlong(began, alone);
    return reader.isPlaced ? known(began, maxStalenessMs) : undefined;
  }

  return {
    get lanes(): number {
      return reader.lanes;
    },

    get lagMs(): number | undefined {
      return lagMs;
    },

    async catchUp(began, timeoutMs, maxStalenessMs, alone, leave) {
      const proof = look(began, maxStalenessMs, alone);
      if (proof !== undefined) return { ...proof, waitedMs: 0 };
      const startedAt = clock.monotonic();
      const waitedFor = reader.isPlaced
        ? await prove(began, timeoutMs, maxStalenessMs, leave)
        : await takePlace(began, timeoutMs, leave);
      return { ...waitedFor, waitedMs: clock.monotonic() - startedAt };
    },

    look,
    outlook,

    covers: (token) => reader.isPlaced && reader.covers(token),

    takeCounters() {
      const taken = counters;
      taken.evictions = held.evictions - evictionsReported;
      evictionsReported = held.evictions;
      counters = noCounters();
      return taken;
    },
  };
}

/** A timestamp later than `now` was taken before the clock was set back, so its age is unknown. */
const isOfBefore = (then: Instant, now: Instant) => then.atMs <= now.atMs;
