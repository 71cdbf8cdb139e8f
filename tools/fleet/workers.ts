/**
 * Runs fleets in a few processes beside each other. Each row is a world of its own, so the order they are run in changes
 * nothing: the longest first, so that no process works alone at the end.
 */
import { type ChildProcess, fork } from "node:child_process";
import { bundleWorker } from "../bundle-worker.js";
import type { FleetRow } from "./row.js";
import type { RowRequest } from "./rows.js";

/** A fleet of 12,000 environments takes up a third of this. */
const HEAP_MB = 1_500;

export async function runRows(
  requests: readonly RowRequest[],
  workers: number,
  onRow: (row: FleetRow, done: number) => void,
): Promise<FleetRow[]> {
  const bundle = await bundleWorker(undefined, "tools/fleet/process.ts");
  const order = requests.map((_, index) => index).sort((a, b) => sizeOf(requests[b]) - sizeOf(requests[a]));
  const rows: FleetRow[] = [];
  let done = 0;

  async function work(): Promise<void> {
    const child = fork(bundle.file, {
      execArgv: ["--no-warnings", "--max-semi-space-size=64", `--max-old-space-size=${HEAP_MB}`],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    try {
      for (let index = order.shift(); index !== undefined; index = order.shift()) {
        const row = await ask(child, requests[index] as RowRequest);
        rows[index] = row;
        onRow(row, ++done);
      }
    } finally {
      child.kill();
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.max(1, workers) }, work));
    return rows;
  } finally {
    await bundle.remove();
  }
}

function ask(child: ChildProcess, request: RowRequest): Promise<FleetRow> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null, signal: string | null) => {
      const { log, environments, maxStalenessMs } = request;
      reject(
        new Error(
          `the process for ${environments} environments on ${log} at ${maxStalenessMs} ms ended (${signal ?? code})`,
        ),
      );
    };
    child.once("exit", ended);
    child.once("message", ({ row }: { row: FleetRow }) => {
      child.off("exit", ended);
      resolve(row);
    });
    child.send(request);
  });
}

function sizeOf(request: RowRequest | undefined): number {
  return request === undefined ? 0 : request.environments * (request.settlingMs + request.virtualMs);
}
