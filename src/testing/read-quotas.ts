/**
 * What Kinesis allows the readers of one shard, all of them together: so many calls and so many bytes a second. It counts;
 * what is refused is the stream's to say.
 */

export interface ReadQuotas {
  readonly callsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Calls refused so far, by the quota they met. */
export interface RefusedReads {
  readonly calls: number;
  readonly bytes: number;
}

const SECOND_MS = 1_000;

export class ShardReads {
  readonly #quotas: ReadQuotas;
  readonly #refused = { calls: 0, bytes: 0 };
  #recentMs: number[] = [];
  /** Of a second's bytes. Less than none after a page that was larger than that. */
  #bytesLeft: number;
  #filledAtMs: number;

  constructor(quotas: ReadQuotas, nowMs: number) {
    this.#quotas = quotas;
    this.#bytesLeft = quotas.bytesPerSecond;
    this.#filledAtMs = nowMs;
  }

  get refused(): RefusedReads {
    return { ...this.#refused };
  }

  /** Whether a call may be answered now, and then counts it. */
  admits(nowMs: number): boolean {
    const { callsPerSecond } = this.#quotas;
    this.#fill(nowMs);
    this.#recentMs = this.#recentMs.filter((readMs) => readMs > nowMs - SECOND_MS);
    if (this.#recentMs.length >= callsPerSecond) return this.#refuse("calls");
    if (this.#bytesLeft <= 0) return this.#refuse("bytes");
    if (callsPerSecond < Number.POSITIVE_INFINITY) this.#recentMs.push(nowMs);
    return true;
  }

  /** A page of so many bytes was answered, which may be more than was left. */
  answered(bytes: number): void {
    this.#bytesLeft -= bytes;
  }

  #refuse(quota: keyof RefusedReads): false {
    this.#refused[quota]++;
    return false;
  }

  #fill(nowMs: number): void {
    const { bytesPerSecond } = this.#quotas;
    const seconds = Math.max(0, nowMs - this.#filledAtMs) / SECOND_MS;
    this.#filledAtMs = nowMs;
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return;
    this.#bytesLeft = Math.min(bytesPerSecond, this.#bytesLeft + bytesPerSecond * seconds);
  }
}
