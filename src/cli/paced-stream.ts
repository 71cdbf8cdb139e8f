/**
 * A stream that is read gently: Kinesis answers five GetRecords a second for each shard to all its readers together, and whoever
 * looks on must leave them to those who need them.
 */
import type { Clock } from "../core/clock.js";
import type { StreamApi } from "../kinesis/stream-api.js";

/** One call a second for each shard. */
export const READ_EVERY_MS = 1_000;

export function pacedStream(api: StreamApi, clock: Clock): StreamApi {
  /** Iterators name no shard to us: each is the one of the call that handed it out. */
  const shardOf = new Map<string, string>();
  const nextAtMs = new Map<string, number>();

  /** Waits for the shard's turn, or for the end. */
  async function turnOf(shardId: string, signal: AbortSignal): Promise<void> {
    const nowMs = clock.monotonic();
    const atMs = Math.max(nowMs, nextAtMs.get(shardId) ?? 0);
    nextAtMs.set(shardId, atMs + READ_EVERY_MS);
    await pause(clock, atMs - nowMs, signal);
  }

  return {
    listShards: (request, signal) => api.listShards(request, signal),
    putRecords: (records, signal) => api.putRecords(records, signal),

    async getShardIterator(shardId, fromMs, signal) {
      const iterator = await api.getShardIterator(shardId, fromMs, signal);
      shardOf.set(iterator, shardId);
      return iterator;
    },

    async getRecords(iterator, limit, signal) {
      const shardId = shardOf.get(iterator) ?? "";
      await turnOf(shardId, signal);
      const page = await api.getRecords(iterator, limit, signal);
      if (page.nextIterator !== iterator) shardOf.delete(iterator);
      if (page.nextIterator !== undefined) shardOf.set(page.nextIterator, shardId);
      return page;
    },
  };
}

/** Resolves when the time has passed, or at the end. */
export function pause(clock: Clock, ms: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || ended.aborted) return resolve();
    const done = () => {
      cancel();
      ended.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    ended.addEventListener("abort", done);
  });
}
