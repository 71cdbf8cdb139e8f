/**
 * Gives a process a share of one core, as Lambda gives a function by its memory: by a control group where one can be made, else by
 * neighbours that take the rest. It must leave no group and no neighbour behind.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** As long as Lambda's are seen to be. */
const PERIOD_US = 20_000;
const VERSION_1 = "/sys/fs/cgroup/cpu";
const VERSION_2 = "/sys/fs/cgroup";

export interface Quota {
  readonly by: "control group" | "neighbours";
  /** Ends it. The process must have ended. */
  end(): void;
}

export function limitCpu(pid: number, share: number): Quota {
  return byControlGroup(pid, share) ?? byNeighbours(share);
}

function byControlGroup(pid: number, share: number): Quota | undefined {
  const quotaUs = Math.round(PERIOD_US * share);
  const parent = existsSync(`${VERSION_2}/cgroup.controllers`) ? VERSION_2 : VERSION_1;
  const group = `${parent}/scache-bench-${pid}`;
  try {
    mkdirSync(group);
    if (parent === VERSION_2) writeFileSync(`${group}/cpu.max`, `${quotaUs} ${PERIOD_US}`);
    else {
      writeFileSync(`${group}/cpu.cfs_period_us`, String(PERIOD_US));
      writeFileSync(`${group}/cpu.cfs_quota_us`, String(quotaUs));
    }
    writeFileSync(`${group}/cgroup.procs`, String(pid));
  } catch {
    removeGroup(group);
    return undefined;
  }
  return { by: "control group", end: () => removeGroup(group) };
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // It was never made.
  }
}

/** Of so many on each core that a fair scheduler leaves about this share. */
function byNeighbours(share: number): Quota {
  const count = Math.round(1 / share - 1) * availableParallelism();
  const neighbours: ChildProcess[] = Array.from({ length: count }, () =>
    spawn(
      process.execPath,
      [
        "-e",
        "process.on('disconnect', () => process.exit()); setImmediate(function spin() { for (let n = 0; n < 1e6; n++); setImmediate(spin); })",
      ],
      {
        stdio: ["ignore", "ignore", "ignore", "ipc"],
      },
    ),
  );
  return {
    by: "neighbours",
    end() {
      for (const neighbour of neighbours) neighbour.kill("SIGKILL");
    },
  };
}
