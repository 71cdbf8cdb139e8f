/**
 * Reads a stream on from where this environment stands in it: all shards side by side, up to the tip of each. Steady state
 * is one GetRecords per shard and nothing else. Each page is handed on as it arrives, so that no backlog is ever held.
 *
 * It must never skip a record: an empty page is not the tip, a closed shard goes on in its children, and an iterator that
 * cannot be used any more is taken anew from the last moment the shard was known to be caught up. And it must move nothing
 * once a reading is over, whatever answers still arrive.
 */
import type { Clock } from "../core/clock.js";
import { LogFailure, type LogReader, type Reading } from "../core/log.js";
import {
  advanced,
  answered,
  asking,
  cursorFrom,
  renewed,
  type ShardCursor,
  takenFrom,
  usableIterator,
} from "./cursor.js";
import { createEarlyIterators, type EarlyIterator, type EarlyOffers } from "./early-iterators.js";
import { createServerClock } from "./server-clock.js";
import type { ListedShard, ListShardsRequest, RecordsPage, StreamApi } from "./stream-api.js";
import { isCovered, readToken } from "./token.js";

/** A shard further behind than this many pages goes on in the next reading. */
const MAX_PAGES_PER_SHARD = 100;
const MAX_LIST_PAGES = 100;

export interface StreamReaderOptions {
  /** The stream's, as tokens name it. */
  readonly name?: string;
  /** How far this environment's clock may be from Kinesis's. */
  readonly clockMarginMs: number;
}

/** One reading, and the shards it has to do with: after a merge, a child is the child of two. */
interface Run {
  readonly reading: Reading;
  readonly seen: Set<string>;
}

export function createStreamReader(
  api: StreamApi,
  clock: Clock,
  { name = "", clockMarginMs }: StreamReaderOptions,
): LogReader {
  /** Empty before the first reading: then every shard has to be read from `Reading.sinceMs` on. Costs no call to hold. */
  const cursors = new Map<string, ShardCursor>();
  /**
   * Whether these are known to be all the shards there are to read: they were listed since the iterators they had before
   * became too old. A stream deleted and created anew has shards of the same names, and others beside them.
   */
  let complete = false;
  const early = createEarlyIterators(api, clock);
  const server = createServerClock(clock, clockMarginMs);

  const isWarm = (nowMs: number) =>
    complete && [...cursors.values()].every((cursor) => usableIterator(cursor, nowMs) !== undefined);

  function leave(): void {
    early.expect([...cursors.keys()]);
    cursors.clear();
    complete = false;
    server.startOver();
  }

  /** Returns those of the shards that this reading does not know yet; each is read on from `start`. */
  function begin({ seen }: Run, shardIds: readonly string[], start: ShardCursor): string[] {
    const added = shardIds.filter((shardId) => !seen.has(shardId));
    for (const shardId of added) {
      seen.add(shardId);
      cursors.set(shardId, start);
    }
    return added;
  }

  function cursorOf(shardId: string): ShardCursor {
    const cursor = cursors.get(shardId);
    if (cursor === undefined) throw new LogFailure("lost", `shard ${shardId} is not in the place`);
    return cursor;
  }

  /** A lost place is given up, and what was cached with it; all other failures leave the reading short of the tip. */
  function failed({ reading }: Run, error: unknown): void {
    if (reading.isOver) return;
    if (error instanceof LogFailure && error.kind === "lost") {
      leave();
      early.forget();
      reading.lost(error);
    } else reading.fellShort(error);
  }

  /** All pages of a listing; without a timestamp, of every shard there is. */
  async function listFrom({ reading }: Run, fromTimestampMs?: number): Promise<ListedShard[]> {
    const listed: ListedShard[] = [];
    let request: ListShardsRequest = { fromTimestampMs };
    for (let page = 0; page < MAX_LIST_PAGES; page++) {
      const { shards, nextToken } = await server.timed(() => reading.call((signal) => api.listShards(request, signal)));
      listed.push(...shards);
      if (nextToken === undefined) return listed;
      request = { nextToken };
    }
    throw new LogFailure("unavailable", "ListShards did not end");
  }

  /**
   * Whether our clock has turned out, since the time to read from was taken as `askedMs`, to be so far ahead that the margin
   * may not cover it. Then a listing may lack a shard closed since, and an iterator may have left out records.
   */
  const askedTooLate = ({ reading }: Run, askedMs: number) =>
    askedMs - server.timestamp(reading.sinceMs) > clockMarginMs / 2;

  /** Every shard that was open at the reading's `sinceMs`, or has been created since. */
  async function list(run: Run, askedMs: number): Promise<ListedShard[]> {
    const listed = await listFrom(run, askedMs);
    return askedTooLate(run, askedMs) ? listFrom(run, server.timestamp(run.reading.sinceMs)) : listed;
  }

  /**
   * Lists the shards and reads those that are not known yet: all of them in a first reading, and after a long pause, beside
   * the known ones, those of a stream that was created anew. Never rejects.
   */
  async function drainUnknown(run: Run): Promise<void> {
    try {
      const askedMs = server.timestamp(run.reading.sinceMs);
      const asked = early.ask(run.reading, run.seen, askedMs);
      const shards = await list(run, askedMs);
      if (run.reading.isOver) return;
      if (shards.length === 0) throw new LogFailure("unavailable", "ListShards named no shard");
      complete = true;
      early.forget();
      const shardIds = shards.map(({ shardId }) => shardId);
      const added = begin(run, shardIds, cursorFrom(run.reading.sinceMs));
      const offers: EarlyOffers = askedTooLate(run, askedMs) ? new Map() : asked;
      await Promise.all(added.map((shardId) => drainWith(run, shardId, offers.get(shardId))));
    } catch (error) {
      failed(run, error);
    }
  }

  /** Reads a new shard, with the iterator that was asked for early if there is one. Never rejects. */
  async function drainWith(run: Run, shardId: string, offer: Promise<EarlyIterator | undefined> | undefined) {
    const iterator = await offer;
    if (run.reading.isOver) return;
    if (iterator !== undefined) cursors.set(shardId, iterator.into(cursorOf(shardId)));
    await drain(run, shardId);
  }

  const drainAll = (run: Run, shardIds: readonly string[]) =>
    Promise.all(shardIds.map((shardId) => drain(run, shardId)));

  /** Reads one shard to its tip, and its children too when it turns out to be closed. Never rejects. */
  async function drain(run: Run, shardId: string): Promise<void> {
    const { reading } = run;
    try {
      for (let pages = 0; pages < MAX_PAGES_PER_SHARD; pages++) {
        const sentAtMs = clock.now();
        const page = await nextPage(run, shardId);
        if (reading.isOver) return;
        // Set back meanwhile, the clock has said two things of that moment: the earlier one cannot be too late.
        const askedAtMs = Math.min(sentAtMs, clock.now());
        if (!(await taken(run, shardId, page)) || reading.isOver) return;
        const { nextIterator, millisBehindLatest } = page;
        if (nextIterator === undefined) return await follow(run, shardId, page.childShardIds);
        const atTip = millisBehindLatest === 0;
        cursors.set(shardId, advanced(cursorOf(shardId), nextIterator, askedAtMs, atTip));
        reading.behind(millisBehindLatest);
        if (atTip) return;
      }
      reading.fellShort();
    } catch (error) {
      failed(run, error);
    }
  }

  /** One page from where the shard's cursor stands; an iterator that has expired is replaced once. */
  async function nextPage(run: Run, shardId: string): Promise<RecordsPage> {
    const iterator = usableIterator(cursorOf(shardId), clock.now());
    if (iterator !== undefined) {
      try {
        return await page(run, shardId, iterator);
      } catch (error) {
        if (!(error instanceof LogFailure) || error.kind !== "expired") throw error;
        // It was young by our clock: the stream may be one created anew, with shards that nobody here knows.
        if (complete && !run.reading.isOver) {
          complete = false;
          await drainUnknown(run);
        }
      }
    }
    const { startMs } = cursorOf(shardId);
    const fromMs = startMs === undefined ? undefined : server.timestamp(startMs);
    const sentAtMs = clock.now();
    const fresh = await run.reading.call((signal) => api.getShardIterator(shardId, fromMs, signal));
    // Kept at once, so that the next reading need not ask again if this one ends before it is used.
    const takenAtMs = Math.min(sentAtMs, clock.now());
    if (!run.reading.isOver) cursors.set(shardId, renewed(cursorOf(shardId), fresh, takenAtMs));
    return page(run, shardId, fresh);
  }

  async function page({ reading }: Run, shardId: string, iterator: string): Promise<RecordsPage> {
    if (!reading.isOver) cursors.set(shardId, asking(cursorOf(shardId)));
    const { limit } = cursorOf(shardId);
    try {
      return await server.timed(() => reading.call((signal) => api.getRecords(iterator, limit, signal)));
    } catch (error) {
      if (!reading.isOver) cursors.set(shardId, answered(cursorOf(shardId)));
      throw error;
    }
  }

  /** Hands on what the page holds. False if the reading ended before all was taken: the next one goes on from there. */
  async function taken({ reading }: Run, shardId: string, { records }: RecordsPage): Promise<boolean> {
    const cursor = cursorOf(shardId);
    const fresh = records.slice(cursor.taken);
    const count = await reading.take(fresh.map(({ data }) => data));
    // Should the reading be over, another one may have moved the cursor since.
    if (cursors.get(shardId) === cursor) cursors.set(shardId, takenFrom(cursor, fresh.slice(0, count)));
    return count === fresh.length;
  }

  /** A closed shard goes on in its children, each read from its beginning and, after a merge, only once. */
  async function follow(run: Run, shardId: string, named: readonly string[]): Promise<void> {
    const childIds = named.length > 0 ? named : await childrenOf(run, shardId);
    if (run.reading.isOver) return;
    cursors.delete(shardId);
    await drainAll(run, begin(run, childIds, cursorFrom()));
  }

  /** For services that end a shard without naming its children. A shard ends because it has some: none is an error. */
  async function childrenOf(run: Run, shardId: string): Promise<string[]> {
    const shards = await listFrom(run);
    const children = shards.filter((shard) => shard.parentShardIds.includes(shardId)).map((shard) => shard.shardId);
    if (children.length === 0) throw new LogFailure("lost", `shard ${shardId} has ended, and nothing continues it`);
    return children;
  }

  return {
    get lanes(): number {
      return cursors.size;
    },
    isReadByTime: true,
    isPlaced: true,
    isWarm,
    covers: (token) => isCovered(readToken(token, name), (shardId) => cursors.get(shardId)?.read),
    leave,

    async read(reading) {
      const known = [...cursors.keys()];
      const run: Run = { reading, seen: new Set(known) };
      complete = isWarm(clock.now());
      const shards = drainAll(run, known);
      await (complete ? shards : Promise.all([shards, drainUnknown(run)]));
    },
  };
}
