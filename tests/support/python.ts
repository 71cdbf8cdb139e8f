/**
 * The Python of a page, run as it stands there. It needs Python 3 with boto3; in CI that is installed into a folder of its own
 * if it is missing. Where it cannot be had, there is no Python here, and the tests say so.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Emulator } from "../../tools/emulators/kinesis.js";

export interface PagePython {
  /** Absent without Python 3 with boto3. Runs these lines below those of the page, in a process of its own. */
  readonly run?: (lines: string, service: Emulator, endpointVariable: string) => Promise<void>;
  readonly text: string;
  remove(): void;
}

/** @param blocks how many of the page's blocks of Python, from the first on */
export function pythonOf(page: string, blocks: number): PagePython {
  const work = mkdtempSync(join(tmpdir(), "scache-python-"));
  const python = pythonWithBoto3(work);
  const read = readFileSync(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const found = [...read.matchAll(/^```python\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  const text = found.slice(0, blocks).join("\n");
  const remove = () => rmSync(work, { recursive: true, force: true });
  if (python === undefined) return { text, remove };
  const run = async (lines: string, service: Emulator, endpointVariable: string) => {
    const file = join(work, "producer.py");
    writeFileSync(file, `${text}\n${lines}\n`);
    const env = {
      ...process.env,
      [endpointVariable]: service.endpoint,
      AWS_DEFAULT_REGION: service.region,
      AWS_ACCESS_KEY_ID: service.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: service.credentials.secretAccessKey,
    };
    await promisify(execFile)(python, [file], { env, timeout: 100_000 });
  };
  return { run, text, remove };
}

function pythonWithBoto3(work: string): string | undefined {
  const runs = (command: string, ...args: string[]) => spawnSync(command, args, { timeout: 180_000 }).status === 0;
  if (runs("python3", "-c", "import boto3")) return "python3";
  if (process.env.CI === undefined || !runs("python3", "-m", "venv", join(work, "venv"))) return undefined;
  const own = join(work, "venv/bin/python");
  return runs(own, "-m", "pip", "install", "--quiet", "boto3") ? own : undefined;
}
