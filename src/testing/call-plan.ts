/**
 * What a test may make of one call to the in-memory stream: slow, failing, half answered.
 * The stream asks a function of the test about every call, so that a scenario can script its faults and a simulation
 * can draw them; nothing here draws or decides.
 */
import type { LogFailureKind } from "../core/log.js";

export type StreamOperation = "listShards" | "getShardIterator" | "getRecords" | "putRecords";

/** One call as it is made. */
export interface StreamCall {
  readonly operation: StreamOperation;
  /** The shard read; absent for `listShards` and `putRecords`, and for an iterator that means nothing. */
  readonly shardId?: string;
  /** How many records `putRecords` was given. */
  readonly records?: number;
}

/** What becomes of one call. All fields may be combined; an empty plan is an ordinary answer at once. */
export interface CallPlan {
  /** How long the call takes to reach the service, which acts then. */
  readonly requestMs?: number;
  /** How long the answer takes back. */
  readonly answerMs?: number;
  /** The service does not act, and the call rejects with this kind of failure. */
  readonly fail?: LogFailureKind;
  /** Nothing is answered and nothing is done, ever: only an abort ends the call. */
  readonly hang?: boolean;
  /** The service acts, but the answer never arrives: the call rejects as `unavailable`, or hangs. */
  readonly loseAnswer?: "reject" | "hang";
  /** `getRecords`: no records though there may be some, a lag above 0, and an iterator at the same place. */
  readonly emptyPage?: boolean;
  /** `getRecords`: at most this many records. */
  readonly pageRecords?: number;
  /** `putRecords`: the records that are not written, by their index. */
  readonly rejectRecord?: (index: number) => boolean;
  /** `putRecords`: every record is written twice, as when the network repeats a request. */
  readonly writeTwice?: boolean;
}

export type CallPolicy = (call: StreamCall) => CallPlan | undefined;
