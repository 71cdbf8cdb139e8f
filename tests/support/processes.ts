/**
 * Which processes there are, to see that none is left behind: from /proc where there is one, else from `ps`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** One letter, as `ps` has it: T is stopped, Z is dead and not yet taken note of. */
  readonly state: string;
}

function processes(): Process[] {
  if (!existsSync("/proc/self/stat")) {
    const lines = execFileSync("ps", ["-axo", "pid=,ppid=,stat="], { encoding: "utf8" }).trim().split("\n");
    return lines.map((line) => toProcess(line.trim().split(/\s+/)));
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // The name, in parentheses, may contain anything.
        const [state = "", parent = ""] = readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        return [toProcess([pid, parent, state])];
      } catch {
        return [];
      }
    });
}

const toProcess = ([pid, parent, state = ""]: string[]): Process => ({
  pid: Number(pid),
  parent: Number(parent),
  state: state.charAt(0),
});

export const stateOf = (pid: number): string | undefined => processes().find((process) => process.pid === pid)?.state;

export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== "Z";
}

export function childrenOf(pid: number): number[] {
  return processes()
    .filter(({ parent, state }) => parent === pid && state !== "Z")
    .map((process) => process.pid);
}
