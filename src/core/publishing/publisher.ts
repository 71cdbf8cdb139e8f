/**
 * Publishes invalidations and resolves only when Kinesis holds every one of them. What failed is tried again with
 * back-off, and only what failed; an answer that was lost is tried again too, since publishing twice is harmless.
 * It must never report success for a record it has no acknowledgement for.
 */
import { PublishError } from "../../errors.js";
import { backoffMs, type Clock, type Random, within } from "../clock.js";
import type { RecordContent } from "../record.js";
import { type PutOutcome, type RecordToPut, type StreamApi, StreamFailure } from "../stream-api.js";
import { toBatches, toRequests } from "./batching.js";

/** One attempt at one PutRecords call. */
const ATTEMPT_TIMEOUT_MS = 3_000;
const MAX_ATTEMPTS = 6;
/** Before the second attempt; doubled before each further one, and spread by chance. */
const BACKOFF_MS = 50;
/** Requests under way at once. */
const MAX_PARALLEL_REQUESTS = 8;

const NO_OUTCOME = "no outcome was given";

/** Where a record of ours was written: shard and sequence number. */
export type Written = readonly [shardId: string, sequenceNumber: string];

interface Pending extends RecordToPut {
  readonly content: RecordContent;
}

/** What came of one attempt at everything pending. */
interface Round {
  readonly failed: Pending[];
  cause: unknown;
  /** No further attempt can succeed. */
  final: boolean;
}

export type Publisher = ReturnType<typeof createRecordPublisher>;

export function createRecordPublisher(api: StreamApi, streamName: string, clock: Clock, random: Random) {
  /** One attempt at one request. Ends after the attempt's own time even when the client ignores the signal. */
  async function attempt(request: readonly Pending[], endsAtMs: number): Promise<readonly PutOutcome[]> {
    const leftMs = Math.min(ATTEMPT_TIMEOUT_MS, endsAtMs - clock.monotonic());
    const controller = new AbortController();
    const outcomes = await within(clock, leftMs, api.putRecords(request, controller.signal));
    if (outcomes !== undefined) return outcomes;
    controller.abort();
    throw new StreamFailure("unavailable", "PutRecords was not answered");
  }

  async function put(request: readonly Pending[], written: Written[], round: Round, endsAtMs: number): Promise<void> {
    try {
      const outcomes = await attempt(request, endsAtMs);
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

  /** One attempt at everything pending, a few requests at a time. */
  async function putAll(pending: readonly Pending[], written: Written[], endsAtMs: number): Promise<Round> {
    const round: Round = { failed: [], cause: undefined, final: false };
    const requests = toRequests(pending);
    for (let i = 0; i < requests.length; i += MAX_PARALLEL_REQUESTS) {
      const wave = requests.slice(i, i + MAX_PARALLEL_REQUESTS);
      await Promise.all(wave.map((request) => put(request, written, round, endsAtMs)));
    }
    return round;
  }

  function unpublished(contents: readonly RecordContent[], cause: unknown): PublishError {
    const ids = contents.flatMap((content) => content.keys);
    const sources = contents.flatMap((content) => content.sources ?? []);
    const everything = contents.some((content) => content.all);
    return new PublishError(streamName, { ids, sources, everything }, cause);
  }

  return {
    /**
     * Resolves to a token that names what was written, once Kinesis has acknowledged all of it. Stops trying after
     * `timeoutMs`, at once where the next attempt would come too late.
     * @throws PublishError naming what may not have been published
     */
    async publish(content: RecordContent, timeoutMs: number): Promise<string> {
      let pending: Pending[];
      try {
        // A random key, so that records spread evenly over the shards.
        pending = toBatches(content, clock.now()).map((batch) => ({ ...batch, partitionKey: String(random()) }));
      } catch (error) {
        throw unpublished([content], error);
      }
      const endsAtMs = clock.monotonic() + timeoutMs;
      const written: Written[] = [];
      for (let attempts = 1; ; attempts++) {
        const round = await putAll(pending, written, endsAtMs);
        pending = round.failed;
        if (pending.length === 0) return encodeToken(written);
        const waitMs = backoffMs(attempts, BACKOFF_MS, random);
        const endsNow = clock.monotonic() + waitMs >= endsAtMs;
        if (round.final || attempts === MAX_ATTEMPTS || endsNow) {
          throw unpublished(
            pending.map((entry) => entry.content),
            round.cause,
          );
        }
        await new Promise<void>((resolve) => clock.after(waitMs, resolve));
      }
    },
  };
}

/** Opaque to users: shards and sequence numbers of what was written. */
function encodeToken(written: readonly Written[]): string {
  return Buffer.from(JSON.stringify(written)).toString("base64url");
}
