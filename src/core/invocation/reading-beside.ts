/**
 * The reading of the log that goes on beside one invocation's handler, with `refreshWhen` other than "before": when it begins,
 * who waits for it and for how long, and its end, which comes with the invocation's at the latest. What the reading shows is
 * not known here, nor what may be served.
 */
import { type Clock, within } from "../clock.js";
import type { Outlook } from "../coherence/outlook.js";
import { outrunLimitMs } from "../time-limits.js";
import type { Demand } from "./demand.js";
import { RentOrBuy } from "./rent-or-buy.js";

export interface BesideDeps {
  readonly clock: Clock;
  readonly outlook: Outlook;
  readonly demand: Demand;
  /**
   * Reads, and settles what may be served. Never rejects: resolves to what whoever waited is to be told, if anything.
   * @param leave ends it: then nothing may be settled any more
   */
  read(leave: AbortSignal): Promise<Error | undefined>;
  /** Somebody has waited so long. */
  waited(fromMs: number, untilMs: number): void;
}

/** With a smaller share, more often than not one of those that wait at once waits in vain. */
const LIKELY = 0.5;

/** What a wait came to: `late` when it took longer than was expected, or will not end any more. */
export type Wait = "read" | "late";

export class ReadingBeside {
  readonly #deps: BesideDeps;
  readonly #leave = new AbortController();
  readonly #waits = new Set<() => void>();
  /** Loads whose answers are not needed any more, and until when each is given to end. */
  readonly #outrun = new Map<Promise<unknown>, number>();
  readonly #beganMs: number;
  readonly #costs: RentOrBuy;
  #reading: Promise<Error | undefined> | undefined;
  /** When the reading under way is expected to end. */
  #dueMs = 0;
  /** When it is late, and nobody only waits for it any more. */
  #lateMs = 0;
  #firstAfterMs: number | undefined;
  #wasRead = false;
  #isOver = false;

  constructor(deps: BesideDeps) {
    this.#deps = deps;
    this.#beganMs = deps.clock.monotonic();
    this.#costs = new RentOrBuy(deps.demand.carriedMs);
  }

  /** Begins to read, unless that was begun before. Waits for nothing. */
  begin(): Promise<Error | undefined> {
    if (this.#reading === undefined) {
      const { clock, outlook, read } = this.#deps;
      const nowMs = clock.monotonic();
      this.#dueMs = nowMs + outlook.expectedMs();
      this.#lateMs = nowMs + outlook.patienceMs();
      this.#reading = read(this.#leave.signal).then((told) => {
        this.#wasRead = !this.#leave.signal.aborted;
        return told;
      });
    }
    return this.#reading;
  }

  /** The same, unless it would probably be left behind. */
  mayBegin(): boolean {
    if (this.#reading !== undefined) return true;
    if (this.#isOver || !this.#deps.outlook.mayBegin()) return false;
    void this.begin();
    return true;
  }

  /** Whether to wait for the reading, which is then under way, before an entry is served that took `costMs` to load. */
  isWorthWaiting(costMs: number): boolean {
    const { clock, outlook, demand } = this.#deps;
    const nowMs = clock.monotonic();
    this.#firstAfterMs ??= nowMs - this.#beganMs;
    if (this.#isOver) return false;
    const leftMs = this.#reading === undefined ? outlook.expectedMs() : Math.max(0, this.#dueMs - nowMs);
    // Of several that are asked for at once the slowest counts, and one that is gone by then was waited for in vain.
    const othersWaiting = this.#waits.size;
    const allKept = demand.keptShare ** (othersWaiting + 1);
    if (othersWaiting > 0 && allKept < LIKELY) return false;
    if (this.#costs.loads(costMs * allKept, leftMs, nowMs)) {
      // Of several that are found one after another, those that follow need not load if the log is read beside this one.
      if (demand.paysOnceFound(outlook.expectedMs())) this.mayBegin();
      return false;
    }
    // This one is waited for: it will not be left behind, as those were that made the others pause.
    void this.begin();
    return true;
  }

  /** An entry was waited for: whether it was still there. */
  waitedFor(wasKept: boolean): void {
    this.#deps.demand.waited(wasKept);
  }

  /** An entry that was found is loaded in place of waiting; it took `costMs` before. Call what is returned when it has ended. */
  loads(costMs: number): () => void {
    const { clock } = this.#deps;
    const rented = this.#costs.rent(costMs, clock.monotonic());
    return () => {
      rented.untilMs = clock.monotonic();
    };
  }

  /** A load that began since the reading was late, and took `costMs` before, is not needed: the reading was sooner. */
  outran(load: Promise<unknown>, costMs: number): void {
    this.#outrun.set(load, this.#deps.clock.monotonic() + outrunLimitMs(costMs));
    const over = () => this.#outrun.delete(load);
    load.then(over, over);
  }

  /**
   * Waits for such loads, which cannot be stopped: one that is frozen in the middle of a query may block a connection pool for
   * minutes. Not for long, since one may never end. Never rejects; undefined where there are none.
   */
  outrunLoads(): Promise<unknown> | undefined {
    if (this.#outrun.size === 0) return undefined;
    const { clock } = this.#deps;
    const leftMs = Math.max(0, ...this.#outrun.values()) - clock.monotonic();
    return within(clock, Math.max(0, leftMs), Promise.allSettled(this.#outrun.keys()));
  }

  /** Waits until the reading has ended, or is late. @throws what whoever waited is to be told */
  async wait(): Promise<Wait> {
    if (this.#wasRead) return "read";
    const { clock, waited } = this.#deps;
    const fromMs = clock.monotonic();
    const leftMs = this.#lateMs - fromMs;
    if (leftMs <= 0) return "late";
    const outcome = await this.#endOr(leftMs);
    waited(fromMs, clock.monotonic());
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  /** The same, for somebody who did not want to wait before: the reading is begun if it was not. @throws as `wait` does */
  async waitAfterAll(): Promise<Wait> {
    if (this.#isOver) return "late";
    void this.begin();
    return this.wait();
  }

  /** Waits for the reading, which is begun if it was not. @throws as `wait` does */
  async ready(): Promise<void> {
    if (this.#isOver) return;
    const { clock, waited } = this.#deps;
    const fromMs = clock.monotonic();
    await this.whenRead().finally(() => waited(fromMs, clock.monotonic()));
  }

  /** The reading has ended, or the invocation has. @throws as `wait` does */
  async whenRead(): Promise<void> {
    const told = await this.begin();
    if (told !== undefined) throw told;
  }

  /** The invocation has ended, and has been served entries that took `servedMs` to load. Nothing is left under way. */
  end(servedMs: number): void {
    const { demand, outlook } = this.#deps;
    const { spentMs } = this.#costs;
    const wasRead = this.#wasRead;
    this.#isOver = true;
    // Aborting takes longer than all the rest of an invocation that has read nothing.
    if (this.#reading !== undefined && !wasRead) this.#leave.abort();
    for (const stop of this.#waits) stop();
    const wanted = { foundMs: spentMs + servedMs, firstAfterMs: this.#firstAfterMs, spentMs, wasRead };
    demand.ended(wanted, outlook.warmMs());
  }

  /** Resolves when the reading has ended, when the time is up, or when the invocation has ended. */
  #endOr(leftMs: number): Promise<Wait | Error> {
    return new Promise((resolve) => {
      const end = (outcome: Wait | Error) => {
        this.#waits.delete(late);
        cancel();
        resolve(outcome);
      };
      const late = () => end("late");
      const cancel = this.#deps.clock.after(leftMs, late);
      this.#waits.add(late);
      void this.begin().then((told) => end(told ?? "read"));
    });
  }
}
