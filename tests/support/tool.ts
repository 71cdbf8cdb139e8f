/**
 * Runs one of the tools of this repository as a user does, in a process of its own, and gives back what it printed.
 * The tool gets a temporary folder of its own, so that a test can see whether it left anything in it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface ToolRun {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Resolves as soon as its output matches; rejects when it ends without. */
  printed(pattern: RegExp): Promise<void>;
  readonly ended: Promise<ToolEnd>;
}

export interface ToolEnd {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
  /** Names of what it left in its temporary folder. */
  readonly leftBehind: readonly string[];
}

export function startTool(file: string, args: readonly string[], env: Record<string, string> = {}): ToolRun {
  const temporary = mkdtempSync(join(tmpdir(), "scache-tool-"));
  const child = spawn(process.execPath, ["--import", "tsx", join(ROOT, file), ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: temporary, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
    for (const listener of listeners) listener();
  });
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  const ended = new Promise<ToolEnd>((resolve) => {
    child.once("close", (code) => {
      // The TypeScript loader and, from Node 22 on, Node itself keep caches there, which are not the tool's.
      const leftBehind = readdirSync(temporary).filter((name) => !/^(tsx-|node-compile-cache$)/.test(name));
      rmSync(temporary, { recursive: true, force: true });
      resolve({ code, output, errors, leftBehind });
    });
  });
  const printed = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => pattern.test(output) && resolve();
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without printing ${pattern}:\n${output}\n${errors}`)));
    });
  return { child, output: () => output, printed, ended };
}

export const runTool = (file: string, args: readonly string[], env: Record<string, string> = {}): Promise<ToolEnd> =>
  startTool(file, args, env).ended;

/** The object that a tool prints as its last line when it is given `--json`. */
export function lastObject(output: string): Record<string, unknown> {
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}
