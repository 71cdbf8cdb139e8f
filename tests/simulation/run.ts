/**
 * Runs schedules one after another in this thread, and stops at the first that breaks a promise. An unhandled rejection
 * anywhere counts as one, and so does a leak of listeners, of which Node warns.
 */
import { addCounts, type LogKind, noCounts, type PathCounts } from "./rare-paths.js";
import { runSchedule } from "./schedule.js";

export interface RunRequest {
  readonly log: LogKind;
  readonly seed: number;
  /** The first schedule, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly audited?: boolean;
}

export interface RunResult {
  readonly schedules: number;
  readonly failure: { readonly schedule: number; readonly violation: string } | undefined;
  readonly paths: PathCounts;
}

export async function runSchedules(request: RunRequest, onProgress?: (done: number) => void): Promise<RunResult> {
  const paths = noCounts();
  let unhandled: string | undefined;
  const onUnhandled = (reason: unknown) => {
    unhandled ??= `a rejection nobody handles: ${reason instanceof Error ? (reason.stack ?? reason.message) : reason}`;
  };
  const onWarning = (warning: Error) => {
    if (warning.name === "MaxListenersExceededWarning") unhandled ??= warning.message;
  };
  process.on("unhandledRejection", onUnhandled);
  process.on("warning", onWarning);
  // Nobody reads the stacks of simulated failures, and they cost more than anything else. A replay has them.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const { log, seed, audited = false } = request;
  try {
    for (let schedule = request.from; schedule < request.to; schedule++) {
      const result = await runSchedule(log, seed, schedule, { audited });
      // A schedule never lets the event loop turn; only then does Node look for rejections that nobody handles.
      await new Promise((resolve) => setImmediate(resolve));
      addCounts(paths, result.paths);
      const violation = result.violation ?? unhandled;
      const done = schedule - request.from + 1;
      if (violation !== undefined) return { schedules: done, failure: { schedule, violation }, paths };
      if (done % 100 === 0) onProgress?.(done);
    }
    return { schedules: request.to - request.from, failure: undefined, paths };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    process.off("unhandledRejection", onUnhandled);
    process.off("warning", onWarning);
  }
}
