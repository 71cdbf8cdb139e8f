/**
 * Publishes invalidations and resolves only when Kinesis holds every one of them. What failed is tried again with
 * back-off, and only what failed; an answer that was lost is tried again too, since publishing twice is harmless.
 * It must never report success for a record it has no acknowledgement for.
 */
import { PublishError } from "../errors.js";
import { toBatches, toRequests } from "./batching.js";
import { backoffMs, type Clock, type Random } from "./clock.js";
import type { RecordContent } from "./invalidation-record.js";
import { type PutOutcome, type RecordToPut, type StreamApi, StreamFailure } from "./stream-api.js";

/** One attempt at one PutRecords call. */
const ATTEMPT_TIMEOUT_MS = 3_000;
const MAX_ATTEMPTS = 6;
/** Before the second attempt; doubled before each further one, and spread by chance. */
const BACKOFF_MS = 50;
/** Requests under way at once. */
const MAX_PARALLEL_REQUESTS = 8;

const NO_OUTCOME = "no outcome was given for the record";

/** Where a record of ours was written: shard and sequence number. */
export type Written = readonly [shardId: string, sequenceNumber: string];

interface Pending extends RecordToPut {
  readonly content: RecordContent;
}

export class Publisher {
  readonly #api: StreamApi;
  readonly #streamName: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(api: StreamApi, streamName: string, clock: Clock, random: Random) {
    this.#api = api;
    this.#streamName = streamName;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Resolves to a token that names what was written, once Kinesis has acknowledged all of it. Stops trying after
   * `timeoutMs`, at once where the next attempt would come too late.
   * @throws PublishError naming what may not have been published
   */
  async publish(content: RecordContent, timeoutMs: number): Promise<string> {
    let pending: Pending[];
    try {
      pending = toBatches(content, this.#clock.now()).map((batch) => ({
        ...batch,
        // Random, so that records spread evenly over the shards.
        partitionKey: String(this.#random()),
      }));
    } catch (error) {
      throw this.#unpublished([{ content }], error);
    }
    const endsAtMs = this.#clock.monotonic() + timeoutMs;
    const written: Written[] = [];
    for (let attempt = 1; ; attempt++) {
      const round = await this.#putAll(pending, written, endsAtMs);
      pending = round.failed;
      if (pending.length === 0) return encodeToken(written);
      const waitMs = backoffMs(attempt, BACKOFF_MS, this.#random);
      const endsNow = this.#clock.monotonic() + waitMs >= endsAtMs;
      if (round.final || attempt === MAX_ATTEMPTS || endsNow) throw this.#unpublished(pending, round.cause);
      await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
    }
  }

  /** One attempt at everything pending, a few requests at a time. */
  async #putAll(pending: readonly Pending[], written: Written[], endsAtMs: number): Promise<Round> {
    const round: Round = { failed: [], cause: undefined, final: false };
    const requests = toRequests(pending);
    for (let i = 0; i < requests.length; i += MAX_PARALLEL_REQUESTS) {
      const wave = requests.slice(i, i + MAX_PARALLEL_REQUESTS);
      await Promise.all(wave.map((request) => this.#put(request, written, round, endsAtMs)));
    }
    return round;
  }

  async #put(request: readonly Pending[], written: Written[], round: Round, endsAtMs: number): Promise<void> {
    try {
      const outcomes = await this.#attempt(request, endsAtMs);
      request.forEach((entry, index) => {
        const outcome = outcomes[index];
        if (outcome?.written === true) {
          written.push([outcome.shardId, outcome.sequenceNumber]);
        } else {
          round.failed.push(entry);
          if (!round.final) round.cause = new StreamFailure("throttled", outcome?.reason ?? NO_OUTCOME);
        }
      });
    } catch (error) {
      round.failed.push(...request);
      // Of several causes the one that no retry can mend is what the caller has to know.
      if (!round.final) round.cause = error;
      if (error instanceof StreamFailure && (error.kind === "refused" || error.kind === "lost")) round.final = true;
    }
  }

  /** Ends after the attempt's own time even when the client ignores the signal. */
  #attempt(request: readonly Pending[], endsAtMs: number): Promise<readonly PutOutcome[]> {
    const leftMs = Math.min(ATTEMPT_TIMEOUT_MS, endsAtMs - this.#clock.monotonic());
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const cancel = this.#clock.after(leftMs, () => {
        controller.abort();
        reject(new StreamFailure("unavailable", "PutRecords was not answered in time"));
      });
      this.#api.putRecords(request, controller.signal).finally(cancel).then(resolve, reject);
    });
  }

  #unpublished(pending: readonly { readonly content: RecordContent }[], cause: unknown): PublishError {
    const ids = pending.flatMap((entry) => entry.content.keys);
    const sources = pending.flatMap((entry) => entry.content.sources ?? []);
    const everything = pending.some((entry) => entry.content.all === true);
    return new PublishError(this.#streamName, { ids, sources, everything }, cause);
  }
}

interface Round {
  readonly failed: Pending[];
  cause: unknown;
  /** No further attempt can succeed. */
  final: boolean;
}

/** Opaque to users: shards and sequence numbers of what was written. */
function encodeToken(written: readonly Written[]): string {
  return Buffer.from(JSON.stringify(written)).toString("base64url");
}
