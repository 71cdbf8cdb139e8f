/**
 * How one invocation shares the loads of others, and others share its own: which of them it may wait for, and what becomes of
 * it when such a load fails, or when its owner ends first. It must never make an invocation pay for what befell another.
 */
import type { Clock } from "../clock.js";
import type { DataId } from "../data-id.js";
import type { Epoch } from "../moment.js";
import type { FencedStore } from "../store/fenced-store.js";
import type { Load, Loads } from "./loads.js";

/** Whoever runs loads: an invocation. */
export interface LoadOwner {
  /** It has ended, or its time is up. */
  readonly isOver: boolean;
  /** When its time is up, by the wall clock. */
  readonly deadlineMs: number;
}

export interface SharingDeps {
  readonly loads: Loads<LoadOwner>;
  readonly store: Pick<FencedStore, "permits">;
  readonly clock: Clock;
}

export class LoadSharing {
  readonly #deps: SharingDeps;
  readonly #self: LoadOwner;
  /** Each stops a timer that ends a wait. */
  readonly #timers = new Set<() => void>();

  constructor(deps: SharingDeps, self: LoadOwner) {
    this.#deps = deps;
    this.#self = self;
  }

  /**
   * The load under way that may be waited for, if there is one. One of another invocation may be where its value, had it been
   * stored, could be served; and any only where that is not to wait for oneself.
   * @param oldestLoad what was loaded before is not served
   */
  find(id: DataId, oldestLoad: Epoch): Load<LoadOwner> | undefined {
    const { loads, store } = this.#deps;
    const running = loads.find(id.toString(), this.#self);
    if (running === undefined) return undefined;
    const { start, owner } = running;
    if (owner !== this.#self && owner.isOver) return undefined;
    if (!store.permits(id, start) || start.epoch < oldestLoad) return undefined;
    return running.mayBeWaitedFor() ? running : undefined;
  }

  /** What a load found comes to. Should one of another's come to nothing, `loadAlone` is called, once. */
  wait<T>(running: Load<LoadOwner>, id: DataId, loadAlone: () => Promise<T>): Promise<T> {
    if (running.owner === this.#self) return running.result as Promise<T>;
    return this.#waitForAnother(running, id, loadAlone);
  }

  async #waitForAnother<T>(running: Load<LoadOwner>, id: DataId, loadAlone: () => Promise<T>): Promise<T> {
    const stop = this.#giveUpInTime(running);
    const outcome = await running.outcome();
    stop();
    if (outcome !== undefined) return outcome.value as T;
    // Several calls of this invocation may have waited for the same.
    const own = this.find(id, running.start.epoch);
    return own?.owner === this.#self ? (own.result as Promise<T>) : loadAlone();
  }

  /** The owner of a load may be gone without a word. Nothing is lost when this rings late. */
  #giveUpInTime(running: Load<LoadOwner>): () => void {
    const { clock } = this.#deps;
    const leftMs = Math.max(0, running.owner.deadlineMs - clock.now());
    const cancel = clock.after(leftMs + 1, () => running.giveUp());
    const stop = () => {
      this.#timers.delete(stop);
      cancel();
    };
    this.#timers.add(stop);
    return stop;
  }

  /** The invocation has ended: no timer may be left behind. */
  end(): void {
    for (const stop of this.#timers) stop();
  }
}
