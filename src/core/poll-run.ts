/**
 * The state of one poll: how far each shard was read, and the calls under way. It ends at a deadline, and from then on
 * nothing changes it, whatever answers still arrive. No call outlives it.
 */
import type { Clock } from "./clock.js";
import type { Invalidation } from "./invalidation-record.js";
import { advanced, CHILD_START, isWarm, type Position, renewed, type ShardCursor, startAt } from "./position.js";
import { Slice } from "./slice.js";
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
  readonly failure?: StreamFailure;
  readonly records: number;
  readonly calls: number;
  readonly throttles: number;
  /** The furthest that a page read was behind its shard's tip; undefined when there was none. */
  readonly lagMs: number | undefined;
}

export class PollRun {
  readonly from: Position;
  /** Takes what is read. */
  readonly apply: (invalidation: Invalidation) => void;
  readonly cursors: Map<string, ShardCursor>;
  /** Resolves when the poll must end, finished or not. */
  readonly over: Promise<void>;
  closed = false;
  /** How many were read. */
  records = 0;
  /** Work on what is read, from all shards together. */
  readonly slice: Slice;
  /** Whether the cursors are known to be of all shards; if not, they are to be listed. */
  complete: boolean;
  readonly #startedAtMs: number;
  readonly #shardsSeen: Set<string>;
  /** One for each call: Node takes more than ten listeners on one signal, as many shards have, for a leak. */
  readonly #underWay = new Set<AbortController>();
  readonly #retryAtHalfTime = new Set<() => void>();
  readonly #cleanUp: (() => void)[] = [];
  #finished = false;
  #atTip = true;
  #failure: StreamFailure | undefined;
  #calls = 0;
  #throttles = 0;
  #lagMs: number | undefined;

  constructor(
    clock: Clock,
    from: Position,
    { timeoutMs, retryAfterMs, signal }: PollLimits,
    apply: (invalidation: Invalidation) => void,
  ) {
    this.from = from;
    this.apply = apply;
    this.slice = new Slice(clock);
    this.#startedAtMs = clock.now();
    this.complete = isWarm(from, this.#startedAtMs);
    this.cursors = new Map(from.kind === "cursors" ? from.shards : []);
    this.#shardsSeen = new Set(this.cursors.keys());
    this.over = new Promise((resolve) => {
      const end = () => resolve();
      signal.addEventListener("abort", end);
      this.#cleanUp.push(
        () => signal.removeEventListener("abort", end),
        clock.after(retryAfterMs ?? timeoutMs / 2, () => this.#halfTime()),
        clock.after(timeoutMs, end),
      );
      if (signal.aborted) end();
    });
  }

  /**
   * One call. Failed on the way, it is made once more at once; unanswered at half time, once more beside the first, which
   * may be waiting on a connection that died while the environment was frozen. All else is the policy's to handle.
   */
  call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // An answer that came too late, or in the very moment of the end, asks for nothing more.
    if (this.closed) return Promise.reject(new StreamFailure("unavailable", "the poll is over"));
    return new Promise((resolve, reject) => {
      let attempts = 0;
      let unanswered = 0;
      const attempt = () => {
        attempts++;
        unanswered++;
        this.#calls++;
        const abort = new AbortController();
        this.#underWay.add(abort);
        make(abort.signal).then(
          (answer) => {
            settle(abort);
            resolve(answer);
          },
          (error: unknown) => {
            settle(abort);
            failed(error);
          },
        );
      };
      const settle = (abort: AbortController) => {
        unanswered--;
        this.#underWay.delete(abort);
        this.#retryAtHalfTime.delete(attempt);
      };
      const failed = (error: unknown) => {
        if (attempts === 1 && !this.closed && isUnavailable(error)) attempt();
        else if (unanswered === 0) reject(error);
      };
      this.#retryAtHalfTime.add(attempt);
      attempt();
    });
  }

  cursor(shardId: string): ShardCursor {
    const cursor = this.cursors.get(shardId);
    if (cursor === undefined) throw new StreamFailure("lost", `shard ${shardId} is not in the position`);
    return cursor;
  }

  /** Returns the shards that were not known yet: they are read from `fromMs` on. */
  listed(shards: readonly ListedShard[], fromMs: number): string[] {
    if (this.closed) return [];
    if (shards.length === 0) throw new StreamFailure("unavailable", "ListShards named no shard");
    this.complete = true;
    const added = shards.map(({ shardId }) => shardId).filter((shardId) => !this.#shardsSeen.has(shardId));
    for (const shardId of added) this.#add(shardId, startAt(fromMs));
    return added;
  }

  moved(shardId: string, token: string, sentAtMs: number, lagMs: number): void {
    this.cursors.set(shardId, advanced(this.cursor(shardId), token, sentAtMs, lagMs === 0));
    if (Number.isFinite(lagMs)) this.#lagMs = Math.max(this.#lagMs ?? 0, lagMs);
  }

  /** Keeps a new iterator, so that the next refresh need not ask again if this one ends before it is used. */
  renewed(shardId: string, token: string, takenAtMs: number): void {
    if (!this.closed) this.cursors.set(shardId, renewed(this.cursor(shardId), token, takenAtMs));
  }

  /** Returns the children that were not known yet. */
  ended(shardId: string, childIds: readonly string[]): string[] {
    this.cursors.delete(shardId);
    const added = childIds.filter((childId) => !this.#shardsSeen.has(childId));
    for (const childId of added) this.#add(childId, CHILD_START);
    return added;
  }

  #add(shardId: string, cursor: ShardCursor): void {
    this.#shardsSeen.add(shardId);
    this.cursors.set(shardId, cursor);
  }

  leftBehind(): void {
    this.#atTip = false;
  }

  failed(error: unknown): void {
    if (this.closed) return;
    this.#atTip = false;
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
    // No call outlives the poll: an answer after the invocation has ended would arrive in a later one.
    for (const abort of this.#underWay) abort.abort();
    const caughtUp = this.#finished && this.#atTip;
    const outcome = caughtUp ? "caught-up" : this.#failure?.kind === "lost" ? "lost" : "incomplete";
    return {
      position: this.#position(caughtUp),
      outcome,
      ...(this.#failure !== undefined ? { failure: this.#failure } : {}),
      records: this.records,
      calls: this.#calls,
      throttles: this.#throttles,
      lagMs: caughtUp ? 0 : this.#lagMs,
    };
  }

  #halfTime(): void {
    for (const retry of this.#retryAtHalfTime) retry();
  }

  #position(caughtUp: boolean): Position {
    if (this.from.kind === "fence" && !this.complete) return this.from;
    const provenAtMs = caughtUp ? this.#startedAtMs : this.from.provenAtMs;
    return { kind: "cursors", provenAtMs, shards: this.cursors, complete: this.complete };
  }
}

/** Whether the same call may succeed at once: it failed on the way, or for no reason the port knows. */
function isUnavailable(error: unknown): boolean {
  return !(error instanceof StreamFailure) || error.kind === "unavailable";
}
