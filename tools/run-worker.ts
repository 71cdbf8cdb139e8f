/** Runs a range of schedules in a process of its own, and ends that process whatever happens. */
import { fork } from "node:child_process";
import type { RunRequest, RunResult } from "../tests/simulation/run.js";

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
  const alive = () => {
    clearTimeout(timer);
    if (stalledMs !== undefined) timer = setTimeout(() => worker.kill("SIGKILL"), stalledMs);
  };
  alive();
  return new Promise<RunResult>((resolve, reject) => {
    worker.on("message", (message: { done?: number; result?: RunResult }) => {
      alive();
      if (message.done !== undefined) options.onProgress?.(message.done);
      if (message.result !== undefined) resolve(message.result);
    });
    worker.once("error", reject);
    worker.once("exit", (code, signal) => reject(new Error(`the worker ended early (${signal ?? code})`)));
    worker.send(request);
  }).finally(() => clearTimeout(timer));
}
