/**
 * What AWS allows and the emulators do not enforce: 5 reads and 2 MiB a second for each shard of a stream, 3,000 read and
 * 1,000 write units a second for each item of a table. One object stands behind all proxies of a service, since quotas are
 * everybody's together. They count and refuse; they never delay, and never change what a call does.
 */
import type { Body, Call, ServiceError } from "./proxy-messages.js";

export interface Quotas {
  /** What the service would answer instead, if the call is one too many. What is allowed is counted. */
  refusal(call: Call): ServiceError | undefined;
  /** The request as it has to be sent for the answer to say what it cost. */
  measured(call: Call): Body;
  answered(call: Call, answer: Body): void;
  /** Calls refused so far. */
  readonly refused: number;
}

export interface Units {
  readonly read: number;
  readonly write: number;
}

type NowMs = () => number;
const SECOND_MS = 1_000;

/** So much a second, of which at most a second's worth is saved up. The last one let in may overdraw it. */
class Allowance {
  readonly #perSecond: number;
  readonly #now: NowMs;
  #left: number;
  #filledAtMs: number;

  constructor(perSecond: number, now: NowMs) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = perSecond;
    this.#filledAtMs = now();
  }

  get isUsedUp(): boolean {
    const nowMs = this.#now();
    const filled = this.#left + (this.#perSecond * (nowMs - this.#filledAtMs)) / SECOND_MS;
    this.#left = Math.min(this.#perSecond, filled);
    this.#filledAtMs = nowMs;
    return this.#left <= 0;
  }

  use(amount: number): void {
    this.#left -= amount;
  }
}

/** At most so many in any second. */
class Window {
  readonly #most: number;
  readonly #now: NowMs;
  #recentMs: number[] = [];

  constructor(most: number, now: NowMs) {
    this.#most = most;
    this.#now = now;
  }

  get isFull(): boolean {
    const sinceMs = this.#now() - SECOND_MS;
    this.#recentMs = this.#recentMs.filter((atMs) => atMs > sinceMs);
    return this.#recentMs.length >= this.#most;
  }

  add(): void {
    this.#recentMs.push(this.#now());
  }
}

interface ShardUse {
  readonly reads: Window;
  readonly iterators: Window;
  readonly bytes: Allowance;
}

const SHARD_CALLS_A_SECOND = 5;
const SHARD_BYTES_A_SECOND = 2 * 1024 * 1024;
/** An iterator is good for five minutes, so older ones than so many can be forgotten. */
const ITERATORS_KNOWN = 10_000;

/** Provisioned shards, as all readers of them share them. Iterators are opaque: whose they are is known from their making. */
export class StreamQuotas implements Quotas {
  readonly #now: NowMs;
  readonly #shards = new Map<string, ShardUse>();
  readonly #shardOf = new Map<string, string>();
  refused = 0;

  constructor(now: NowMs = () => performance.now()) {
    this.#now = now;
  }

  refusal({ operation, body }: Call): ServiceError | undefined {
    if (operation !== "GetRecords" && operation !== "GetShardIterator") return undefined;
    const shard = operation === "GetRecords" ? this.#shardRead(body) : shardNamed(body);
    const { reads, iterators, bytes } = this.#useOf(shard);
    const calls = operation === "GetRecords" ? reads : iterators;
    if (calls.isFull || (operation === "GetRecords" && bytes.isUsedUp)) {
      this.refused += 1;
      return { error: "ProvisionedThroughputExceededException", message: `Rate exceeded for shard ${shard}` };
    }
    calls.add();
    return undefined;
  }

  measured({ body }: Call): Body {
    return body;
  }

  answered({ operation, body }: Call, answer: Body): void {
    if (operation === "GetShardIterator") this.#remember(answer.ShardIterator, shardNamed(body));
    if (operation !== "GetRecords") return;
    const shard = this.#shardRead(body);
    this.#remember(answer.NextShardIterator, shard);
    this.#useOf(shard).bytes.use(bytesOf(answer.Records));
  }

  #shardRead({ ShardIterator }: Body): string {
    return this.#shardOf.get(String(ShardIterator)) ?? "unknown";
  }

  #remember(iterator: unknown, shard: string): void {
    if (typeof iterator !== "string") return;
    this.#shardOf.set(iterator, shard);
    const [oldest] = this.#shardOf.keys();
    if (this.#shardOf.size > ITERATORS_KNOWN && oldest !== undefined) this.#shardOf.delete(oldest);
  }

  #useOf(shard: string): ShardUse {
    const known = this.#shards.get(shard);
    if (known !== undefined) return known;
    const use = {
      reads: new Window(SHARD_CALLS_A_SECOND, this.#now),
      iterators: new Window(SHARD_CALLS_A_SECOND, this.#now),
      bytes: new Allowance(SHARD_BYTES_A_SECOND, this.#now),
    };
    this.#shards.set(shard, use);
    return use;
  }
}

/** By the stream's name, which is also the end of its ARN. */
function shardNamed({ StreamName, StreamARN, ShardId }: Body): string {
  return `${String(StreamName ?? StreamARN)
    .split("/")
    .at(-1)}/${String(ShardId)}`;
}

function bytesOf(records: unknown): number {
  if (!Array.isArray(records)) return 0;
  return (records as Body[]).reduce((sum, { Data }) => sum + Buffer.byteLength(String(Data ?? ""), "base64"), 0);
}

const ITEM_UNITS_A_SECOND: Units = { read: 3_000, write: 1_000 };
const KIND_OF_UNITS: Readonly<Record<string, keyof Units>> = {
  GetItem: "read",
  Query: "read",
  PutItem: "write",
  UpdateItem: "write",
  DeleteItem: "write",
};

/** Tables on demand. What shares a partition key shares a partition, and with it the limit. */
export class TableQuotas implements Quotas {
  readonly #partitionKeys: Readonly<Record<string, string>>;
  readonly #now: NowMs;
  readonly #items = new Map<string, Record<keyof Units, Allowance>>();
  readonly #used = new Map<string, Record<keyof Units, number>>();
  refused = 0;

  /** @param partitionKeys of each table that is watched */
  constructor(partitionKeys: Readonly<Record<string, string>>, now: NowMs = () => performance.now()) {
    this.#partitionKeys = partitionKeys;
    this.#now = now;
  }

  /** Units that a table's calls were billed. */
  used(table: string): Units {
    return { read: 0, write: 0, ...this.#used.get(table) };
  }

  refusal(call: Call): ServiceError | undefined {
    const kind = KIND_OF_UNITS[call.operation];
    if (kind === undefined || !this.#allowanceOf(call, kind).isUsedUp) return undefined;
    this.refused += 1;
    const reason = `Table${kind === "read" ? "Read" : "Write"}KeyRangeThroughputExceeded`;
    const resource = `arn:aws:dynamodb:us-east-1:000000000000:table/${tableOf(call.body)}`;
    return {
      error: "ThrottlingException",
      message: `Throughput exceeds the maximum of one partition: ${reason}`,
      fields: { throttlingReasons: [{ reason, resource }] },
    };
  }

  measured({ operation, body }: Call): Body {
    return operation in KIND_OF_UNITS ? { ...body, ReturnConsumedCapacity: "TOTAL" } : body;
  }

  answered(call: Call, { ConsumedCapacity }: Body): void {
    const kind = KIND_OF_UNITS[call.operation];
    if (kind === undefined) return;
    // A condition that did not hold is billed, too, but the error does not say how much.
    const units = Number((ConsumedCapacity as Body | undefined)?.CapacityUnits ?? 1);
    this.#allowanceOf(call, kind).use(units);
    const table = tableOf(call.body);
    const used = this.#used.get(table) ?? { read: 0, write: 0 };
    used[kind] += units;
    this.#used.set(table, used);
  }

  #allowanceOf({ operation, body }: Call, kind: keyof Units): Allowance {
    const table = tableOf(body);
    const item = `${table}/${partitionOf(operation, body, this.#partitionKeys[table] ?? "pk")}`;
    const known = this.#items.get(item);
    if (known !== undefined) return known[kind];
    const made = {
      read: new Allowance(ITEM_UNITS_A_SECOND.read, this.#now),
      write: new Allowance(ITEM_UNITS_A_SECOND.write, this.#now),
    };
    this.#items.set(item, made);
    return made[kind];
  }
}

/** A table's name, which is also the end of its ARN. */
export function tableOf({ TableName }: Body): string {
  return String(TableName).split("/").at(-1) ?? "";
}

function partitionOf(operation: string, body: Body, partitionKey: string): string {
  const { Key, Item, KeyConditionExpression, ExpressionAttributeValues } = body;
  if (operation !== "Query") return JSON.stringify(((Key ?? Item) as Body | undefined)?.[partitionKey]);
  const [, value = ""] = /^\s*#?\w+\s*=\s*(:\w+)/.exec(String(KeyConditionExpression)) ?? [];
  return JSON.stringify((ExpressionAttributeValues as Body | undefined)?.[value]);
}
