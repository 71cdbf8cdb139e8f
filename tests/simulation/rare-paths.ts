/**
 * The paths a run must have taken to mean anything. Each is seen from outside: in the calls an environment makes, in what
 * the stream answered, in what an invocation was told. A path that no schedule took fails the run.
 */

export const RARE_PATHS = [
  // Refreshing
  "first refresh from a fence",
  "first refresh finds a closed shard",
  "listing with a second page",
  "child of a split",
  "child of a merge",
  "grandchild within one refresh",
  "empty page with lag",
  "more than one page",
  "page bound hit",
  "expired iterator",
  "old iterator taken anew",
  "deadline cut a refresh off",
  "read retried after a lost answer",
  "waited for a refresh of another",
  "two waited for one refresh",
  "throttled read",
  "back-off: stream left alone",
  // Not refreshing
  "empty cache, no call",
  "fence renewed",
  "served within maxStalenessMs, no call",
  "flush by gap",
  "flush by lost position",
  "flush by a record not understood",
  "flush by an order to drop all",
  // Policies
  "bypass",
  "serve",
  "throw",
  "hit under serve",
  "refresh in mid-invocation",
  "two refreshes in one invocation",
  // Filling
  "fill refused",
  "late fill after the end refused",
  "load shared",
  "load not shared",
  "load within a load of the same",
  "load of another failed, and was made anew",
  "load that never settles",
  "hold-off refused a fill",
  "evicted by size",
  "entry expired",
  // Publishing
  "acknowledgement lost",
  "partial failure, then published",
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
  "records trimmed",
  "stream deleted and created anew",
  "ended without its after-hook",
  "invocations at once",
  "load longer than a minute",
] as const;

export type RarePath = (typeof RARE_PATHS)[number];

export type PathCounts = Record<RarePath, number>;

export function noCounts(): PathCounts {
  return Object.fromEntries(RARE_PATHS.map((path) => [path, 0])) as PathCounts;
}

export function addCounts(total: PathCounts, more: PathCounts): void {
  for (const path of RARE_PATHS) total[path] += more[path];
}
