/**
 * A Kinesis stream as an invalidation log. Records are spread over the shards at random, and acknowledged one by one.
 * It must never report a record as written without its own acknowledgement.
 */
import { type Clock, type Random, within } from "../core/clock.js";
import { type Appended, type InvalidationLog, LogFailure } from "../core/log.js";
import { messageOf } from "../errors.js";
import { failureOf } from "./failures.js";
import { createStreamReader } from "./reader.js";
import { MAX_RECORD_BYTES, PARTITION_KEY_LENGTH, PAYLOAD_UNIT_BYTES, toRequests } from "./requests.js";
import type { PutOutcome, RecordToPut, StreamApi } from "./stream-api.js";
import { placeOf, tokenOf } from "./token.js";

export interface StreamLogOptions {
  /** The stream's name. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  /** How far this environment's clock may be from Kinesis's. */
  readonly clockMarginMs?: number;
}

/** Every stream keeps its records for a day. https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html */
const KEEPS_MS = 24 * 3_600_000;
/** One PutRecords call. */
const ATTEMPT_TIMEOUT_MS = 3_000;
const MAX_DATA_BYTES = MAX_RECORD_BYTES - PARTITION_KEY_LENGTH;
/** Requests under way at once. */
const MAX_PARALLEL_REQUESTS = 8;

export function createStreamLog(api: StreamApi, options: StreamLogOptions): InvalidationLog {
  const { name, clock, random, clockMarginMs = 0 } = options;

  /** One request. Ends at the attempt's own time or at the caller's even when the client ignores being aborted. */
  async function put(request: readonly RecordToPut[], signal: AbortSignal): Promise<readonly Appended[]> {
    if (signal.aborted) return request.map(() => failed("PutRecords was not sent any more"));
    const abort = new AbortController();
    try {
      const answer = api.putRecords(request, abort.signal);
      const outcomes = await within(clock, ATTEMPT_TIMEOUT_MS, answer, signal);
      if (outcomes === undefined) {
        abort.abort();
        return request.map(() => failed("PutRecords was not answered"));
      }
      return request.map((_record, index) => toAppended(outcomes[index]));
    } catch (error) {
      return request.map(() => failed(error));
    }
  }

  return {
    name,
    label: `stream "${name}"`,
    keepsMs: KEEPS_MS,
    recordBytes: PAYLOAD_UNIT_BYTES,
    maxRecordBytes: MAX_DATA_BYTES,
    stampsRecords: true,

    async append(records, signal) {
      const fits = (data: Uint8Array) => data.length <= MAX_DATA_BYTES;
      // A random key, so that records spread evenly over the shards.
      const requests = toRequests(records.filter(fits).map((data) => ({ data, partitionKey: String(random()) })));
      const appended: Appended[] = [];
      for (let i = 0; i < requests.length; i += MAX_PARALLEL_REQUESTS) {
        const wave = requests.slice(i, i + MAX_PARALLEL_REQUESTS);
        appended.push(...(await Promise.all(wave.map((request) => put(request, signal)))).flat());
      }
      const fates = appended.values();
      return records.map((data) => (fits(data) ? (fates.next().value ?? failed(NO_OUTCOME)) : tooLarge()));
    },

    tokenFor: (written) => tokenOf(name, written),

    open: () => createStreamReader(api, clock, { name, clockMarginMs }),
  };
}

const NO_OUTCOME = "no outcome was given";

const tooLarge = () =>
  failed(new LogFailure("refused", `a record on Kinesis has at most ${MAX_DATA_BYTES} bytes of data`));

function toAppended(outcome: PutOutcome | undefined): Appended {
  if (outcome?.written === true) return { written: true, at: placeOf(outcome.shardId, outcome.sequenceNumber) };
  // A reason begins with the name of the error.
  const reason = outcome?.reason ?? NO_OUTCOME;
  const { kind, message, remedy } = failureOf({ name: reason, message: reason }, "publish");
  // Of single records AWS documents nothing but what passes: so another attempt is made, whatever else is said.
  return { written: false, failure: new LogFailure(kind === "throttled" ? kind : "unavailable", message, { remedy }) };
}

function failed(cause: unknown): Appended {
  if (cause instanceof LogFailure) return { written: false, failure: cause };
  const message = typeof cause === "string" ? cause : messageOf(cause);
  return { written: false, failure: new LogFailure("unavailable", message, { cause }) };
}
