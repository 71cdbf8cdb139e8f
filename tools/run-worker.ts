/** Runs a range of schedules in a process of its own, and ends that process whatever happens. */
import { fork } from "node:child_process";
import type { RunRequest, RunResult } from "../tests/simulation/run.js";

/** The worker said nothing for as long as it may, and was ended. */
export class WorkerStalled extends Error {}

export function runWorker(
  file: string,
  request: RunRequest,
  options: { readonly onProgress?: (done: number) => void; readonly stalledMs?: number } = {},
): Promise<RunResult> {
  const worker = fork(file, {
    execArgv: ["--no-warnings", "--max-semi-space-size=64"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const { stalledMs } = options;
  let timer: NodeJS.Timeout | undefined;
  let stalled = false;
  const alive = () => {
    clearTimeout(timer);
    if (stalledMs === undefined) return;
    timer = setTimeout(() => {
      stalled = true;
      worker.kill("SIGKILL");
    }, stalledMs);
  };
  alive();
  return new Promise<RunResult>((resolve, reject) => {
    worker.on("message", (message: { done?: number; result?: RunResult }) => {
      alive();
      if (message.done !== undefined) options.onProgress?.(message.done);
      if (message.result !== undefined) resolve(message.result);
    });
    worker.once("error", reject);
    worker.once("exit", (code, signal) => {
      if (stalled) reject(new WorkerStalled(`a hundred schedules took more than ${stalledMs} ms`));
      else reject(new Error(`the worker ended early (${signal ?? code})`));
    });
    worker.send(request);
  }).finally(() => clearTimeout(timer));
}
