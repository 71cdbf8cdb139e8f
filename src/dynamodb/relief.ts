/**
 * Makes room in the head after an append, where that append was elected to: moves the oldest records into a segment, or, where
 * that is overdue, drops them, or begins the log anew.
 *
 * It may be killed between any two steps, and others may be at the same head: each step is conditional, so whoever comes
 * later goes on from what is there. Nothing that it does or fails to do concerns safety; it keeps the head small.
 */
import type { Clock, Random } from "../core/clock.js";
import { LogFailure } from "../core/log.js";
import { type Head, isReadable, type TableApi } from "./table-api.js";
import { type Relief, reliefAfter, reliefAgain, sealedBy, type Trimming } from "./trimming.js";

/** Readers go back 23 hours at most; the rest is for clocks that differ, and for those who look into what went wrong. */
export const SEGMENT_LIFE_MS = 48 * 3_600_000;
/** A head of 400 KB comes below its limit in about ten halvings. */
const MAX_TRIMS = 10;
const THROTTLED_PAUSE_MS = 40;

export interface ReliefDeps {
  readonly api: TableApi;
  readonly clock: Clock;
  readonly random: Random;
  /** A fresh one each time. */
  readonly newIncarnation: () => string;
}

export interface Reliever {
  /**
   * Does what the append calls for, if anything.
   * @param head as the append left it
   * @param own how many of its last records are the append's
   * @throws LogFailure
   */
  after(head: Head, own: number, trimming: Trimming, signal: AbortSignal): Promise<void>;
  /** Begins the log anew when its head can hold no more. @throws LogFailure */
  whenFull(signal: AbortSignal): Promise<void>;
}

export function createReliever({ api, clock, random, newIncarnation }: ReliefDeps): Reliever {
  const reset = (head: Head, signal: AbortSignal) => api.reset(head.incarnation, newIncarnation(), signal);

  /**
   * How many records may be taken out, now that a segment holds them. Of a segment that another writer has put there, its own
   * length counts: the two may be of versions that move different numbers of records. Undefined when it holds others: two
   * logs share an incarnation, as after a restore, and of two records with one number readers must not guess.
   */
  async function sealed(head: Head, count: number, signal: AbortSignal): Promise<number | undefined> {
    const { incarnation, first } = head;
    const segment = { first, records: head.records.slice(0, count) };
    const put = await api.putSegment(incarnation, segment, clock.now() + SEGMENT_LIFE_MS, signal);
    if (put === "put") return count;
    const found = await api.getSegment(incarnation, first, signal);
    return found === undefined ? count : sealedBy(found, head);
  }

  /** A head that is throttled is one that has to become smaller: until the time is up. */
  async function insisting<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const isThrottled = error instanceof LogFailure && error.kind === "throttled";
        if (isThrottled) await pause(THROTTLED_PAUSE_MS * (0.5 + random()), signal);
        if (!isThrottled || signal.aborted) throw error;
      }
    }
  }

  /** Leaves no timer behind when it is cut short. */
  function pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = clock.after(ms, end);
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

  /** Undefined where only a new beginning helps. */
  async function toTakeOut(head: Head, relief: Relief, signal: AbortSignal): Promise<number | undefined> {
    if (relief.kind === "seal") return sealed(head, relief.count, signal);
    return relief.kind === "trim" ? relief.count : undefined;
  }

  return {
    async after(head, own, trimming, signal) {
      let relief = reliefAfter(head, own, trimming);
      let left = head;
      for (let trims = 0; relief.kind !== "none" && trims < MAX_TRIMS; trims++) {
        const count = await toTakeOut(left, relief, signal);
        if (count === undefined) {
          await reset(left, signal);
          return;
        }
        const trimmed = await insisting(() => api.trim(left, count, signal), signal);
        if (trimmed === "changed" || !isReadable(trimmed)) return;
        left = trimmed;
        relief = reliefAgain(left);
      }
    },

    async whenFull(signal) {
      const head = await api.getHead("strong", signal);
      if (head !== undefined && isReadable(head)) await reset(head, signal);
    },
  };
}
