/**
 * A Kinesis stream in memory, as far as a coherent cache can tell the difference: shards that split and merge,
 * iterators that expire, trimming, page limits, and every fault a test asks for. It is held to the same contract suite
 * as the real client on an embedded Kinesis (tests/contract). It must never depend on the code it is used to test.
 */
import type { Clock } from "../core/clock.js";
import { LogFailure } from "../core/log.js";
import type { PutOutcome, RecordToPut } from "../kinesis/stream-api.js";
import { check, milliseconds, type Rule, UNBOUNDED, wholeNumber, withDefaults } from "../option-rules.js";
import { CLOCK, FUNCTION } from "./argument-rules.js";
import type { CallPolicy } from "./call-plan.js";
import { MemoryClient, type StreamService } from "./memory-client.js";
import { HASH_SPACE, type HashRange, MemoryShard, type StoredRecord } from "./memory-shard.js";
import { type ReadQuotas, type RefusedReads, ShardReads } from "./read-quotas.js";

export interface MemoryStreamOptions {
  /** The service's clock. */
  readonly clock: Clock;
  /** Open shards at the start; 1 if absent. */
  readonly shards?: number;
  /** How long a record stays; 24 h if absent. */
  readonly retentionMs?: number;
  /** Records a `getRecords` answer holds at most; 10,000 if absent. */
  readonly pageRecords?: number;
  /** Shards a `listShards` answer holds at most; 1,000 if absent. */
  readonly pageShards?: number;
  /** How long an iterator can be used; 5 minutes if absent. */
  readonly iteratorLifeMs?: number;
  /** `getRecords` calls a shard answers within a second; not enforced if absent. Kinesis: 5. */
  readonly readsPerSecond?: number;
  /** Bytes of records a shard answers with within a second; not enforced if absent. Kinesis: 2,097,152. */
  readonly readBytesPerSecond?: number;
  /** How wrong the next record's arrival time is; 0 if absent. */
  readonly arrivalErrorMs?: () => number;
  /** Told of every record as it is written: what a test needs to judge by. */
  readonly onWrite?: (record: StoredRecord) => void;
}

const HOUR_MS = 3_600_000;
const RULES = {
  clock: CLOCK,
  shards: wholeNumber(1, 10_000, 1),
  retentionMs: milliseconds(1, UNBOUNDED, 24 * HOUR_MS),
  pageRecords: wholeNumber(1, 10_000, 10_000),
  pageShards: wholeNumber(1, 10_000, 1_000),
  iteratorLifeMs: milliseconds(1, UNBOUNDED, 300_000),
  readsPerSecond: wholeNumber(1, UNBOUNDED, Number.POSITIVE_INFINITY),
  readBytesPerSecond: wholeNumber(1, UNBOUNDED, Number.POSITIVE_INFINITY),
  arrivalErrorMs: FUNCTION,
  onWrite: FUNCTION,
} satisfies Record<keyof MemoryStreamOptions, Rule>;
const MAX_RECORD_BYTES = 1_048_576;
const MAX_REQUEST_BYTES = 10 * MAX_RECORD_BYTES;
const MAX_REQUEST_RECORDS = 500;

export class MemoryStream implements StreamService {
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly pageRecords: number;
  readonly pageShards: number;
  readonly iteratorLifeMs: number;
  readonly #quotas: ReadQuotas;
  readonly #arrivalErrorMs: () => number;
  readonly #onWrite: (record: StoredRecord) => void;
  readonly #reads = new Map<string, ShardReads>();
  #shards = new Map<string, MemoryShard>();
  #incarnation = 1;
  #exists = true;
  #shardsMade = 0;
  #recordsMade = 0;

  /** @throws InvalidOptionError */
  constructor(options: MemoryStreamOptions) {
    const resolved = withDefaults(options, RULES);
    check("clock", options.clock, CLOCK);
    this.clock = options.clock;
    this.retentionMs = resolved.retentionMs;
    this.pageRecords = resolved.pageRecords;
    this.pageShards = resolved.pageShards;
    this.iteratorLifeMs = resolved.iteratorLifeMs;
    this.#quotas = { callsPerSecond: resolved.readsPerSecond, bytesPerSecond: resolved.readBytesPerSecond };
    this.#arrivalErrorMs = resolved.arrivalErrorMs ?? (() => 0);
    this.#onWrite = resolved.onWrite ?? (() => {});
    this.#open(resolved.shards);
  }

  /** A client of this stream, for one environment or one writer. `policy` is asked what becomes of each call. */
  connect(policy?: CallPolicy): MemoryClient {
    return new MemoryClient(this, policy);
  }

  /** Changes each time the stream is created anew; iterators of an earlier one mean nothing. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** Every shard that still holds records or is open, oldest first. */
  shards(): readonly MemoryShard[] {
    this.#assertExists();
    this.trim();
    return [...this.#shards.values()];
  }

  openShardIds(): readonly string[] {
    return this.shards().flatMap((shard) => (shard.isOpen ? [shard.id] : []));
  }

  /** @throws LogFailure `lost` when there is no such shard, or no stream. */
  shard(shardId: string): MemoryShard {
    this.#assertExists();
    this.trim();
    const shard = this.#shards.get(shardId);
    if (shard === undefined) throw new LogFailure("lost", `no shard ${shardId} in this stream`);
    return shard;
  }

  /** Writes records as `PutRecords` does, but for those that `reject` names by their index. */
  put(records: readonly RecordToPut[], reject: (index: number) => boolean = () => false): readonly PutOutcome[] {
    this.#assertExists();
    assertRequest(records);
    return records.map((record, index): PutOutcome => {
      if (reject(index)) return { written: false, reason: "ProvisionedThroughputExceededException" };
      const { shardId, sequenceNumber } = this.#append(record);
      return { written: true, shardId, sequenceNumber };
    });
  }

  /** Splits an open shard in the middle of its range; returns the ids of the two children. */
  split(shardId: string): readonly string[] {
    const { range } = this.#openShard(shardId);
    const middle = Math.floor((range.from + range.to) / 2);
    return this.#replace(
      [shardId],
      [
        { from: range.from, to: middle },
        { from: middle, to: range.to },
      ],
    );
  }

  /** Merges two open, adjacent shards; returns the id of the child. */
  merge(shardId: string, otherShardId: string): string {
    const [low, high] = [this.#openShard(shardId).range, this.#openShard(otherShardId).range].sort(
      (a, b) => a.from - b.from,
    );
    if (low === undefined || high === undefined || low.to !== high.from)
      throw new RangeError("shards are not adjacent");
    const [childId] = this.#replace([shardId, otherShardId], [{ from: low.from, to: high.to }]);
    return childId ?? "";
  }

  /** Deletes the stream: every call fails until it is created again. */
  delete(): void {
    this.#exists = false;
  }

  /** Creates the stream anew under the same name, empty; iterators taken before mean nothing to it. */
  recreate(shards: number): void {
    check("shards", shards, RULES.shards);
    this.#exists = true;
    this.#incarnation++;
    this.#shards = new Map();
    this.#shardsMade = 0;
    this.#open(shards);
  }

  /** Drops the records older than the retention, and the closed shards that held only such. */
  trim(): void {
    const horizonMs = this.clock.now() - this.retentionMs;
    for (const shard of this.#shards.values()) {
      shard.trim(horizonMs);
      if (shard.closedMs !== undefined && shard.closedMs < horizonMs) this.#shards.delete(shard.id);
    }
  }

  /** Calls of `getRecords` that a shard's quotas have refused so far. */
  refusedReads(shardId: string): RefusedReads {
    return this.reads(shardId).refused;
  }

  /** @internal what the readers of a shard have taken of its quotas */
  reads(shardId: string): ShardReads {
    const reads = this.#reads.get(shardId) ?? new ShardReads(this.#quotas, this.clock.now());
    this.#reads.set(shardId, reads);
    return reads;
  }

  #append(record: RecordToPut): StoredRecord {
    const hash = hashOf(record.partitionKey);
    for (const shard of this.#shards.values()) {
      if (!shard.isOpen || hash < shard.range.from || hash >= shard.range.to) continue;
      const stored: StoredRecord = {
        data: record.data,
        shardId: shard.id,
        sequenceNumber: String(++this.#recordsMade).padStart(20, "0"),
        arrivalMs: this.clock.now() + this.#arrivalErrorMs(),
      };
      shard.append(stored);
      this.#onWrite(stored);
      return stored;
    }
    throw new RangeError("the open shards do not cover the range of hash keys");
  }

  #open(count: number): void {
    for (let index = 0; index < count; index++) {
      const from = Math.floor((HASH_SPACE * index) / count);
      this.#add({ from, to: Math.floor((HASH_SPACE * (index + 1)) / count) }, []);
    }
  }

  #add(range: HashRange, parentIds: readonly string[]): string {
    const id = `shardId-${String(this.#shardsMade++).padStart(12, "0")}`;
    this.#shards.set(id, new MemoryShard(id, range, parentIds));
    return id;
  }

  #replace(parentIds: readonly string[], ranges: readonly HashRange[]): readonly string[] {
    const childIds = ranges.map((range) => this.#add(range, parentIds));
    for (const parentId of parentIds) {
      const parent = this.shard(parentId);
      parent.closedMs = this.clock.now();
      parent.childIds = childIds;
    }
    return childIds;
  }

  #openShard(shardId: string): MemoryShard {
    const shard = this.shard(shardId);
    if (!shard.isOpen) throw new RangeError(`${shardId} is closed`);
    return shard;
  }

  #assertExists(): void {
    if (!this.#exists) throw new LogFailure("lost", "the stream does not exist");
  }
}

function assertRequest(records: readonly RecordToPut[]): void {
  let bytes = 0;
  for (const { data, partitionKey } of records) {
    bytes += data.byteLength + partitionKey.length;
    if (data.byteLength + partitionKey.length > MAX_RECORD_BYTES) throw refused("a record is larger than 1 MiB");
    if (partitionKey.length < 1 || partitionKey.length > 256) throw refused("a partition key has 1 to 256 characters");
  }
  if (records.length < 1 || records.length > MAX_REQUEST_RECORDS) throw refused("a request has 1 to 500 records");
  if (bytes > MAX_REQUEST_BYTES) throw refused("a request is larger than 10 MiB");
}

function refused(message: string): LogFailure {
  return new LogFailure("refused", message);
}

/** FNV-1a with a final mix: spreads partition keys evenly, as Kinesis's MD5 does. */
function hashOf(partitionKey: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < partitionKey.length; index++) {
    hash = Math.imul(hash ^ partitionKey.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
