/**
 * One shard of the in-memory stream: its records in order, its range of hash keys, its parents and children.
 * It exists apart so that the stream reads as Kinesis's documentation does. It knows no calls and no faults.
 */

export interface StoredRecord {
  readonly data: Uint8Array;
  readonly shardId: string;
  readonly sequenceNumber: string;
  /** The service's own note of when the record arrived; Kinesis promises no accuracy for it. */
  readonly arrivalMs: number;
}

/** Half open: from `from` up to, but not including, `to`. */
export interface HashRange {
  readonly from: number;
  readonly to: number;
}

/** Partition keys are hashed into [0, HASH_SPACE). */
export const HASH_SPACE = 2 ** 32;

export class MemoryShard {
  readonly id: string;
  readonly range: HashRange;
  readonly parentIds: readonly string[];
  /** Given when the shard is closed by a split or a merge. */
  childIds: readonly string[] = [];
  closedMs: number | undefined;
  #records: StoredRecord[] = [];
  /** How many records were trimmed, so that an offset keeps its meaning. */
  #trimmed = 0;

  constructor(id: string, range: HashRange, parentIds: readonly string[]) {
    this.id = id;
    this.range = range;
    this.parentIds = parentIds;
  }

  get isOpen(): boolean {
    return this.closedMs === undefined;
  }

  /** The offset of the oldest record that is still there. */
  get startOffset(): number {
    return this.#trimmed;
  }

  /** The offset after the newest record. */
  get endOffset(): number {
    return this.#trimmed + this.#records.length;
  }

  append(record: StoredRecord): void {
    this.#records.push(record);
  }

  /** The offset of the first record that arrived at `timestampMs` or later; after the newest if none did. */
  offsetAt(timestampMs: number): number {
    const index = this.#records.findIndex((record) => record.arrivalMs >= timestampMs);
    return index < 0 ? this.endOffset : this.#trimmed + index;
  }

  read(offset: number, limit: number): readonly StoredRecord[] {
    const start = Math.max(0, offset - this.#trimmed);
    return this.#records.slice(start, start + limit);
  }

  arrivalAt(offset: number): number | undefined {
    return this.#records[offset - this.#trimmed]?.arrivalMs;
  }

  /** Drops the records that arrived before `horizonMs`, oldest first. */
  trim(horizonMs: number): void {
    let count = 0;
    while ((this.#records[count]?.arrivalMs ?? horizonMs) < horizonMs) count++;
    if (count === 0) return;
    this.#records = this.#records.slice(count);
    this.#trimmed += count;
  }
}
