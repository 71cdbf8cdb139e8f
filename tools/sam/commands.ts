/**
 * Runs the commands of `npm run sam:local-check`, each in a shell as a reader would: those that end, and the embedded
 * services, which do not. They get a home folder of their own and none of this machine's AWS settings, so that what is
 * seen does not depend on who runs it. None of them outlives this process, however that ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Ends the whole group when the input ends, which it does with this process. */
const GUARD = "exec 3<&0 </dev/null; (cat <&3; kill 0) >/dev/null 2>&1 & exec 3<&-";

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  /** Standard error: SAM's own words, and what the function logged. */
  readonly log: string;
}

export class Commands {
  readonly #home = mkdtempSync(join(tmpdir(), "scache-sam-"));
  readonly #running = new Set<ChildProcess>();

  /** A file in the home folder of the commands. */
  file(name: string): string {
    return join(this.#home, name);
  }

  async run(command: string, dockerHost: string): Promise<Ended> {
    const child = this.#spawn(command, { DOCKER_HOST: dockerHost });
    const [output, log] = [textOf(child, "stdout"), textOf(child, "stderr")];
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, output: output(), log: log() };
  }

  /** Resolves as soon as the command has printed what it prints when it is ready. */
  async start(command: string, ready: RegExp): Promise<void> {
    const child = this.#spawn(command, {});
    const [output, errors] = [textOf(child, "stdout"), textOf(child, "stderr")];
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on("data", () => ready.test(output()) && resolve());
      child.once("close", () => reject(new Error(`"${command}" has ended:\n${output()}${errors()}`)));
    });
  }

  /** Ends what is running, and removes the home folder. */
  async stop(): Promise<void> {
    const closed = [...this.#running].map((child) => new Promise((resolve) => child.once("close", resolve)));
    for (const child of this.#running) end(child);
    await Promise.all(closed);
    rmSync(this.#home, { recursive: true, force: true });
  }

  #spawn(command: string, env: Record<string, string>): ChildProcess {
    const child = spawn("/bin/sh", ["-c", `${GUARD}\n${command}`], {
      cwd: ROOT,
      env: { ...this.#variables(), ...env },
      stdio: ["pipe", "pipe", "pipe"],
      // In a process group of its own: npm does not hand on every signal, and a shell none.
      detached: true,
    });
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    return child;
  }

  #variables(): Record<string, string | undefined> {
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS|DOCKER|SAM|npm)_/.test(name));
    return {
      ...Object.fromEntries(own),
      HOME: this.#home,
      SAM_CLI_TELEMETRY: "0",
      // Without it, who has no credentials waits for those of a machine in EC2.
      AWS_EC2_METADATA_DISABLED: "true",
      npm_config_update_notifier: "false",
    };
  }
}

function textOf(child: ChildProcess, stream: "stdout" | "stderr"): () => string {
  let text = "";
  child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

function end(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  } catch {
    // Already gone.
  }
}
