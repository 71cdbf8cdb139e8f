/**
 * How far this environment has read the stream, and how each answer moves that. Decisions only: no calls, no clock.
 *
 * The one rule everything else follows from: a position is never later than the load of any entry that is stored. So a
 * position may always be moved back (reading a little twice is harmless) and never forward past what was read.
 */

/**
 * Kinesis iterators expire five minutes after they were handed out; older than this they are not tried any more.
 * https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
 */
export const MAX_ITERATOR_AGE_MS = 4 * 60_000;

/** Where reading one shard goes on. */
export interface ShardCursor {
  /** The one the last answer gave. */
  readonly iterator?: string;
  /** When that call was sent (wall clock). */
  readonly takenAtMs: number;
  /** From when on to take a new iterator where that one is missing, too old or expired; absent: the shard's beginning. */
  readonly startMs?: number | undefined;
}

export interface Position {
  /** Every invalidation acknowledged before this moment (our wall clock) has been read, in every shard. */
  readonly provenAtMs: number;
  /** None before the first refresh: then every shard has to be read from that moment on. Costs no call to hold. */
  readonly shards: ReadonlyMap<string, ShardCursor>;
  /**
   * Whether these are known to be all the shards there are to read: they were listed since the iterators they had before
   * became too old. A stream deleted and created anew has shards of the same names, and others beside them.
   */
  readonly complete: boolean;
}

/** Nothing was read yet. */
export function fenceAt(nowMs: number): Position {
  return { provenAtMs: nowMs, shards: new Map(), complete: false };
}

/** The iterator to use now, if the cursor has one that is young enough. A clock set back makes it old. */
export function usableIterator({ iterator, takenAtMs }: ShardCursor, nowMs: number): string | undefined {
  const ageMs = nowMs - takenAtMs;
  return ageMs >= 0 && ageMs < MAX_ITERATOR_AGE_MS ? iterator : undefined;
}

/** The cursor with an iterator taken since. If that was at the tip, what the next one must cover starts at the call. */
export function advanced(cursor: ShardCursor, iterator: string, takenAtMs: number, atTip: boolean): ShardCursor {
  return { iterator, takenAtMs, startMs: atTip ? takenAtMs : cursor.startMs };
}

/** Whether the next refresh can go on from this position with one round trip. */
export function isWarm({ complete, shards }: Position, nowMs: number): boolean {
  return complete && [...shards.values()].every((cursor) => usableIterator(cursor, nowMs) !== undefined);
}
