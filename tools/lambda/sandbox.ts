/**
 * One operating system process that runs a function under AWS's runtime interface client: started, frozen, thawed,
 * killed, its output read line by line.
 * No process may outlive the one that started it, however that ends: a frozen one cannot see that its parent is gone.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface SandboxOptions {
  readonly taskRoot: string;
  readonly env: Readonly<Record<string, string>>;
  readonly nodeArguments: readonly string[];
  /** The Node.js to run; default this one. */
  readonly node?: string;
  onLine(line: string): void;
  /** Called once, when the process is gone and all its output has been read. */
  onExit(code: number | null, signal: NodeJS.Signals | null): void;
}

const alive = new Set<number>();
let guard: ChildProcess | undefined;

process.on("exit", () => {
  for (const pid of alive) kill(pid, "SIGKILL");
});

/**
 * A shell that is told every process started and ended, and kills what is left when its input ends, which happens even
 * when this process is killed. In a process group of its own, so that Ctrl-C does not reach it.
 */
function tellGuard(message: string): void {
  guard ??= startGuard();
  guard.stdin?.write(`${message}\n`);
}

function startGuard(): ChildProcess {
  const script = `
    left=" "
    while read -r what pid; do
      if [ "$what" = started ]; then left="$left$pid "; else left=$(echo "$left" | sed "s/ $pid / /"); fi
    done
    for pid in $left; do kill -9 "$pid" 2>/dev/null; done`;
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.unref();
  (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
  child.stdin?.on("error", () => {});
  return child;
}

export class Sandbox {
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #pid: number;
  #frozen = false;
  #gone = false;

  constructor(options: SandboxOptions) {
    const client = dirname(createRequire(import.meta.url).resolve("aws-lambda-ric/package.json"));
    const preload = fileURLToPath(new URL("./preload.cjs", import.meta.url));
    this.#child = spawn(
      options.node ?? process.execPath,
      [...options.nodeArguments, "--require", preload, join(client, "index.mjs")],
      // Output must be a pipe, as it is in Lambda. Detached: Ctrl-C is for the parent, which then ends its children.
      { cwd: options.taskRoot, env: { ...options.env }, stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    this.#pid = this.#child.pid ?? -1;
    if (this.#pid !== -1) {
      alive.add(this.#pid);
      tellGuard(`started ${this.#pid}`);
    }
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", options.onLine);
    }
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#forget();
        options.onExit(code, signal);
        resolve();
      };
      // A program that could not be started has no output to be read to its end.
      this.#child.once("error", () => this.#pid === -1 && end(null, null));
      this.#child.once("exit", () => this.#forget());
      this.#child.once("close", end);
    });
  }

  get pid(): number {
    return this.#pid;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Memory in use, where the system tells (Linux); else 0. */
  get residentBytes(): number {
    try {
      const pages = readFileSync(`/proc/${this.#pid}/statm`, "utf8").split(" ")[1];
      return Number(pages) * 4096;
    } catch {
      return 0;
    }
  }

  freeze(): void {
    if (this.#gone) return;
    this.#frozen = true;
    kill(this.#pid, "SIGSTOP");
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    kill(this.#pid, "SIGCONT");
  }

  async kill(): Promise<void> {
    if (!this.#gone) kill(this.#pid, "SIGKILL");
    await this.exited;
  }

  #forget(): void {
    if (this.#gone) return;
    this.#gone = true;
    alive.delete(this.#pid);
    if (this.#pid !== -1) tellGuard(`ended ${this.#pid}`);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}
