/**
 * What one invocation may be served, and how it finds out: before the handler, and whenever it asks for a refresh. Whoever
 * serves it looks here; nothing else may decide that an entry is fresh enough.
 */
import { RefreshError } from "../../errors.js";
import type { Clock } from "../clock.js";
import type { Coherence } from "../coherence/coherence.js";
import { mayBeServedStale } from "../coherence/gap.js";
import type { Proof } from "../coherence/proof.js";
import type { InvalidationLog } from "../log.js";
import type { Epoch, Moment } from "../moment.js";
import type { ResolvedOptions } from "../settings.js";
import type { FencedStore } from "../store/fenced-store.js";
import { refreshLimitMs } from "../time-limits.js";
import type { ServedFigures } from "./accounts.js";
import type { Freshness } from "./context-cache.js";
import type { Demand } from "./demand.js";
import { ReadingBeside } from "./reading-beside.js";
import type { FreshnessState } from "./report.js";
import { TimeSpans } from "./time-spans.js";
import type { TokenReadings } from "./token-readings.js";

export interface InvocationLimits {
  /** Milliseconds until the runtime ends the invocation. */
  remainingMs(): number;
  readonly requestId?: string | undefined;
}

/** What an environment shares with its invocations for this. */
export interface ServingParts<Served> {
  readonly coherence: Coherence;
  readonly store: FencedStore;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
  readonly log: InvalidationLog;
  readonly tokenReadings: TokenReadings;
  readonly demand: Demand;
  /** Whether no other invocation is under way. */
  isAlone(invocation: Served): boolean;
}

/** A class, with fields for what a hit looks at. */
export class Serving<Served extends { readonly began: Moment }> {
  state: FreshnessState = "bypassed";
  /**
   * What was loaded before this is neither served nor waited for. Where nothing was read for the invocation, since nothing
   * was cached, what another one had begun to load before, and stored since, may have been invalidated in between.
   */
  oldestLoad: Epoch;
  /** Refreshes that did not catch up. */
  #failures = 0;
  /** The reading beside the handler; absent with `refreshWhen: "before"`. */
  readonly beside: ReadingBeside | undefined;
  readonly #parts: ServingParts<Served>;
  readonly #served: Served;
  readonly #limits: InvocationLimits;
  readonly #waits = new TimeSpans();
  /** What whoever waits for the reading beside the handler is told. */
  #told: RefreshError | undefined;
  /** Moves with each refresh. */
  #servedFrom: Moment;
  /** Each leaves a refresh that its handler has asked for. */
  readonly #leaves = new Set<AbortController>();
  /** How old the proof of what is served was then; undefined when nothing may be served. */
  #proofAgeMs: number | undefined;

  constructor(parts: ServingParts<Served>, served: Served, limits: InvocationLimits) {
    this.#parts = parts;
    this.#served = served;
    this.#limits = limits;
    this.#servedFrom = served.began;
    this.oldestLoad = served.began.epoch;
    if (parts.options.refreshWhen !== "before") this.beside = this.#readingBeside();
  }

  /** What it has come to, for the invocation's report. */
  get figures(): ServedFigures {
    return {
      kinesisLatencyMs: this.#waits.totalMs,
      refreshFailures: this.#failures,
      state: this.state,
      boundMs: this.freshness.boundMs,
    };
  }

  get freshness(): Freshness {
    const ageMs = this.#proofAgeMs;
    const { state } = this;
    if (ageMs === undefined) return { state, asOf: undefined, boundMs: undefined };
    return { state, asOf: this.#servedFrom.atMs - ageMs, boundMs: Math.max(0, ageMs) };
  }

  /** @throws RefreshError under `onRefreshError: "throw"`, and nothing else */
  async catchUp(from = this.#served.began, leave?: AbortSignal): Promise<void> {
    const { coherence, options, clock, isAlone } = this.#parts;
    const isFirst = from === this.#served.began;
    // Whoever asks for a refresh() in mid-invocation wants the log read. And the invocation may have loads under way itself
    // by then, which must not be left behind.
    const maxStalenessMs = isFirst ? options.maxStalenessMs : 0;
    const alone = isFirst && isAlone(this.#served);
    const result = await coherence.catchUp(from, this.#timeoutMs, maxStalenessMs, alone, leave);
    // It has read nothing for who asked, who must not be served by what was known before.
    if (leave?.aborted) return this.#serve(from, "bypassed");
    const endedAt = result.waitedMs > 0 ? clock.monotonic() : 0;
    this.#waits.add(endedAt - result.waitedMs, endedAt);
    const told = this.#conclude(from, result);
    if (told !== undefined) throw told;
  }

  /** Before the handler. @throws RefreshError as `catchUp` does, with `refreshWhen: "before"` */
  begin(): Promise<void> {
    return this.beside === undefined ? this.catchUp() : this.#beginBeside(this.beside);
  }

  /** The handler is to work while the log is read: waits only where nothing could ever be stored otherwise. */
  async #beginBeside(beside: ReadingBeside): Promise<void> {
    const { coherence, options, store, isAlone, demand } = this.#parts;
    const { outlook } = coherence;
    const { began } = this.#served;
    const proof = coherence.look(began, options.maxStalenessMs, isAlone(this.#served));
    if (proof !== undefined) {
      this.#told = this.#conclude(began, proof);
      return;
    }
    this.#serve(began, "unread", 0);
    if (store.held.size === 0) {
      // It has no place yet. Begun over and over, and left behind, it would never have one.
      if (!beside.mayBegin()) await beside.ready().catch(() => undefined);
      return;
    }
    const isToBegin = options.refreshWhen === "alongside" && demand.pays(outlook.expectedMs());
    if (isToBegin || (demand.isWanted && outlook.growsOld())) beside.mayBegin();
  }

  /** Waits for the reading beside the handler, if there is one to wait for. @throws RefreshError as `catchUp` does */
  async ready(): Promise<void> {
    if (this.state === "unread") await this.beside?.ready();
    else if (this.#told !== undefined) throw this.#told;
  }

  #readingBeside(): ReadingBeside {
    const { coherence, clock, demand, options } = this.#parts;
    const { began } = this.#served;
    return new ReadingBeside({
      clock,
      outlook: coherence.outlook,
      demand,
      read: async (leave) => {
        // By now the invocation may have loads under way itself: it counts as if it were not alone.
        const proof = await coherence.catchUp(began, this.#timeoutMs, options.maxStalenessMs, false, leave);
        if (!leave.aborted) this.#told = this.#conclude(began, proof);
        return this.#told;
      },
      waited: (fromMs, untilMs) => this.#waits.add(fromMs, untilMs),
    });
  }

  get #timeoutMs(): number {
    return refreshLimitMs(this.#parts.options.refreshTimeoutMs, this.#limits.remainingMs());
  }

  /** Settles what may be served, by what is known. Returns what whoever waited for it is to be told. */
  #conclude(from: Moment, result: Proof): RefreshError | undefined {
    const { options, log } = this.#parts;
    if (result.failure !== undefined) this.#failures++;
    if (result.state !== "unknown") {
      this.#serve(from, result.state, result.ageMs);
      return undefined;
    }
    const mayBeStale = options.onRefreshError === "serve" && mayBeServedStale(result.ageMs, options.maxGapMs);
    if (mayBeStale) this.#serve(from, "stale", result.ageMs);
    else this.#serve(from, "bypassed");
    if (options.onRefreshError !== "throw") return undefined;
    return new RefreshError(log.name, result.failure.reason, result.failure.cause);
  }

  /** Reads on; with a token only as far as it asks for. @throws RefreshError as `catchUp` does */
  async refresh(token?: string): Promise<void> {
    const { coherence, store, clock, tokenReadings } = this.#parts;
    if (token === undefined) return this.#readOn(store.now());
    if (coherence.covers(token)) return;
    const from = store.now();
    if (!tokenReadings.mayRead(clock.monotonic())) return this.#serve(from, "bypassed");
    await this.#readOn(from);
    // Where nothing is stored, nothing was read.
    if (this.state === "fresh" && !coherence.covers(token)) tokenReadings.wasInVain(clock.monotonic());
  }

  /** @throws RefreshError as `catchUp` does */
  async #readOn(from: Moment): Promise<void> {
    const leave = new AbortController();
    this.#leaves.add(leave);
    await this.catchUp(from, leave.signal).finally(() => this.#leaves.delete(leave));
  }

  /** The invocation has ended, and has been served entries that took `servedMs` to load. Nothing is left under way. */
  end(servedMs: number): void {
    this.beside?.end(servedMs);
    for (const leave of this.#leaves) leave.abort();
  }

  #serve(from: Moment, state: FreshnessState, proofAgeMs?: number): void {
    // Of several refreshes at once the one that began last counts, whichever ends last.
    if (from.epoch < this.#servedFrom.epoch) return;
    this.#servedFrom = from;
    this.state = state;
    this.#proofAgeMs = proofAgeMs;
    this.oldestLoad = state === "fresh" || state === "stale" ? 0 : this.#servedFrom.epoch;
  }
}
