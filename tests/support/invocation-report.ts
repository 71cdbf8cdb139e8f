/** A report with unremarkable figures, for tests that care about a few of its fields. */
import type { InvocationReport } from "../../src/core/invocation/report.js";

export function reportWith(fields: Partial<InvocationReport> = {}): InvocationReport {
  return {
    kinesisLatencyMs: 12.5,
    publishLatencyMs: 0,
    timeSavedMs: 80,
    hits: 2,
    misses: 1,
    entriesInvalidated: 3,
    fillsRefused: 0,
    loadsShared: 0,
    kinesisCalls: 1,
    recordsSkipped: 0,
    refreshFailures: 0,
    publishFailures: 0,
    throttles: 0,
    flushes: 0,
    state: "fresh",
    boundMs: 0,
    streamLagMs: 0,
    entries: 10,
    bytes: 2_048,
    evictions: 0,
    shards: 1,
    requestId: "11111111-2222-3333-4444-555555555555",
    ...fields,
  };
}
