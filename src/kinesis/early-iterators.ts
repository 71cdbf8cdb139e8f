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
   * Takes iterators of the shards that are expected, but for those `known`. Never rejects: one that cannot be had is left out,
   * since the listing may not name its shard any more.
   */
  take(reading: Reading, known: ReadonlySet<string>, fromMs: number): Promise<ReadonlyMap<string, EarlyIterator>>;
}

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

    async take(reading, known, fromMs) {
      const taken = new Map<string, EarlyIterator>();
      const take = async (shardId: string) => {
        const sentAtMs = clock.now();
        const iterator = await reading.call((signal) => api.getShardIterator(shardId, fromMs, signal));
        const takenAtMs = Math.min(sentAtMs, clock.now());
        taken.set(shardId, { into: (cursor) => renewed(cursor, iterator, takenAtMs) });
      };
      await Promise.allSettled(expected.filter((shardId) => !known.has(shardId)).map(take));
      return taken;
    },
  };
}
