/**
 * How much of a span of time was spent waiting for calls that were answered later than is simulated. An emulator on a busy
 * machine needs longer than the service it stands for; that is no time of the cache's, nor of the source's, so it is taken out
 * of what is measured. Pure arithmetic over times that the proxies tell.
 */

/** When an answer was due, and when it came. */
export interface Answered {
  readonly dueMs: number;
  readonly endedMs: number;
}

/** What of `fromMs` to `toMs` is covered by answers being late; calls that overlap are not counted twice. */
export function lateWithin(answers: readonly Answered[], fromMs: number, toMs: number): number {
  const spans = answers
    .map(({ dueMs, endedMs }) => ({ from: Math.max(dueMs, fromMs), to: Math.min(endedMs, toMs) }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  let lateMs = 0;
  let coveredToMs = fromMs;
  for (const { from, to } of spans) {
    lateMs += Math.max(0, to - Math.max(from, coveredToMs));
    coveredToMs = Math.max(coveredToMs, to);
  }
  return lateMs;
}
