/**
 * Reads every invalidation since a position, from all shards of a stream in parallel, up to the tip of each.
 * Steady state is one GetRecords per shard and nothing else. Each page is handed on as it arrives, so that no backlog is
 * ever held; a poll that ends early returns a position that is no further than what was handed on.
 *
 * It must never skip a record: an empty page is not the tip, a closed shard goes on in its children, and an iterator
 * that cannot be used any more is taken anew from the last moment the shard was known to be caught up.
 */
import type { Clock } from "./clock.js";
import { decodeRecord, decodeWith, type Invalidation, type RecordDecoder } from "./invalidation-record.js";
import { type Poll, type PollLimits, PollRun } from "./poll-run.js";
import { type Position, usableIterator } from "./position.js";
import {
  type IteratorStart,
  type ListedShard,
  type ListShardsRequest,
  type RecordsPage,
  type StreamApi,
  StreamFailure,
} from "./stream-api.js";

/** The port the protocol above reads through; nothing there knows of shards. */
export interface InvalidationReader {
  /**
   * Never rejects. Ends at the tip, after `timeoutMs`, or when `signal` aborts.
   * @param apply is called with each invalidation read, and never after the poll has ended. Must not throw.
   */
  poll(from: Position, limits: PollLimits, apply: (invalidation: Invalidation) => void): Promise<Poll>;
}

/** A shard further behind than this many pages goes on in the next refresh. */
const MAX_PAGES_PER_SHARD = 100;
const MAX_LIST_PAGES = 100;
/** Keys handed on at a time: a record may hold some hundred thousand. */
const MAX_KEYS_AT_ONCE = 1_000;
/** What decoding a record and applying it take, roughly: by itself, and for each of its bytes. */
const RECORD_US = 1;
const BYTE_US = 0.01;

export interface ReaderOptions {
  readonly clockMarginMs: number;
  readonly decode?: RecordDecoder | undefined;
}

export class StreamReader implements InvalidationReader {
  readonly #api: StreamApi;
  readonly #clock: Clock;
  readonly #options: ReaderOptions;
  /** How far our clock is known to run ahead of the server's. Only used to ask for earlier timestamps, never later. */
  #aheadMs = 0;

  constructor(api: StreamApi, clock: Clock, options: ReaderOptions) {
    this.#api = api;
    this.#clock = clock;
    this.#options = options;
  }

  async poll(from: Position, limits: PollLimits, apply: (invalidation: Invalidation) => void): Promise<Poll> {
    const run = new PollRun(this.#clock, from, limits, apply);
    await Promise.race([this.#readAll(run), run.over]);
    return run.close();
  }

  async #readAll(run: PollRun): Promise<void> {
    const unknown = run.complete ? undefined : this.#drainUnknown(run, run.from.provenAtMs);
    const known = Array.from(run.cursors.keys(), (shardId) => this.#drain(run, shardId));
    await Promise.all([unknown, ...known]);
    run.finish();
  }

  /**
   * Lists the shards and reads those that are not known yet: all of them in a first refresh, and after a long pause, beside
   * the known ones, those of a stream that was created anew. Never rejects.
   */
  async #drainUnknown(run: PollRun, sinceMs: number): Promise<void> {
    try {
      const added = run.listed(await this.#list(run, sinceMs), sinceMs);
      await Promise.all(added.map((shardId) => this.#drain(run, shardId)));
    } catch (error) {
      run.failed(error);
    }
  }

  /**
   * Every shard that was open at `sinceMs` or has been created since. When the answer shows that our clock is so far ahead
   * that the margin may not cover it, a shard closed since may be missing: once more.
   */
  async #list(run: PollRun, sinceMs: number): Promise<ListedShard[]> {
    const askedMs = this.#serverTime(sinceMs);
    const listed = await this.#listFrom(run, askedMs);
    const correctedMs = this.#serverTime(sinceMs);
    return askedMs - correctedMs > this.#options.clockMarginMs / 2 ? this.#listFrom(run, correctedMs) : listed;
  }

  /** All pages of a listing; without a timestamp, of every shard there is. */
  async #listFrom(run: PollRun, fromTimestampMs?: number): Promise<ListedShard[]> {
    const listed: ListedShard[] = [];
    let request: ListShardsRequest = fromTimestampMs === undefined ? {} : { fromTimestampMs };
    for (let page = 0; page < MAX_LIST_PAGES; page++) {
      const answer = await run.call((signal) => this.#api.listShards(request, signal));
      if (answer.serverTimeMs !== undefined) this.#aheadMs = Math.max(0, this.#clock.now() - answer.serverTimeMs);
      listed.push(...answer.shards);
      if (answer.nextToken === undefined) return listed;
      request = { nextToken: answer.nextToken };
    }
    throw new StreamFailure("unavailable", `ListShards did not end after ${MAX_LIST_PAGES} pages`);
  }

  /** Reads one shard to its tip, and its children too when it turns out to be closed. Never rejects. */
  async #drain(run: PollRun, shardId: string): Promise<void> {
    try {
      for (let pages = 0; pages < MAX_PAGES_PER_SHARD; pages++) {
        const sentAtMs = this.#clock.now();
        const page = await this.#nextPage(run, shardId);
        await this.#handOn(run, page);
        if (run.closed) return;
        if (page.nextIterator === undefined) return await this.#follow(run, shardId, page);
        const atTip = page.millisBehindLatest === 0;
        run.moved(shardId, page.nextIterator, sentAtMs, page.millisBehindLatest);
        if (atTip) return;
      }
      run.leftBehind();
    } catch (error) {
      run.failed(error);
    }
  }

  /** One page from where the shard's cursor stands; an iterator that has expired is replaced once. */
  async #nextPage(run: PollRun, shardId: string): Promise<RecordsPage> {
    const cursor = run.cursor(shardId);
    const iterator = usableIterator(cursor, this.#clock.now());
    if (iterator !== undefined) {
      try {
        return await run.call((signal) => this.#api.getRecords(iterator, signal));
      } catch (error) {
        if (!(error instanceof StreamFailure) || error.kind !== "expired") throw error;
      }
    }
    const start = this.#onServerClock(cursor.start);
    const askedAtMs = this.#clock.now();
    const renewed = await run.call((signal) => this.#api.getShardIterator(shardId, start, signal));
    run.renewed(shardId, renewed, askedAtMs);
    return run.call((signal) => this.#api.getRecords(renewed, signal));
  }

  /** Decodes a page's records and hands them on, giving way to the event loop now and then. */
  async #handOn(run: PollRun, page: RecordsPage): Promise<void> {
    const { decode } = this.#options;
    for (const { data } of page.records) {
      run.records++;
      const invalidation = decode === undefined ? decodeRecord(data) : decodeWith(decode, data);
      const parts = Math.max(1, Math.ceil(invalidation.keys.length / MAX_KEYS_AT_ONCE));
      const workUs = (RECORD_US + data.length * BYTE_US) / parts;
      for (let part = 0; part < parts; part++) {
        if (run.closed) return;
        run.apply(parts === 1 ? invalidation : partOf(invalidation, part));
        if (run.slice.isOver(workUs)) await run.slice.next();
      }
    }
  }

  /** A closed shard goes on in its children, each read from its beginning and, after a merge, only once. */
  async #follow(run: PollRun, shardId: string, page: RecordsPage): Promise<void> {
    const childIds = page.childShardIds.length > 0 ? page.childShardIds : await this.#childrenOf(run, shardId);
    if (run.closed) return;
    const added = run.ended(shardId, childIds);
    await Promise.all(added.map((childId) => this.#drain(run, childId)));
  }

  /** For services that end a shard without naming its children. A shard ends because it has some: none is an error. */
  async #childrenOf(run: PollRun, shardId: string): Promise<string[]> {
    const shards = await this.#listFrom(run);
    const children = shards.filter((shard) => shard.parentShardIds.includes(shardId)).map((shard) => shard.shardId);
    if (children.length === 0) throw new StreamFailure("lost", `shard ${shardId} has ended, and nothing continues it`);
    return children;
  }

  #onServerClock(start: IteratorStart): IteratorStart {
    return start.at === "timestamp" ? { at: "timestamp", timestampMs: this.#serverTime(start.timestampMs) } : start;
  }

  /** Our time as a timestamp that is not later on the server's clock, and that Kinesis will not find in its future. */
  #serverTime(timeMs: number): number {
    return timeMs - this.#options.clockMarginMs - this.#aheadMs;
  }
}

function partOf(invalidation: Invalidation, part: number): Invalidation {
  const { keys } = invalidation;
  return { ...invalidation, keys: keys.slice(part * MAX_KEYS_AT_ONCE, (part + 1) * MAX_KEYS_AT_ONCE) };
}
