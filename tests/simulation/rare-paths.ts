/**
 * The paths a run must have taken to mean anything. Each is seen from outside: in the calls an environment makes, in what
 * the stream answered, in what an invocation was told. A path that no schedule took fails the run.
 */

/** Which log the environments share. */
export type LogKind = "kinesis" | "dynamodb";

const OF_EITHER = [
  // Refreshing
  "deadline cut a refresh off",
  "waited for a refresh of another",
  "two waited for one refresh",
  "throttled read",
  "back-off: log left alone",
  // Not refreshing
  "served within maxStalenessMs, no call",
  "flush by lost position",
  "flush by a record not understood",
  "flush by an order to drop all",
  // Reading while working
  "entry found, and loaded before the log was read",
  "entry found, waited for and served",
  "waited longer than was expected, and loaded",
  "waited longer than was expected, and served",
  "waited, and found the entry gone",
  "reading left behind at the end",
  "get began a reading",
  "ready",
  "ready began a reading",
  // Auditing
  "hit audited",
  "audit: could not be made",
  "audit: a suspicion",
  "audit: cleared",
  "audit: inconsistent read",
  // Policies
  "bypass",
  "serve",
  "throw",
  "hit under serve",
  "refresh in mid-invocation",
  "two refreshes in one invocation",
  // Tokens
  "a token was covered without a call",
  "a token made a reading",
  "a token in vain: every get misses",
  "a token of a log that is gone",
  // Filling
  "fill refused",
  "late fill after the end refused",
  "load shared",
  "load not shared",
  "load within a load of the same",
  "load of another failed, and was made anew",
  "load that never settles",
  "load given up with its owner",
  "hold-off refused a fill",
  "evicted by size",
  "entry expired",
  // Publishing
  "acknowledgement lost",
  "invalidate rejected",
  "source invalidated",
  "record written twice",
  "published while the writer was killed",
  // The world
  "killed and restarted",
  "frozen for more than a day",
  "clock set anew in mid-invocation",
  "clock set back while a replica lags",
  "clock off by more than half the margin",
  "clock off by far more than the margin",
  "log deleted and created anew",
  "ended without its after-hook",
  "invocations at once",
  "load longer than a minute",
] as const;

const OF_KINESIS = [
  // Too rare on a table to be asked of it.
  "throw within the handler",
  "served stale after waiting in the handler",
  "first refresh from a fence",
  "first refresh finds a closed shard",
  "listing with a second page",
  "iterator taken beside the listing",
  "read by a clock that is too far ahead",
  "child of a split",
  "child of a merge",
  "grandchild within one refresh",
  "empty page with lag",
  "more than one page",
  "page bound hit",
  "expired iterator",
  "old iterator taken anew",
  "read retried after a lost answer",
  "answer without fields",
  "empty cache, no call",
  "fence renewed",
  "flush by gap",
  "partial failure, then published",
  "records trimmed",
] as const;

const OF_DYNAMODB = [
  "no head yet",
  "read on in the head",
  "read on in segments",
  "segments in more than one page",
  "a segment is missing",
  "several records in one append",
  "sealed: segment put",
  "sealed: segment was there already",
  "sealed: head trimmed",
  "sealed: head had changed",
  "sealer stopped between its steps",
  "head trimmed without a segment",
  "log begun anew",
  "reset came too late",
  "segments expired",
  "segment lost",
  "restored from a backup, and begun anew",
] as const;

export type RarePath = (typeof OF_EITHER)[number] | (typeof OF_KINESIS)[number] | (typeof OF_DYNAMODB)[number];

const ALL: readonly RarePath[] = [...OF_EITHER, ...OF_KINESIS, ...OF_DYNAMODB];

/** Those that a run on this log must have taken. */
export function rarePathsOf(log: LogKind): readonly RarePath[] {
  return [...OF_EITHER, ...(log === "kinesis" ? OF_KINESIS : OF_DYNAMODB)];
}

export type PathCounts = Record<RarePath, number>;

export function noCounts(): PathCounts {
  return Object.fromEntries(ALL.map((path) => [path, 0])) as PathCounts;
}

export function addCounts(total: PathCounts, more: PathCounts): void {
  for (const path of ALL) total[path] += more[path];
}
