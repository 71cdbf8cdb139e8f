/**
 * Compiles the benchmarks as a user's bundler compiles the package, and runs each suite in a fresh process.
 * tsx is not used for what is timed: it wraps every function to keep its name, which costs more than a cache hit.
 */

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OUT = fileURLToPath(new URL("./node_modules/.cache/", import.meta.url));

/** Suites, curves and the processes they start; what this module itself runs in is not among them. */
const ENTRY = /^(suite|curve)-.*\.ts$|^(stub-server|contender-host|cpu-host)\.ts$/;

/** Compiles everything that is timed to plain modules for Node; packages stay where they are. */
export async function compile(): Promise<void> {
  await build({
    absWorkingDir: HERE,
    entryPoints: readdirSync(HERE).filter((file) => ENTRY.test(file)),
    outdir: OUT,
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
    outExtension: { ".js": ".mjs" },
  });
}

/** Runs a compiled suite to its end and returns the JSON of its last line. Its other lines are shown as they come. */
export async function run(suite: string, args: readonly string[]): Promise<unknown> {
  const flags = ["--expose-gc", "--max-semi-space-size=64", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, `${OUT}${suite}.mjs`, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    output += text;
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  const lines = output.trimEnd().split("\n");
  const last = lines.pop() ?? "";
  if (status !== 0) throw new Error(`${suite} ended with status ${status}: ${last}`);
  return JSON.parse(last);
}
