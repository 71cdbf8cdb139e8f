/**
 * The data at the source, and the oracle: which version each has, and since when an older one must not be served any more.
 * It judges by acknowledgements alone, and knows nothing of the cache.
 */
import { type DataId, dataId } from "../../src/core/data-id.js";

export class Datum {
  readonly id: DataId<number>;
  #version = 0;
  /** By version: when the acknowledgement came that made it out of date. */
  readonly #outdatedAtMs: (number | undefined)[] = [];

  constructor(name: string) {
    this.id = dataId("db.users.id", name);
  }

  get version(): number {
    return this.#version;
  }

  /** It is changed at the source. */
  write(): number {
    return ++this.#version;
  }

  /** Its invalidation was acknowledged: whoever begins from now on must not be served what was there before `version`. */
  acknowledged(version: number, nowMs: number): void {
    for (let older = version - 1; older >= 0 && this.#outdatedAtMs[older] === undefined; older--) {
      this.#outdatedAtMs[older] = nowMs;
    }
  }

  /** For how long a version had been out of date when an invocation began that was given it. */
  stalenessMs(version: number, beganMs: number): number {
    return Math.max(0, beganMs - (this.#outdatedAtMs[version] ?? Number.POSITIVE_INFINITY));
  }
}
