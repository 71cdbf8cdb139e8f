/** What every suite begins and ends with: whether it must be quick, and its results as JSON on the last line. */

import type { Result } from "./result.js";

export interface Scale {
  readonly quick: boolean;
  /** The number of rounds: the full run's, or fewer when it must be quick. */
  rounds(full: number, quick: number): number;
  /** So many entries as no function will hold. */
  readonly manyEntries: number;
}

/** Runs one suite as this process's whole work. */
export async function runSuite(measure: (scale: Scale) => Promise<Result[]>): Promise<void> {
  const quick = process.argv.includes("--quick");
  const results = await measure({
    quick,
    rounds: (full, few) => (quick ? few : full),
    manyEntries: quick ? 100_000 : 1_000_000,
  });
  console.log(JSON.stringify(results));
}

/** Collects what can be collected, so that one contestant does not pay for another's garbage. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
}
