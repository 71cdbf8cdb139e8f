/**
 * What one invocation cost and what it saved: the accounts that metrics, logs and tests read.
 * Times are milliseconds the invocation really waited, so that `timeSavedMs - kinesisLatencyMs` is a true balance.
 * What belongs to no single invocation, since a refresh may serve many, is the environment's since its last report:
 * each is reported once.
 */

export type FreshnessState =
  /** Proven caught up by a refresh that began at most `maxStalenessMs` before the invocation. */
  | "fresh"
  /** Nothing was cached when the invocation began, so nothing had to be read; only what is loaded since is served. */
  | "empty"
  /** With `refreshWhen` other than "before": the log was not read for it yet; only what it has loaded since is served. */
  | "unread"
  /** The log could not be read in time: every `get` misses. */
  | "bypassed"
  /** The log could not be read in time, and `onRefreshError: "serve"` serves what was proven before. */
  | "stale";

export interface InvocationReport {
  /** Time waited for the log, stream or table, by this invocation: refreshes, its own or shared. Those that overlap count once. */
  readonly kinesisLatencyMs: number;
  /** Time waited for `invalidate`, `invalidateSource` and `invalidateAll` to be acknowledged. As above. */
  readonly publishLatencyMs: number;
  /** For each hit, what loading that very entry had cost. */
  readonly timeSavedMs: number;
  readonly hits: number;
  readonly misses: number;
  /** Entries that refreshes dropped, in this environment since its last report. */
  readonly entriesInvalidated: number;
  /** Adds refused because the value may be older than an invalidation, or cannot be stored. */
  readonly fillsRefused: number;
  /** `getOrAdd` calls that waited for a load already under way. */
  readonly loadsShared: number;
  /** Entries found, and loaded anew since that cost less than to wait for the log (`refreshWhen` other than "before"). */
  readonly loadsPreferred: number;
  /** What loading those had cost before. */
  readonly preferredMs: number;
  /** What loading would have cost, of entries that were waited for instead, and served. Part of `timeSavedMs`. */
  readonly sparedMs: number;
  /** Calls to Kinesis, or DynamoDB, made by refreshes, in this environment since its last report. */
  readonly kinesisCalls: number;
  /** Records that could not be decoded: each flushed the cache. In this environment since its last report. */
  readonly recordsSkipped: number;
  /** Refreshes that did not catch up in time for this invocation. */
  readonly refreshFailures: number;
  /** Calls to invalidate that were not confirmed, so that others may be stale, in this environment since its last report. */
  readonly publishFailures: number;
  /** Calls that Kinesis, or DynamoDB, throttled, in this environment since its last report. */
  readonly throttles: number;
  /** How often the cache was emptied with something in it, in this environment since its last report. */
  readonly flushes: number;
  /** Hits that were compared with what their loader returned once more, in this environment since its last report. */
  readonly audits: number;
  /** Hits chosen for an audit that could not be compared. As above. */
  readonly auditsFailed: number;
  /** By how much that prolonged invocations, after their handlers. As above. */
  readonly auditMs: number;
  /** Hits that were wrong, and that no invalidation told of: some writer does not publish. As above. */
  readonly inconsistentReads: number;
  readonly state: FreshnessState;
  /** How old the proof behind a hit may be, at the invocation's start; absent when nothing was proven. */
  readonly boundMs?: number | undefined;
  /** How far behind the log's tip the last refresh was; 0 when caught up, absent when nothing could be read. */
  readonly streamLagMs?: number | undefined;
  /** The environment's cache as the invocation ended. */
  readonly entries: number;
  readonly bytes: number;
  /** Entries pushed out by the size bounds since the last report. */
  readonly evictions: number;
  /** Of a stream; a table counts as one. */
  readonly shards: number;
  readonly requestId?: string | undefined;
}

/** Takes each invocation's accounts once. Must not throw. */
export type MetricsSink = (report: InvocationReport) => void;
