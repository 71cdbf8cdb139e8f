/** One reading of a log that hands on the records as they are, and notes how it went. Nothing ends it but who has begun it. */
import { LogFailure, type Reading } from "../core/log.js";

export class TailReading implements Reading {
  readonly sinceMs: number;
  failure: LogFailure | undefined;
  isLost = false;
  readonly #ended: AbortSignal;
  readonly #onRecord: (data: Uint8Array) => void;

  constructor(sinceMs: number, ended: AbortSignal, onRecord: (data: Uint8Array) => void) {
    this.sinceMs = sinceMs;
    this.#ended = ended;
    this.#onRecord = onRecord;
  }

  get isOver(): boolean {
    return this.#ended.aborted;
  }

  /** One attempt: the next reading comes in a second. */
  async call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return make(this.#ended);
  }

  async take(records: readonly Uint8Array[]): Promise<number> {
    if (this.isOver) return 0;
    for (const data of records) this.#onRecord(data);
    return records.length;
  }

  behind(): void {}
  placed(): void {}

  lost(why = new LogFailure("lost", "the log has begun")): void {
    this.isLost = true;
    this.failure = why;
  }

  fellShort(cause?: unknown): void {
    if (cause === undefined || this.isOver) return;
    this.failure ??= cause instanceof LogFailure ? cause : new LogFailure("unavailable", String(cause), { cause });
  }
}
