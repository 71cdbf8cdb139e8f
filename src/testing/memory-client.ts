/**
 * One client of the in-memory stream: the four calls of the port, each with the fate its policy gives it.
 * An abort ends the waiting, never the service: a request that is under way still takes effect, as on a network.
 * It must reject with nothing but `LogFailure`.
 */
import type { Clock } from "../core/clock.js";
import { LogFailure } from "../core/log.js";
import type {
  ListShardsRequest,
  PutOutcome,
  RecordsPage,
  RecordToPut,
  ShardsPage,
  StreamApi,
} from "../kinesis/stream-api.js";
import type { CallPlan, CallPolicy, StreamCall } from "./call-plan.js";
import type { MemoryShard } from "./memory-shard.js";
import type { ShardReads } from "./read-quotas.js";

/** What the client needs of the stream it is connected to. */
export interface StreamService {
  readonly clock: Clock;
  readonly incarnation: number;
  readonly pageRecords: number;
  readonly pageShards: number;
  readonly iteratorLifeMs: number;
  shards(): readonly MemoryShard[];
  shard(shardId: string): MemoryShard;
  reads(shardId: string): ShardReads;
  put(records: readonly RecordToPut[], reject?: (index: number) => boolean): readonly PutOutcome[];
}

export class MemoryClient implements StreamApi {
  readonly #stream: StreamService;
  readonly #policy: CallPolicy;
  #pendingCalls = 0;

  constructor(stream: StreamService, policy: CallPolicy = () => undefined) {
    this.#stream = stream;
    this.#policy = policy;
  }

  /** Calls that were neither answered nor aborted. Nothing should be, once an invocation has ended. */
  get pendingCalls(): number {
    return this.#pendingCalls;
  }

  listShards(request: ListShardsRequest, signal: AbortSignal): Promise<ShardsPage> {
    return this.#call({ operation: "listShards" }, signal, () => this.#listShards(request));
  }

  getShardIterator(shardId: string, fromMs: number | undefined, signal: AbortSignal): Promise<string> {
    return this.#call({ operation: "getShardIterator", shardId }, signal, () => this.#iteratorAt(shardId, fromMs));
  }

  getRecords(iterator: string, limit: number | undefined, signal: AbortSignal): Promise<RecordsPage> {
    const shardId = parseIterator(iterator)?.shardId;
    const call: StreamCall = { operation: "getRecords", ...(shardId === undefined ? {} : { shardId }) };
    return this.#call(call, signal, (plan) => ({
      ...this.#getRecords(iterator, limit, plan),
      serverTimeMs: this.#serverTimeMs(),
    }));
  }

  putRecords(records: readonly RecordToPut[], signal: AbortSignal): Promise<readonly PutOutcome[]> {
    return this.#call({ operation: "putRecords", records: records.length }, signal, (plan) => {
      const outcomes = this.#stream.put(records, plan.rejectRecord);
      if (plan.writeTwice) this.#stream.put(records);
      return outcomes;
    });
  }

  #call<T>(call: StreamCall, signal: AbortSignal, act: (plan: CallPlan) => T): Promise<T> {
    const plan = this.#policy(call) ?? {};
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(aborted(call));
      this.#pendingCalls++;
      let pending = true;
      const end = (finish: () => void) => {
        if (!pending) return;
        pending = false;
        this.#pendingCalls--;
        signal.removeEventListener("abort", onAbort);
        finish();
      };
      const onAbort = () => end(() => reject(aborted(call)));
      signal.addEventListener("abort", onAbort, { once: true });
      if (plan.hang) return;
      this.#later(plan.requestMs, () => {
        const finish = this.#act(call, plan, act, resolve, reject);
        if (finish !== undefined) this.#later(plan.answerMs, () => end(finish));
      });
    });
  }

  /** Lets the service act; returns how the answer ends the call, or undefined when it never arrives. */
  #act<T>(
    call: StreamCall,
    plan: CallPlan,
    act: (plan: CallPlan) => T,
    resolve: (answer: T) => void,
    reject: (failure: LogFailure) => void,
  ): (() => void) | undefined {
    const { fail, loseAnswer } = plan;
    if (fail !== undefined) return () => reject(new LogFailure(fail, `${call.operation}: ${fail}`));
    try {
      const answer = act(plan);
      if (loseAnswer === "hang") return undefined;
      if (loseAnswer === "reject") return () => reject(new LogFailure("unavailable", `${call.operation}: reset`));
      return () => resolve(answer);
    } catch (error) {
      if (!(error instanceof LogFailure)) throw error;
      return () => reject(error);
    }
  }

  #later(delayMs: number | undefined, action: () => void): void {
    if (delayMs === undefined || delayMs <= 0) action();
    else this.#stream.clock.after(delayMs, action);
  }

  #listShards(request: ListShardsRequest): ShardsPage {
    const token = request.nextToken === undefined ? undefined : parseToken(request.nextToken);
    if (token !== undefined && request.fromTimestampMs !== undefined) {
      throw new LogFailure("refused", "NextToken and ShardFilter exclude each other");
    }
    const fromMs = token === undefined ? (request.fromTimestampMs ?? Number.NEGATIVE_INFINITY) : token.fromMs;
    const matching = this.#stream
      .shards()
      .filter(
        (shard) => (shard.closedMs === undefined || shard.closedMs >= fromMs) && shard.id > (token?.afterId ?? ""),
      );
    const page = matching.slice(0, this.#stream.pageShards);
    const last = page.at(-1);
    return {
      shards: page.map(({ id, parentIds }) => ({ shardId: id, parentShardIds: parentIds })),
      ...(last !== undefined && matching.length > page.length ? { nextToken: `${fromMs}/${last.id}` } : {}),
      serverTimeMs: this.#serverTimeMs(),
    };
  }

  #iteratorAt(shardId: string, fromMs: number | undefined): string {
    const shard = this.#stream.shard(shardId);
    if (fromMs === undefined) return this.#iterator(shard, shard.startOffset);
    if (fromMs > this.#stream.clock.now()) throw new LogFailure("lost", "the timestamp is in the future");
    return this.#iterator(shard, shard.offsetAt(fromMs));
  }

  /** As the `Date` header says it. */
  #serverTimeMs(): number {
    return Math.floor(this.#stream.clock.now() / 1_000) * 1_000;
  }

  #getRecords(iterator: string, asked: number | undefined, plan: CallPlan): RecordsPage {
    const position = parseIterator(iterator);
    if (position === undefined || position.incarnation !== this.#stream.incarnation) {
      throw new LogFailure("lost", "the iterator did not come from this stream");
    }
    const shard = this.#stream.shard(position.shardId);
    const nowMs = this.#stream.clock.now();
    if (nowMs - position.takenMs > this.#stream.iteratorLifeMs) throw new LogFailure("expired", "iterator expired");
    const reads = this.#stream.reads(shard.id);
    if (!reads.admits(nowMs)) throw new LogFailure("throttled", `rate exceeded for ${shard.id}`);
    const offset = Math.max(position.offset, shard.startOffset);
    if (plan.emptyPage) {
      return { records: [], nextIterator: this.#iterator(shard, offset), childShardIds: [], millisBehindLatest: 1_000 };
    }
    const limit = Math.min(this.#stream.pageRecords, asked ?? Infinity, plan.pageRecords ?? Infinity);
    const records = shard.read(offset, limit).map(({ data, sequenceNumber }) => ({ data, sequenceNumber }));
    reads.answered(records.reduce((bytes, { data }) => bytes + data.byteLength, 0));
    const nextOffset = offset + records.length;
    const unreadMs = shard.arrivalAt(nextOffset);
    if (unreadMs === undefined && !shard.isOpen)
      return { records, childShardIds: shard.childIds, millisBehindLatest: 0 };
    return {
      records,
      nextIterator: this.#iterator(shard, nextOffset),
      childShardIds: [],
      millisBehindLatest: unreadMs === undefined ? 0 : Math.max(1, nowMs - unreadMs),
    };
  }

  #iterator(shard: MemoryShard, offset: number): string {
    return [this.#stream.incarnation, shard.id, offset, this.#stream.clock.now()].join("/");
  }
}

function aborted(call: StreamCall): LogFailure {
  return new LogFailure("unavailable", `${call.operation}: aborted`);
}

interface IteratorPosition {
  readonly incarnation: number;
  readonly shardId: string;
  readonly offset: number;
  readonly takenMs: number;
}

function parseIterator(iterator: string): IteratorPosition | undefined {
  const match = /^(\d+)\/(shardId-\d+)\/(\d+)\/(\d+(?:\.\d+)?)$/.exec(iterator);
  if (match === null) return undefined;
  const [, incarnation, shardId, offset, takenMs] = match;
  return {
    incarnation: Number(incarnation),
    shardId: shardId ?? "",
    offset: Number(offset),
    takenMs: Number(takenMs),
  };
}

function parseToken(token: string): { fromMs: number; afterId: string } {
  const match = /^([^/]+)\/(shardId-\d+)$/.exec(token);
  if (match === null) throw new LogFailure("lost", "the token did not come from this stream");
  return { fromMs: Number(match[1]), afterId: match[2] ?? "" };
}
