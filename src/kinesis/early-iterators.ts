/**
 * Iterators for the first reading of a new place, taken beside the listing of its shards: it will mostly have those of the place
 * before. They are offers: whether a shard is one to read, and whether its iterator was asked for early enough, is the
 * reader's to say.
 */
import type { Clock } from "../core/clock.js";
import type { Reading } from "../core/log.js";
import { renewed, type ShardCursor } from "./cursor.js";
import type { StreamApi } from "./stream-api.js";

export interface EarlyIterators {
  /** A place was given up that had these shards. */
  expect(shardIds: readonly string[]): void;
  /** There is no such place any more. */
  forget(): void;
  /**
   * Asks for iterators of the shards that are expected, but for those `known`: a promise for each, which never rejects, so
   * that nobody waits for a shard that the listing does not name. It gives nothing where no iterator can be had.
   */
  ask(reading: Reading, known: ReadonlySet<string>, fromMs: number): EarlyOffers;
}

export type EarlyOffers = ReadonlyMap<string, Promise<EarlyIterator | undefined>>;

export interface EarlyIterator {
  /** The cursor with this in place of its own. */
  into(cursor: ShardCursor): ShardCursor;
}

export function createEarlyIterators(api: Pick<StreamApi, "getShardIterator">, clock: Clock): EarlyIterators {
  let expected: readonly string[] = [];

  return {
    expect(shardIds) {
      if (shardIds.length > 0) expected = shardIds;
    },

    forget() {
      expected = [];
    },

    ask(reading, known, fromMs) {
      const take = async (shardId: string): Promise<EarlyIterator | undefined> => {
        const sentAtMs = clock.now();
        try {
          const iterator = await reading.call((signal) => api.getShardIterator(shardId, fromMs, signal));
          const takenAtMs = Math.min(sentAtMs, clock.now());
          return { into: (cursor) => renewed(cursor, iterator, takenAtMs) };
        } catch {
          return undefined;
        }
      };
      const asked = expected.filter((shardId) => !known.has(shardId));
      return new Map(asked.map((shardId) => [shardId, take(shardId)]));
    },
  };
}
