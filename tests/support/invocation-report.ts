/** A report with unremarkable figures, for tests that care about a few of its fields. */
import type { InvocationReport } from "../../src/core/invocation/report.js";
import { madeUpReport } from "../../tools/made-up-line.js";

export function reportWith(fields: Partial<InvocationReport> = {}): InvocationReport {
  return madeUpReport({
    ...{ kinesisLatencyMs: 12.5, timeSavedMs: 80, hits: 2, misses: 1, entriesInvalidated: 3, kinesisCalls: 1 },
    ...{ entries: 10, bytes: 2_048, shards: 1, requestId: "11111111-2222-3333-4444-555555555555" },
    ...fields,
  });
}
