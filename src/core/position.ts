/**
 * How far this environment has read the stream, and how each answer moves that. Decisions only: no calls, no clock.
 *
 * The one rule everything else follows from: a position is never later than the load of any entry that is stored. So a
 * position may always be moved back (reading a little twice is harmless) and never forward past what was read.
 */
import type { IteratorStart } from "./stream-api.js";

/**
 * Kinesis iterators expire five minutes after they were handed out; older than this they are not tried any more.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
 */
export const ITERATOR_LIFETIME_MS = 4 * 60_000;

/** Where reading one shard goes on. */
export interface ShardCursor {
  /** The iterator the last answer gave, and when that call was sent (wall clock). */
  readonly iterator?: { readonly token: string; readonly takenAtMs: number };
  /** Where to take a new iterator when that one is missing, too old or expired. */
  readonly start: IteratorStart;
}

/** Nothing was read yet: every invalidation since this moment still has to be. Costs no call to hold. */
export interface Fence {
  readonly kind: "fence";
  readonly provenAtMs: number;
}

/** Read up to these cursors. */
export interface Cursors {
  readonly kind: "cursors";
  /** Every invalidation acknowledged before this moment (our wall clock) has been read, in every shard. */
  readonly provenAtMs: number;
  readonly shards: ReadonlyMap<string, ShardCursor>;
  /**
   * Whether these are known to be all the shards there are to read: they were listed since the iterators they had before
   * became too old. A stream deleted and created anew has shards of the same names, and others beside them.
   */
  readonly complete: boolean;
}

export type Position = Fence | Cursors;

export function fenceAt(nowMs: number): Fence {
  return { kind: "fence", provenAtMs: nowMs };
}

/** A shard that continues a closed one is read from its own beginning: no record of it was read before. */
export const CHILD_START: ShardCursor = { start: { at: "trim-horizon" } };

/** A shard of the first listing is read from the fence on. */
export function startAt(timestampMs: number): ShardCursor {
  return { start: { at: "timestamp", timestampMs } };
}

/** The iterator to use now, if the cursor has one that is young enough. A clock set back makes it old. */
export function usableIterator(cursor: ShardCursor, nowMs: number): string | undefined {
  if (cursor.iterator === undefined) return undefined;
  const ageMs = nowMs - cursor.iterator.takenAtMs;
  return ageMs >= 0 && ageMs < ITERATOR_LIFETIME_MS ? cursor.iterator.token : undefined;
}

/** The cursor after a page that the shard goes on from. At the tip, what a new iterator must cover starts at the call. */
export function advanced(cursor: ShardCursor, token: string, sentAtMs: number, atTip: boolean): ShardCursor {
  return { iterator: { token, takenAtMs: sentAtMs }, start: atTip ? startAt(sentAtMs).start : cursor.start };
}

/** The cursor with a new iterator taken at its start. */
export function renewed(cursor: ShardCursor, token: string, takenAtMs: number): ShardCursor {
  return { iterator: { token, takenAtMs }, start: cursor.start };
}

/** Whether the next refresh can go on from this position with one round trip. */
export function isWarm(position: Position, nowMs: number): boolean {
  if (position.kind === "fence" || !position.complete) return false;
  for (const cursor of position.shards.values()) {
    if (usableIterator(cursor, nowMs) === undefined) return false;
  }
  return true;
}
