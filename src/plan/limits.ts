/** What AWS allows, whatever one pays: the same for the simulation of fleets and for `npx scache plan`. */

export const LIMITS = {
  kinesis: {
    /** GetRecords for each shard, by all readers together. */
    readsPerSecond: 5,
    /** Answered by each shard, to all readers together. */
    readBytesPerSecond: 2 * 2 ** 20,
    /** GetShardIterator for each shard. */
    iteratorsPerSecond: 5,
    /** Records that each shard takes from all writers together, */
    writesPerSecond: 1_000,
    /** and their bytes, partition keys included. */
    writeBytesPerSecond: 2 ** 20,
  },
  /** For one item, and for all items that share its partition key. */
  dynamodb: { readUnitsPerSecond: 3_000, writeUnitsPerSecond: 1_000 },
} as const;

/** A limit, as it is named to people who have met it. */
export const LIMIT_NAMES = {
  streamReads: "5 GetRecords a second for each shard",
  streamBytes: "2 MiB a second for each shard",
  iterators: "5 GetShardIterator a second for each shard",
  streamWrites: "1,000 records a second for each shard",
  streamWriteBytes: "1 MiB written a second for each shard",
  headReads: "3,000 read units a second for the head",
  segmentReads: "3,000 read units a second for the segments",
  headWrites: "1,000 write units a second for the head",
  segmentWrites: "1,000 write units a second for the segments",
} as const;

export type Limit = keyof typeof LIMIT_NAMES;
