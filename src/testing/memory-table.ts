/**
 * A DynamoDB table in memory, as far as an invalidation log can tell the difference: strong and eventual reads, conditional
 * writes, units billed and throttled for each partition key, items that expire, deletion, re-creation and restores. It is held
 * to the same contract suite as the real client on emulators (tests/contract). It must never depend on the code it is used to test.
 */
import type { Clock } from "../core/clock.js";
import { LogFailure } from "../core/log.js";
import { check, functionOr, type Rule, UNBOUNDED, wholeNumber, withDefaults } from "../option-rules.js";
import { CLOCK } from "./argument-rules.js";
import { ItemCapacity, readUnits, type Units, writeUnits } from "./item-capacity.js";
import { MemoryTableClient, type TableCallPolicy, type TableItem, type TableService } from "./memory-table-client.js";

export type { TableItem } from "./memory-table-client.js";

/** What a table held at one moment, to be restored later. */
export type TableSnapshot = ReadonlyMap<string, ReadonlyMap<number, TableItem>>;

export interface MemoryTableOptions {
  /** The service's clock. */
  readonly clock: Clock;
  /** Read units a second for each partition key; not enforced if absent. DynamoDB: 3,000. */
  readonly readUnitsPerSecond?: number;
  /** Write units a second for each partition key; not enforced if absent. DynamoDB: 1,000. */
  readonly writeUnitsPerSecond?: number;
  /** Told of the records of each append as they are written: what a test needs to judge by. */
  readonly onAppend?: (records: readonly Uint8Array[], log: string) => void;
}

const UNITS = wholeNumber(1, UNBOUNDED, Number.POSITIVE_INFINITY);
const RULES = {
  clock: CLOCK,
  readUnitsPerSecond: UNITS,
  writeUnitsPerSecond: UNITS,
  onAppend: functionOr(undefined),
} satisfies Record<keyof MemoryTableOptions, Rule>;

const HEAD_SORT = -1;
const MAX_ITEM_BYTES = 409_600;
/** How many older states of an item an eventual read can still find. */
const MAX_HISTORY = 64;

export class MemoryTable implements TableService {
  readonly clock: Clock;
  readonly #perSecond: Units;
  readonly #onAppend: (records: readonly Uint8Array[], log: string) => void;
  readonly #capacities = new Map<string, ItemCapacity>();
  readonly #history = new Map<string, { readonly untilMs: number; readonly item: TableItem | undefined }[]>();
  #partitions = new Map<string, Map<number, TableItem>>();
  #exists = true;

  /** @throws InvalidOptionError */
  constructor(options: MemoryTableOptions) {
    const { readUnitsPerSecond, writeUnitsPerSecond, onAppend } = withDefaults(options, RULES);
    check("clock", options.clock, CLOCK);
    this.clock = options.clock;
    this.#perSecond = { read: readUnitsPerSecond, write: writeUnitsPerSecond };
    this.#onAppend = onAppend ?? (() => {});
  }

  /** A client of one log in this table, for one environment or one writer. `policy` is asked what becomes of each call. */
  connect(log = "scache", policy?: TableCallPolicy): MemoryTableClient {
    return new MemoryTableClient(this, log, policy);
  }

  head(log = "scache"): TableItem | undefined {
    return this.#partitions.get(log)?.get(HEAD_SORT);
  }

  /** What the head takes up, as DynamoDB counts it. */
  headBytes(log = "scache"): number {
    return itemBytes(log, this.head(log));
  }

  /** The segments of one incarnation by their first record's number, oldest first. */
  segments(log: string, incarnation: string): readonly (readonly [first: number, item: TableItem])[] {
    const partition = this.#partitions.get(`${log}#${incarnation}`);
    return [...(partition ?? [])].sort(([a], [b]) => a - b);
  }

  /** Writes a head as no code of ours would: of a later version, say. Undefined deletes it. */
  setHead(item: TableItem | undefined, log = "scache"): void {
    this.#store(log, HEAD_SORT, item);
  }

  /** Deletes what has expired, which DynamoDB does when it finds the time. */
  expire(): void {
    const nowMs = this.clock.now();
    for (const partition of this.#partitions.values()) {
      for (const [sort, { expiresAtMs = Number.POSITIVE_INFINITY }] of partition) {
        if (expiresAtMs <= nowMs) partition.delete(sort);
      }
    }
  }

  /** Deletes the table: every call fails until it is created again, or restored. */
  delete(): void {
    this.#exists = false;
    this.#partitions = new Map();
  }

  /** Creates the table anew under the same name, empty. */
  recreate(): void {
    this.#exists = true;
    this.#partitions = new Map();
  }

  snapshot(): TableSnapshot {
    return new Map([...this.#partitions].map(([key, partition]) => [key, new Map(partition)]));
  }

  /** As when a table of the same name is restored from a backup. */
  restore(snapshot: TableSnapshot): void {
    this.#exists = true;
    this.#partitions = new Map([...snapshot].map(([key, partition]) => [key, new Map(partition)]));
  }

  /** Units billed for one partition key so far, and calls throttled. */
  capacity(key = "scache"): Pick<ItemCapacity, "used" | "throttled"> {
    return this.#capacityOf(key);
  }

  get(key: string, sort: number, isStrong: boolean, staleMs = 0): TableItem | undefined {
    this.#assertExists();
    const item = isStrong ? this.#find(key, sort) : this.#findAsOf(key, sort, this.clock.now() - staleMs);
    this.#bill(key, "read", readUnits(itemBytes(key, item), isStrong));
    return item;
  }

  query(
    key: string,
    from: number,
    to: number,
    limit: number,
  ): { items: (readonly [number, TableItem])[]; more: boolean } {
    this.#assertExists();
    const found = [...(this.#partitions.get(key) ?? [])].filter(([sort]) => sort >= from && sort <= to);
    const items = found.sort(([a], [b]) => a - b).slice(0, limit);
    const bytes = items.reduce((sum, [, item]) => sum + itemBytes(key, item), 0);
    this.#bill(key, "read", readUnits(bytes, true));
    return { items, more: items.length === limit };
  }

  write(
    key: string,
    sort: number,
    change: (item: TableItem | undefined) => TableItem | undefined,
  ): TableItem | "condition" | "too large" {
    this.#assertExists();
    const before = this.#find(key, sort);
    const after = change(before);
    const bytes = itemBytes(key, after);
    if (bytes > MAX_ITEM_BYTES) return "too large";
    this.#bill(key, "write", writeUnits(itemBytes(key, before), bytes));
    if (after === undefined) return "condition";
    this.#store(key, sort, after);
    return after;
  }

  appended(records: readonly Uint8Array[], log: string): void {
    this.#onAppend(records, log);
  }

  #find(key: string, sort: number): TableItem | undefined {
    return this.#partitions.get(key)?.get(sort);
  }

  #findAsOf(key: string, sort: number, atMs: number): TableItem | undefined {
    const older = this.#history.get(`${key}/${sort}`)?.find(({ untilMs }) => untilMs > atMs);
    return older === undefined ? this.#find(key, sort) : older.item;
  }

  #store(key: string, sort: number, item: TableItem | undefined): void {
    const history = this.#history.get(`${key}/${sort}`) ?? [];
    this.#history.set(`${key}/${sort}`, history);
    history.push({ untilMs: this.clock.now(), item: this.#find(key, sort) });
    if (history.length > MAX_HISTORY) history.shift();
    const partition = this.#partitions.get(key) ?? new Map<number, TableItem>();
    this.#partitions.set(key, partition);
    if (item === undefined) partition.delete(sort);
    else partition.set(sort, item);
  }

  #capacityOf(key: string): ItemCapacity {
    const capacity = this.#capacities.get(key) ?? new ItemCapacity(this.clock, this.#perSecond);
    this.#capacities.set(key, capacity);
    return capacity;
  }

  #bill(key: string, kind: keyof Units, units: number): void {
    if (this.#capacityOf(key).admits(kind, units)) return;
    throw new LogFailure("throttled", `${kind === "read" ? "Read" : "Write"}KeyRangeThroughputExceeded for ${key}`);
  }

  #assertExists(): void {
    if (!this.#exists) throw new LogFailure("lost", "the table does not exist");
  }
}

/** Names and values; a list takes three bytes, and one for each element. A number takes one for each two digits, and one. */
function itemBytes(key: string, item: TableItem | undefined): number {
  if (item === undefined) return 0;
  const { records, incarnation, first, version, expiresAtMs } = item;
  const digits = (value: number | undefined) => (value === undefined ? 0 : Math.ceil(String(value).length / 2) + 1);
  const keys = 4 + key.length + 2;
  const list = records.reduce((bytes, record) => bytes + record.byteLength + 1, 4);
  const head = (incarnation === undefined ? 0 : 1 + incarnation.length) + 1 + digits(first) + digits(version);
  return keys + list + head + (expiresAtMs === undefined ? 0 : 3 + 6);
}
