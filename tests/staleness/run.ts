/** Runs schedules of the staleness run one after the other, and stops at the first that serves what is too old. */
import { runSchedule } from "./schedule.js";

export interface StalenessRequest {
  readonly seed: number;
  /** The first schedule, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

export interface FormatFigures {
  schedules: number;
  reads: number;
  hits: number;
}

export interface StalenessResult {
  readonly schedules: number;
  readonly failure: { readonly schedule: number; readonly violation: string } | undefined;
  readonly formats: Readonly<Record<string, FormatFigures>>;
}

export async function runStaleness(
  request: StalenessRequest,
  onProgress?: (done: number) => void,
): Promise<StalenessResult> {
  const formats: Record<string, FormatFigures> = {};
  for (let schedule = request.from; schedule < request.to; schedule++) {
    const { format, reads, hits, violation } = await runSchedule(request.seed, schedule);
    const before = formats[format] ?? { schedules: 0, reads: 0, hits: 0 };
    formats[format] = { schedules: before.schedules + 1, reads: before.reads + reads, hits: before.hits + hits };
    const done = schedule - request.from + 1;
    if (violation !== undefined) {
      return { schedules: done, failure: { schedule, violation: `${format}: ${violation}` }, formats };
    }
    if (done % 100 === 0) onProgress?.(done);
  }
  return { schedules: request.to - request.from, failure: undefined, formats };
}
