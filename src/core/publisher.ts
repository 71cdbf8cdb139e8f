/**
 * Publishes invalidations and resolves only when Kinesis holds every one of them. What failed is tried again with
 * back-off, and only what failed; an answer that was lost is tried again too, since publishing twice is harmless.
 * It must never report success for a record it has no acknowledgement for.
 */
import { PublishError } from "../errors.js";
import { OversizeError, PARTITION_KEY_LENGTH, toBatches, toRequests } from "./batching.js";
import { type Clock, pause, type Random } from "./clock.js";
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

interface Pending {
  readonly content: RecordContent;
  readonly record: RecordToPut;
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
        content: batch.content,
        record: { data: batch.data, partitionKey: this.#partitionKey() },
      }));
    } catch (error) {
      if (error instanceof OversizeError) throw this.#unpublished([{ content }], error);
      throw error;
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
    for (let attempt = 1; pending.length > 0; attempt++) {
      const round = await this.#putAll(pending, written, signal);
      pending = round.failed;
      if (pending.length === 0) break;
      if (round.final || attempt === MAX_ATTEMPTS || signal.aborted) throw this.#unpublished(pending, round.cause);
      await pause(this.#clock, this.#backoffMs(attempt), signal);
      if (signal.aborted) throw this.#unpublished(pending, round.cause);
    }
    return encodeToken(written);
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
      const records = request.map((entry) => entry.record);
      const outcomes = await this.#attempt(signal, (attempt) => this.#api.putRecords(records, attempt));
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
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      return await Promise.race([call(controller.signal), late]);
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  #backoffMs(attempt: number): number {
    return Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (attempt - 1)) * (0.5 + this.#random() / 2);
  }

  /** Random, so that records spread evenly over the shards. */
  #partitionKey(): string {
    let key = "";
    while (key.length < PARTITION_KEY_LENGTH)
      key += Math.floor(this.#random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return key;
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
  return btoa(JSON.stringify(written)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
