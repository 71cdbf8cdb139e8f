/**
 * Reads every invalidation since a position, from all shards of a stream in parallel, up to the tip of each.
 * Steady state is one GetRecords per shard and nothing else. It changes nothing but what it returns: a poll that ends
 * early returns what it has read and a position that is exactly that far.
 *
 * It must never skip a record: an empty page is not the tip, a closed shard goes on in its children, and an iterator
 * that cannot be used any more is taken anew from the last moment the shard was known to be caught up.
 */
import type { Clock } from "./clock.js";
import { decodeRecord, decodeWith, type Invalidation, type RecordDecoder } from "./invalidation-record.js";
import { advanced, CHILD_START, type Position, type ShardCursor, startAt, usableIterator } from "./position.js";
import {
  type IteratorStart,
  type ListedShard,
  type ListShardsRequest,
  type RecordsPage,
  type StreamApi,
  StreamFailure,
} from "./stream-api.js";

/** What a poll read, and how it ended. */
export interface Poll {
  readonly invalidations: readonly Invalidation[];
  readonly position: Position;
  /** `lost`: the position means nothing to the stream any more; nothing cached can be trusted. */
  readonly outcome: "caught-up" | "incomplete" | "lost";
  /** Why it is incomplete or lost; absent when only the time or the page bound ran out. */
  readonly failure?: StreamFailure;
  readonly calls: number;
  readonly throttles: number;
  readonly lagMs: number;
}

/** The port the protocol above reads through; nothing there knows of shards. */
export interface InvalidationReader {
  /** Never rejects. Ends at the tip, after `timeoutMs`, or when `signal` aborts. */
  poll(from: Position, timeoutMs: number, signal: AbortSignal): Promise<Poll>;
}

/** A shard further behind than this many pages goes on in the next refresh. */
const MAX_PAGES_PER_SHARD = 100;
const MAX_LIST_PAGES = 100;
/** Decoding gives way to the event loop after this long. */
const SLICE_MS = 5;

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

  async poll(from: Position, timeoutMs: number, signal: AbortSignal): Promise<Poll> {
    const run = new Run(this.#clock, from, timeoutMs, signal);
    await Promise.race([this.#readAll(run), run.over]);
    return run.close();
  }

  async #readAll(run: Run): Promise<void> {
    try {
      if (run.from.kind === "fence") await this.#list(run, run.from.provenAtMs);
      await Promise.all(Array.from(run.cursors.keys(), (shardId) => this.#drain(run, shardId)));
    } catch (error) {
      run.failed(error);
    }
    run.finish();
  }

  /**
   * A first refresh reads every shard that was open at the fence or has been created since. When the answer shows that
   * our clock is so far ahead that the margin may not cover it, a shard closed since the fence may be missing: once more.
   */
  async #list(run: Run, fenceMs: number): Promise<void> {
    const askedMs = this.#serverTime(fenceMs);
    let listed = await this.#listFrom(run, askedMs);
    const correctedMs = this.#serverTime(fenceMs);
    if (askedMs - correctedMs > this.#options.clockMarginMs / 2) listed = await this.#listFrom(run, correctedMs);
    run.begin(listed, fenceMs);
  }

  /** All pages of a listing; without a timestamp, of every shard there is. */
  async #listFrom(run: Run, fromTimestampMs?: number): Promise<ListedShard[]> {
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
  async #drain(run: Run, shardId: string): Promise<void> {
    try {
      for (let pages = 0; pages < MAX_PAGES_PER_SHARD; pages++) {
        const sentAtMs = this.#clock.now();
        const page = await this.#nextPage(run, shardId);
        await this.#collect(run, page);
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
  async #nextPage(run: Run, shardId: string): Promise<RecordsPage> {
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
    const renewed = await run.call((signal) => this.#api.getShardIterator(shardId, start, signal));
    return run.call((signal) => this.#api.getRecords(renewed, signal));
  }

  /** Decodes a page's records, giving way to the event loop now and then. */
  async #collect(run: Run, page: RecordsPage): Promise<void> {
    const { decode } = this.#options;
    let sliceStart = this.#clock.monotonic();
    for (const record of page.records) {
      if (run.closed) return;
      run.invalidations.push(decode === undefined ? decodeRecord(record.data) : decodeWith(decode, record.data));
      if (this.#clock.monotonic() - sliceStart > SLICE_MS) {
        await new Promise<void>((resolve) => this.#clock.after(0, resolve));
        sliceStart = this.#clock.monotonic();
      }
    }
  }

  /** A closed shard goes on in its children, each read from its beginning and, after a merge, only once. */
  async #follow(run: Run, shardId: string, page: RecordsPage): Promise<void> {
    const childIds = page.childShardIds.length > 0 ? page.childShardIds : await this.#childrenOf(run, shardId);
    if (run.closed) return;
    const added = run.ended(shardId, childIds);
    await Promise.all(added.map((childId) => this.#drain(run, childId)));
  }

  /** For services that end a shard without naming its children. A shard ends because it has some: none is an error. */
  async #childrenOf(run: Run, shardId: string): Promise<string[]> {
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

/** The state of one poll. Once closed it is not changed any more, whatever answers still arrive. */
class Run {
  readonly from: Position;
  readonly invalidations: Invalidation[] = [];
  readonly cursors: Map<string, ShardCursor>;
  /** Resolves when the poll must end, finished or not. */
  readonly over: Promise<void>;
  closed = false;
  readonly #startedAtMs: number;
  readonly #shardsSeen: Set<string>;
  /** Aborts at half time: a call on a connection that died while the environment was frozen gets a second chance. */
  readonly #half = new AbortController();
  readonly #whole = new AbortController();
  readonly #cleanUp: (() => void)[] = [];
  #listed: boolean;
  #finished = false;
  #complete = true;
  #failure: StreamFailure | undefined;
  #calls = 0;
  #throttles = 0;
  #lagMs = 0;

  constructor(clock: Clock, from: Position, timeoutMs: number, signal: AbortSignal) {
    this.from = from;
    this.#startedAtMs = clock.now();
    this.#listed = from.kind === "cursors";
    this.cursors = new Map(from.kind === "cursors" ? from.shards : []);
    this.#shardsSeen = new Set(this.cursors.keys());
    this.over = new Promise((resolve) => {
      const end = () => {
        this.#half.abort();
        this.#whole.abort();
        resolve();
      };
      signal.addEventListener("abort", end, { once: true });
      this.#cleanUp.push(
        clock.after(timeoutMs / 2, () => this.#half.abort()),
        clock.after(timeoutMs, end),
        () => signal.removeEventListener("abort", end),
      );
      if (signal.aborted) end();
    });
  }

  /** One call, tried a second time at once when it failed on the way; every other failure is the policy's to handle. */
  async call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const first = this.#half.signal.aborted ? this.#whole.signal : this.#half.signal;
    try {
      return await this.#attempt(make, first);
    } catch (error) {
      const unavailable = !(error instanceof StreamFailure) || error.kind === "unavailable";
      if (!unavailable || this.closed || this.#whole.signal.aborted) throw error;
      return await this.#attempt(make, this.#whole.signal);
    }
  }

  #attempt<T>(make: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#calls++;
    return make(signal);
  }

  cursor(shardId: string): ShardCursor {
    const cursor = this.cursors.get(shardId);
    if (cursor === undefined) throw new StreamFailure("lost", `shard ${shardId} is not in the position`);
    return cursor;
  }

  begin(listed: readonly ListedShard[], fenceMs: number): void {
    if (this.closed) return;
    if (listed.length === 0) throw new StreamFailure("unavailable", "ListShards named no shard");
    for (const { shardId } of listed) {
      this.cursors.set(shardId, startAt(fenceMs));
      this.#shardsSeen.add(shardId);
    }
    this.#listed = true;
  }

  moved(shardId: string, token: string, sentAtMs: number, lagMs: number): void {
    this.cursors.set(shardId, advanced(this.cursor(shardId), token, sentAtMs, lagMs === 0));
    if (Number.isFinite(lagMs)) this.#lagMs = Math.max(this.#lagMs, lagMs);
  }

  /** Returns the children that were not known yet. */
  ended(shardId: string, childIds: readonly string[]): string[] {
    this.cursors.delete(shardId);
    const added = childIds.filter((childId) => !this.#shardsSeen.has(childId));
    for (const childId of added) {
      this.#shardsSeen.add(childId);
      this.cursors.set(childId, CHILD_START);
    }
    return added;
  }

  leftBehind(): void {
    this.#complete = false;
  }

  failed(error: unknown): void {
    if (this.closed) return;
    this.#complete = false;
    const failure =
      error instanceof StreamFailure ? error : new StreamFailure("unavailable", String(error), { cause: error });
    if (failure.kind === "throttled") this.#throttles++;
    if (this.#failure === undefined || failure.kind === "lost") this.#failure = failure;
  }

  finish(): void {
    this.#finished = true;
  }

  close(): Poll {
    this.closed = true;
    for (const cleanUp of this.#cleanUp) cleanUp();
    const caughtUp = this.#finished && this.#complete;
    const outcome = caughtUp ? "caught-up" : this.#failure?.kind === "lost" ? "lost" : "incomplete";
    return {
      invalidations: this.invalidations,
      position: this.#position(caughtUp),
      outcome,
      ...(this.#failure !== undefined && !caughtUp ? { failure: this.#failure } : {}),
      calls: this.#calls,
      throttles: this.#throttles,
      lagMs: caughtUp ? 0 : this.#lagMs,
    };
  }

  #position(caughtUp: boolean): Position {
    if (!this.#listed) return this.from;
    const provenAtMs = caughtUp ? this.#startedAtMs : this.from.provenAtMs;
    return { kind: "cursors", provenAtMs, shards: this.cursors };
  }
}
