/**
 * What one invocation stores: each value kept from being changed, with what loading it cost and how long it may live. Whether it
 * may be stored is the fenced store's to say; a value that cannot be stored must never fail the invocation.
 */
import type { Random } from "../clock.js";
import type { DataId } from "../data-id.js";
import type { Moment } from "../moment.js";
import type { ResolvedOptions } from "../settings.js";
import type { FencedStore } from "../store/fenced-store.js";
import type { Keeping } from "../store/keeping.js";
import { randomTtlMs } from "../store/lifetime.js";
import type { TroubleLog } from "../trouble-log.js";
import type { Accounts } from "./accounts.js";
import type { AddOptions } from "./context-cache.js";

/** What an environment shares with its invocations for this. */
export interface FillingParts {
  readonly store: FencedStore;
  readonly keeping: Keeping;
  readonly options: ResolvedOptions;
  readonly random: Random;
  readonly trouble: TroubleLog;
}

export class Filling {
  readonly #parts: FillingParts;
  readonly #accounts: Accounts;

  constructor(parts: FillingParts, accounts: Accounts) {
    this.#parts = parts;
    this.#accounts = accounts;
  }

  /** Before anything can be refused: a handler must not be able to change a value in one case and not in the other. */
  keep<T>(value: T): T {
    const { keeping, trouble } = this.#parts;
    try {
      return keeping.keep(value);
    } catch (error) {
      // There are bounds to everything, also to how much a walk can remember.
      trouble.debug("a value could be neither frozen nor copied", { cause: error });
      return value;
    }
  }

  put(id: DataId, value: unknown, load: Moment, measuredMs: number, given: AddOptions): boolean {
    const { store, options, random, trouble } = this.#parts;
    const savedMs = Math.max(0, given.savedMs ?? measuredMs);
    const ttlMs = given.ttlMs ?? randomTtlMs(options.ttl, random);
    let stored = false;
    try {
      stored = value !== undefined && store.put(id, value, load, savedMs, ttlMs);
    } catch (error) {
      // A user's sizeOf.
      trouble.debug("a value could not be cached", { cause: error });
    }
    if (!stored) this.#accounts.fillsRefused++;
    return stored;
  }
}
