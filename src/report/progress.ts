/** A progress bar on a terminal's error stream, redrawn as data passes; elsewhere it is silent. No timer runs for it. */

import { formatBytes, formatDuration } from "./format.js";

const EVERY_MS = 100;
const BAR_WIDTH = 24;

export interface Progress {
  advance(bytes: number): void;
  /** Clears the line. */
  end(): void;
}

export interface ProgressTarget {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** `totalBytes` is undefined where nobody knows it, as on a pipe. */
export function createProgress(target: ProgressTarget, totalBytes: number | undefined, nowMs: () => number): Progress {
  if (target.isTTY !== true) return { advance: () => {}, end: () => {} };
  const startedMs = nowMs();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let done = 0;
  return {
    advance(bytes) {
      done += bytes;
      const now = nowMs();
      if (now - drawnMs < EVERY_MS) return;
      drawnMs = now;
      target.write(`\r\u001b[2K${progressLine(done, totalBytes, now - startedMs)}`);
    },
    end: () => {
      if (drawnMs !== Number.NEGATIVE_INFINITY) target.write("\r\u001b[2K");
    },
  };
}

function progressLine(done: number, total: number | undefined, elapsedMs: number): string {
  const perMs = elapsedMs <= 0 ? 0 : done / elapsedMs;
  const rate = `${formatBytes(Math.round(perMs * 1_000))}/s`;
  if (total === undefined || total === 0) return `${formatBytes(done)} read, ${rate}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const left = perMs === 0 ? "" : `, ${formatDuration(Math.round((total - done) / perMs / 1_000) * 1_000)} left`;
  return `${bar} ${Math.floor(share * 100)} % of ${formatBytes(total)}, ${rate}${left}`;
}
