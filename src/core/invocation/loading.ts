/**
 * How one invocation loads what it misses: by a load of its own, which it stores and offers to others, or by sharing one that
 * is under way. Which loads may be shared is decided in sharing.ts, what may be stored by the fenced store.
 */
import type { Clock } from "../clock.js";
import type { DataId } from "../data-id.js";
import type { Epoch } from "../moment.js";
import type { FencedStore } from "../store/fenced-store.js";
import type { Keeping } from "../store/keeping.js";
import type { Accounts } from "./accounts.js";
import type { AddOptions } from "./context-cache.js";
import type { Filling } from "./filling.js";
import type { Load, Loads } from "./loads.js";
import { type LoadOwner, LoadSharing } from "./sharing.js";

/** What an environment shares with its invocations for this. */
export interface LoadingParts {
  readonly loads: Loads<LoadOwner>;
  readonly store: FencedStore;
  readonly clock: Clock;
  readonly keeping: Keeping;
}

export class Loading {
  readonly #parts: LoadingParts;
  readonly #owner: LoadOwner;
  readonly #served: { readonly oldestLoad: Epoch };
  readonly #filling: Filling;
  readonly #accounts: Accounts;
  readonly #sharing: LoadSharing;

  constructor(
    parts: LoadingParts,
    owner: LoadOwner,
    served: { readonly oldestLoad: Epoch },
    filling: Filling,
    accounts: Accounts,
  ) {
    this.#parts = parts;
    this.#owner = owner;
    this.#served = served;
    this.#filling = filling;
    this.#accounts = accounts;
    this.#sharing = new LoadSharing(parts, owner);
  }

  /** The value, as the handler is given it. */
  load<T>(id: DataId, load: () => T | PromiseLike<T>, given: AddOptions): Promise<T> {
    const { hand } = this.#parts.keeping;
    const loaded = this.#shareOrLoad(id, load, given);
    return hand === undefined ? loaded : loaded.then(hand);
  }

  /** The load under way whose value this invocation could be served, if there is one. */
  shareable(id: DataId): Load<LoadOwner> | undefined {
    return this.#sharing.find(id, this.#served.oldestLoad);
  }

  /**
   * What a shareable load comes to, counted: or `loadAlone` where it comes to nothing, and `leftOut` where its loader, one of
   * several data, has left this one out, which says nothing of what another loader finds.
   */
  share<T>(running: Load<LoadOwner>, id: DataId, loadAlone: () => Promise<T>, leftOut = loadAlone): Promise<T> {
    this.#accounts.loadsShared++;
    if (!running.mayBeLeftOut) return this.#sharing.wait(running, id, loadAlone);
    let isAlone = false;
    const alone = () => {
      isAlone = true;
      return loadAlone();
    };
    const shared = this.#sharing.wait(running, id, alone);
    return shared.then((value) => (value === undefined && !isAlone ? leftOut() : value));
  }

  /** The invocation has ended. */
  end(): void {
    this.#sharing.end();
  }

  #shareOrLoad<T>(id: DataId, load: () => T | PromiseLike<T>, given: AddOptions): Promise<T> {
    const running = this.shareable(id);
    const alone = () => this.#loadAlone(id, load, given);
    // Of those that wait for the same, and were all left out, one loads, and the others share that.
    return running === undefined ? alone() : this.share(running, id, alone, () => this.#shareOrLoad(id, load, given));
  }

  #loadAlone<T>(id: DataId, load: () => T | PromiseLike<T>, given: AddOptions): Promise<T> {
    const { store, loads, clock } = this.#parts;
    const start = store.loadStart();
    return loads.run(id.toString(), start, this.#owner, async () => {
      const value = this.#filling.keep(await load());
      this.#filling.put(id, value, start, clock.monotonic() - start.monotonicMs, given);
      return value;
    });
  }
}
