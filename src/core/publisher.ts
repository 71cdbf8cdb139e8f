/**
 * Publishes invalidations and resolves only when Kinesis holds every one of them. What failed is tried again with
 * back-off, and only what failed; an answer that was lost is tried again too, since publishing twice is harmless.
 * It must never report success for a record it has no acknowledgement for.
 */
import { PublishError } from "../errors.js";
import { toBatches, toRequests } from "./batching.js";
import { backoffMs, type Clock, pause, type Random } from "./clock.js";
import type { RecordContent } from "./invalidation-record.js";
import { type RecordToPut, type StreamApi, StreamFailure } from "./stream-api.js";

/** One attempt at one PutRecords call. */
const ATTEMPT_TIMEOUT_MS = 3_000;
const MAX_ATTEMPTS = 6;
/** Before the second attempt; doubled before each further one, and spread by chance. */
const BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;
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
   * `timeoutMs`.
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
    const deadline = new AbortController();
    const cancel = this.#clock.after(timeoutMs, () => deadline.abort());
    try {
      return await this.#publishAll(pending, deadline.signal);
    } finally {
      cancel();
    }
  }

  async #publishAll(all: readonly Pending[], signal: AbortSignal): Promise<string> {
    const written: Written[] = [];
    let pending = all;
    for (let attempt = 1; ; attempt++) {
      const round = await this.#putAll(pending, written, signal);
      pending = round.failed;
      if (pending.length === 0) return encodeToken(written);
      const isLast = round.final || attempt === MAX_ATTEMPTS;
      if (!isLast) await pause(this.#clock, backoffMs(attempt, BACKOFF_MS, MAX_BACKOFF_MS, this.#random), signal);
      if (isLast || signal.aborted) throw this.#unpublished(pending, round.cause);
    }
  }

  /** One attempt at everything pending, a few requests at a time. */
  async #putAll(pending: readonly Pending[], written: Written[], signal: AbortSignal): Promise<Round> {
    const round: Round = { failed: [], cause: undefined, final: false };
    const requests = toRequests(pending);
    for (let i = 0; i < requests.length; i += MAX_PARALLEL_REQUESTS) {
      const wave = requests.slice(i, i + MAX_PARALLEL_REQUESTS);
      await Promise.all(wave.map((request) => this.#put(request, written, round, signal)));
    }
    return round;
  }

  async #put(request: readonly Pending[], written: Written[], round: Round, signal: AbortSignal): Promise<void> {
    try {
      const outcomes = await this.#attempt(signal, (attempt) => this.#api.putRecords(request, attempt));
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
  async #attempt<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    let abort: () => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      abort = () => {
        controller.abort();
        reject(new StreamFailure("unavailable", "PutRecords was not answered in time"));
      };
    });
    const cancel = this.#clock.after(ATTEMPT_TIMEOUT_MS, abort);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await Promise.race([call(controller.signal), late]);
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
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
