/** How long work holds the event loop at a time: what everything else in the process has to wait. */
import { PerformanceObserver } from "node:perf_hooks";

/** The longest the event loop was held while `work` ran, by anything but the collector, and by the collector. */
export async function longestHold(work: () => Promise<unknown>): Promise<{ workMs: number; collectorMs: number }> {
  const pauses: { from: number; to: number }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) pauses.push({ from: startTime, to: startTime + duration });
  });
  observer.observe({ entryTypes: ["gc"] });
  const turns: number[] = [performance.now()];
  let running = true;
  const tick = () => {
    turns.push(performance.now());
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  await work();
  running = false;
  await new Promise((resolve) => setTimeout(resolve, 20));
  observer.disconnect();
  return holds(turns, pauses);
}

function holds(turns: readonly number[], pauses: readonly { from: number; to: number }[]) {
  let workMs = 0;
  let collectorMs = 0;
  for (let turn = 1; turn < turns.length; turn += 1) {
    const [from, to] = [turns[turn - 1] ?? 0, turns[turn] ?? 0];
    let collected = 0;
    for (const pause of pauses) collected += Math.max(0, Math.min(to, pause.to) - Math.max(from, pause.from));
    workMs = Math.max(workMs, to - from - collected);
    collectorMs = Math.max(collectorMs, collected);
  }
  return { workMs, collectorMs };
}
