/** What refreshes cost and did, which belongs to no single invocation: counted until somebody reports it. */

/** Since the last report, in all invocations of the environment together. */
export interface Counters {
  kinesisCalls: number;
  throttles: number;
  entriesInvalidated: number;
  recordsSkipped: number;
  flushes: number;
  evictions: number;
}

export function noCounters(): Counters {
  return { kinesisCalls: 0, throttles: 0, entriesInvalidated: 0, recordsSkipped: 0, flushes: 0, evictions: 0 };
}
