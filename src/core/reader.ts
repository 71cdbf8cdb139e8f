/**
 * Reads every invalidation since a position, from all shards of a stream in parallel, up to the tip of each.
 * Steady state is one GetRecords per shard and nothing else. Each page is handed on as it arrives, so that no backlog is
 * ever held; a poll that ends early returns a position that is no further than what was handed on.
 *
 * It must never skip a record: an empty page is not the tip, a closed shard goes on in its children, and an iterator
 * that cannot be used any more is taken anew from the last moment the shard was known to be caught up.
 */
import type { Clock } from "./clock.js";
import { createPollRun, type Poll, type PollLimits, type PollRun } from "./poll-run.js";
import { type Position, usableIterator } from "./position.js";
import { decodeRecord, type Invalidation, type RecordDecoder } from "./record.js";
import {
  type ListedShard,
  type ListShardsRequest,
  type RecordsPage,
  type StreamApi,
  StreamFailure,
  type StreamRecord,
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
const RECORD_NS = 1_000;
const BYTE_NS = 10;

export interface ReaderOptions {
  readonly clockMarginMs: number;
  readonly decode?: RecordDecoder | undefined;
}

export function createStreamReader(
  api: StreamApi,
  clock: Clock,
  { clockMarginMs, decode }: ReaderOptions,
): InvalidationReader {
  /** How far our clock is known to run ahead of the server's. Only used to ask for earlier timestamps, never later. */
  let aheadMs = 0;

  /** Our time as a timestamp that is not later on the server's clock, and that Kinesis will not find in its future. */
  const serverTime = (timeMs: number) => timeMs - clockMarginMs - aheadMs;

  /** All pages of a listing; without a timestamp, of every shard there is. */
  async function listFrom(run: PollRun, fromTimestampMs?: number): Promise<ListedShard[]> {
    const listed: ListedShard[] = [];
    let request: ListShardsRequest = { fromTimestampMs };
    for (let page = 0; page < MAX_LIST_PAGES; page++) {
      const { shards, nextToken, serverTimeMs } = await run.call((signal) => api.listShards(request, signal));
      if (serverTimeMs !== undefined) aheadMs = Math.max(0, clock.now() - serverTimeMs);
      listed.push(...shards);
      if (nextToken === undefined) return listed;
      request = { nextToken };
    }
    throw new StreamFailure("unavailable", "ListShards did not end");
  }

  /**
   * Every shard that was open at `sinceMs` or has been created since. When the answer shows that our clock is so far ahead
   * that the margin may not cover it, a shard closed since may be missing: once more.
   */
  async function list(run: PollRun, sinceMs: number): Promise<ListedShard[]> {
    const askedMs = serverTime(sinceMs);
    const listed = await listFrom(run, askedMs);
    const correctedMs = serverTime(sinceMs);
    return askedMs - correctedMs > clockMarginMs / 2 ? listFrom(run, correctedMs) : listed;
  }

  /**
   * Lists the shards and reads those that are not known yet: all of them in a first refresh, and after a long pause, beside
   * the known ones, those of a stream that was created anew. Never rejects.
   */
  async function drainUnknown(run: PollRun): Promise<void> {
    const sinceMs = run.from.provenAtMs;
    try {
      await drainAll(run, run.listed(await list(run, sinceMs), sinceMs));
    } catch (error) {
      run.failed(error);
    }
  }

  const drainAll = (run: PollRun, shardIds: readonly string[]) =>
    Promise.all(shardIds.map((shardId) => drain(run, shardId)));

  /** Reads one shard to its tip, and its children too when it turns out to be closed. Never rejects. */
  async function drain(run: PollRun, shardId: string): Promise<void> {
    try {
      for (let pages = 0; pages < MAX_PAGES_PER_SHARD; pages++) {
        const sentAtMs = clock.now();
        const page = await nextPage(run, shardId);
        await handOn(run, page.records);
        if (run.closed) return;
        const { nextIterator, millisBehindLatest } = page;
        if (nextIterator === undefined) return await follow(run, shardId, page.childShardIds);
        run.moved(shardId, nextIterator, sentAtMs, millisBehindLatest);
        if (millisBehindLatest === 0) return;
      }
      run.atTip = false;
    } catch (error) {
      run.failed(error);
    }
  }

  /** One page from where the shard's cursor stands; an iterator that has expired is replaced once. */
  async function nextPage(run: PollRun, shardId: string): Promise<RecordsPage> {
    const cursor = run.cursor(shardId);
    const iterator = usableIterator(cursor, clock.now());
    if (iterator !== undefined) {
      try {
        return await run.call((signal) => api.getRecords(iterator, signal));
      } catch (error) {
        if (!(error instanceof StreamFailure) || error.kind !== "expired") throw error;
        // It was young by our clock: the stream may be one created anew, with shards that nobody here knows.
        if (run.complete) {
          run.complete = false;
          await drainUnknown(run);
        }
      }
    }
    const { startMs } = cursor;
    const fromMs = startMs === undefined ? undefined : serverTime(startMs);
    const askedAtMs = clock.now();
    const renewed = await run.call((signal) => api.getShardIterator(shardId, fromMs, signal));
    // Kept at once, so that the next refresh need not ask again if this one ends before it is used.
    run.moved(shardId, renewed, askedAtMs, Infinity);
    return run.call((signal) => api.getRecords(renewed, signal));
  }

  /** Decodes records and hands them on, giving way to the event loop now and then. */
  async function handOn(run: PollRun, records: readonly StreamRecord[]): Promise<void> {
    for (const { data } of records) {
      run.records++;
      const invalidation = decodeRecord(data, decode);
      const parts = Math.max(1, Math.ceil(invalidation.keys.length / MAX_KEYS_AT_ONCE));
      const workNs = (RECORD_NS + data.length * BYTE_NS) / parts;
      for (let part = 0; part < parts; part++) {
        if (run.closed) return;
        run.apply(parts === 1 ? invalidation : partOf(invalidation, part));
        if (run.slice.isOver(workNs)) await run.slice.next();
      }
    }
  }

  /** A closed shard goes on in its children, each read from its beginning and, after a merge, only once. */
  async function follow(run: PollRun, shardId: string, named: readonly string[]): Promise<void> {
    const childIds = named.length > 0 ? named : await childrenOf(run, shardId);
    if (!run.closed) await drainAll(run, run.ended(shardId, childIds));
  }

  /** For services that end a shard without naming its children. A shard ends because it has some: none is an error. */
  async function childrenOf(run: PollRun, shardId: string): Promise<string[]> {
    const shards = await listFrom(run);
    const children = shards.filter((shard) => shard.parentShardIds.includes(shardId)).map((shard) => shard.shardId);
    if (children.length === 0) throw new StreamFailure("lost", `shard ${shardId} has ended, and nothing continues it`);
    return children;
  }

  async function readAll(run: PollRun): Promise<void> {
    const known = run.shardIds();
    await Promise.all([run.complete ? undefined : drainUnknown(run), drainAll(run, known)]);
    run.finished = true;
  }

  return {
    async poll(from, limits, apply) {
      const run = createPollRun(clock, from, limits, apply);
      await Promise.race([readAll(run), run.over]);
      return run.close();
    },
  };
}

function partOf(invalidation: Invalidation, part: number): Invalidation {
  const { keys } = invalidation;
  return { ...invalidation, keys: keys.slice(part * MAX_KEYS_AT_ONCE, (part + 1) * MAX_KEYS_AT_ONCE) };
}
