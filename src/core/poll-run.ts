/**
 * The state of one poll: how far each shard was read, and the calls under way. It ends at a deadline, and from then on
 * nothing changes it, whatever answers still arrive. No call outlives it.
 */
import { messageOf } from "../errors.js";
import type { Clock } from "./clock.js";
import { createSlice } from "./coherence/slice.js";
import { advanced, isWarm, type Position, type ShardCursor } from "./position.js";
import type { Invalidation } from "./record.js";
import { type ListedShard, StreamFailure } from "./stream-api.js";

export interface PollLimits {
  readonly timeoutMs: number;
  /** When calls still unanswered are made once more. Default: half of `timeoutMs`. */
  readonly retryAfterMs?: number;
  /** Ends the poll early. */
  readonly signal: AbortSignal;
}

/** How far a poll read, and how it ended. */
export interface Poll {
  readonly position: Position;
  /** `lost`: the position means nothing to the stream any more; nothing cached can be trusted. */
  readonly outcome: "caught-up" | "incomplete" | "lost";
  /** Why it is incomplete or lost; absent when only the time or the page bound ran out. */
  readonly failure?: StreamFailure | undefined;
  readonly records: number;
  readonly calls: number;
  readonly throttles: number;
  /** The furthest that a page read was behind its shard's tip; undefined when there was none. */
  readonly lagMs: number | undefined;
}

export type PollRun = ReturnType<typeof createPollRun>;

/** @param apply takes what is read */
export function createPollRun(
  clock: Clock,
  from: Position,
  { timeoutMs, retryAfterMs = timeoutMs / 2, signal }: PollLimits,
  apply: (invalidation: Invalidation) => void,
) {
  const startedAtMs = clock.now();
  const cursors = new Map(from.shards);
  const shardsSeen = new Set(cursors.keys());
  /** One for each call: Node takes more than ten listeners on one signal, as many shards have, for a leak. */
  const underWay = new Set<AbortController>();
  const retryAtHalfTime = new Set<() => void>();
  let failure: StreamFailure | undefined;
  let calls = 0;
  let throttles = 0;
  let lagMs: number | undefined;

  let end: () => void = () => undefined;
  /** Resolves when the poll must end, finished or not. */
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const stopHalfTime = clock.after(retryAfterMs, () => {
    for (const retry of retryAtHalfTime) retry();
  });
  const stopDeadline = clock.after(timeoutMs, end);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();

  /** Returns those of the shards that were not known yet. */
  function known(shardIds: readonly string[], start: ShardCursor): string[] {
    const added = shardIds.filter((shardId) => !shardsSeen.has(shardId));
    for (const shardId of added) {
      shardsSeen.add(shardId);
      cursors.set(shardId, start);
    }
    return added;
  }

  const run = {
    from,
    apply,
    over,
    closed: false,
    /** Every shard has been dealt with. */
    finished: false,
    /** No shard is left short of its tip. */
    atTip: true,
    /** How many were read. */
    records: 0,
    /** Work on what is read, from all shards together. */
    slice: createSlice(clock),
    /** Whether the cursors are known to be of all shards; if not, they are to be listed. */
    complete: isWarm(from, startedAtMs),
    shardIds: () => [...cursors.keys()],

    /**
     * One call. Failed on the way, it is made once more at once; unanswered at half time, once more beside the first, which
     * may be waiting on a connection that died while the environment was frozen. All else is the policy's to handle.
     */
    call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> {
      // An answer that came too late, or in the very moment of the end, asks for nothing more.
      if (run.closed) return Promise.reject(new StreamFailure("unavailable", "the poll is over"));
      return new Promise((resolve, reject) => {
        let attempts = 0;
        let unanswered = 0;
        const attempt = () => {
          attempts++;
          unanswered++;
          calls++;
          const abort = new AbortController();
          underWay.add(abort);
          make(abort.signal)
            .finally(() => {
              unanswered--;
              underWay.delete(abort);
              retryAtHalfTime.delete(attempt);
            })
            .then(resolve, (error: unknown) => {
              if (attempts === 1 && !run.closed && isUnavailable(error)) attempt();
              else if (unanswered === 0) reject(error);
            });
        };
        retryAtHalfTime.add(attempt);
        attempt();
      });
    },

    cursor(shardId: string): ShardCursor {
      const cursor = cursors.get(shardId);
      if (cursor === undefined) throw new StreamFailure("lost", `shard ${shardId} is not in the position`);
      return cursor;
    },

    /** Returns the shards that were not known yet: they are read from `fromMs` on. */
    listed(shards: readonly ListedShard[], fromMs: number): string[] {
      if (run.closed) return [];
      if (shards.length === 0) throw new StreamFailure("unavailable", "ListShards named no shard");
      run.complete = true;
      return known(
        shards.map(({ shardId }) => shardId),
        { takenAtMs: 0, startMs: fromMs },
      );
    },

    /** Reading a shard goes on from this iterator. @param behindMs how far behind the tip; Infinity where that is not known */
    moved(shardId: string, iterator: string, takenAtMs: number, behindMs: number): void {
      if (run.closed) return;
      cursors.set(shardId, advanced(run.cursor(shardId), iterator, takenAtMs, behindMs === 0));
      if (Number.isFinite(behindMs)) lagMs = Math.max(lagMs ?? 0, behindMs);
    },

    /** A closed shard goes on in its children, each read from its beginning. Returns those that were not known yet. */
    ended(shardId: string, childIds: readonly string[]): string[] {
      cursors.delete(shardId);
      return known(childIds, { takenAtMs: 0 });
    },

    failed(error: unknown): void {
      if (run.closed) return;
      run.atTip = false;
      const told =
        error instanceof StreamFailure ? error : new StreamFailure("unavailable", messageOf(error), { cause: error });
      if (told.kind === "throttled") throttles++;
      if (failure === undefined || told.kind === "lost") failure = told;
    },

    close(): Poll {
      run.closed = true;
      stopHalfTime();
      stopDeadline();
      signal.removeEventListener("abort", end);
      // No call outlives the poll: an answer after the invocation has ended would arrive in a later one.
      for (const abort of underWay) abort.abort();
      const caughtUp = run.finished && run.atTip;
      const provenAtMs = caughtUp ? startedAtMs : from.provenAtMs;
      return {
        position: { provenAtMs, shards: cursors, complete: run.complete },
        outcome: caughtUp ? "caught-up" : failure?.kind === "lost" ? "lost" : "incomplete",
        failure,
        records: run.records,
        calls,
        throttles,
        lagMs: caughtUp ? 0 : lagMs,
      };
    },
  };
  return run;
}

/** Whether the same call may succeed at once: it failed on the way, or for no reason the port knows. */
function isUnavailable(error: unknown): boolean {
  return !(error instanceof StreamFailure) || error.kind === "unavailable";
}
