/**
 * What the EMF line costs each invocation: with standard output stubbed (our and Powertools' share), and to a real pipe
 * and a real file, as in Lambda. Exits 1 if a median is above the limit. `--json`: one object as the last line.
 * The measured process is a child, so that its standard output can be each of the three.
 */

import { fork } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InvocationReport } from "../src/core/invocation/report.js";
import { createEmfSink } from "../src/metrics/emf.js";
import { readArguments } from "../tools/arguments.js";

const LIMIT_US = 40;
const USAGE = `usage: npm run bench:metrics -- [options]

What the metrics line costs each invocation: stubbed, to a pipe and to a file; at most ${LIMIT_US} µs.

  --json   one JSON object as the last line
  --help   prints this

Exit code: 0; 1 when a median is above the limit; 2 for wrong arguments.`;
/** Many short rounds: on a busy machine most of them still run without being interrupted, and the median is one of those. */
const ROUNDS = 401;
const CALLS_PER_ROUND = 25;

type Target = "stubbed" | "pipe" | "file";

interface Measured {
  readonly medianUs: number;
  readonly p10Us: number;
  readonly p90Us: number;
  readonly bytesPerLine: number;
}

function reportNumber(n: number): InvocationReport {
  return {
    kinesisLatencyMs: 11.234567 + n / 7,
    publishLatencyMs: 0,
    timeSavedMs: 83.123 + n / 3,
    hits: n % 9,
    misses: n % 3,
    entriesInvalidated: n % 5,
    fillsRefused: 0,
    loadsShared: 0,
    kinesisCalls: 4,
    recordsSkipped: 0,
    refreshFailures: 0,
    publishFailures: 0,
    throttles: 0,
    flushes: 0,
    state: "fresh",
    boundMs: 0,
    streamLagMs: 0,
    entries: 1_000 + n,
    bytes: 4_000_000 + n,
    evictions: 0,
    shards: 4,
    requestId: "11111111-2222-3333-4444-555555555555",
  };
}

function measure(target: Target): Measured {
  const sink = createEmfSink({ streamName: "bench", functionName: "bench", serviceName: "bench" });
  const write = process.stdout.write;
  let bytes = 0;
  const stub = ((chunk: string) => {
    bytes += chunk.length;
    return true;
  }) as typeof process.stdout.write;
  process.stdout.write = stub;
  for (let n = 0; n < 5_000; n += 1) sink(reportNumber(n));
  const bytesPerLine = bytes / 5_000;
  if (target !== "stubbed") process.stdout.write = write;
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    for (let n = 0; n < CALLS_PER_ROUND; n += 1) sink(reportNumber(n));
    rounds.push(((performance.now() - startedMs) * 1_000) / CALLS_PER_ROUND);
  }
  rounds.sort((a, b) => a - b);
  const at = (share: number) => rounds[Math.floor(share * (rounds.length - 1))] ?? Number.NaN;
  return { medianUs: at(0.5), p10Us: at(0.1), p90Us: at(0.9), bytesPerLine };
}

async function inChild(target: Target): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "scache-bench-"));
  const file = openSync(join(folder, "lines"), "w");
  try {
    const out = target === "file" ? file : "pipe";
    const child = fork(fileURLToPath(import.meta.url), ["--child", target], {
      stdio: ["ignore", out, "inherit", "ipc"],
    });
    child.stdout?.resume();
    const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const measured = new Promise<Measured>((resolve) => child.once("message", (value) => resolve(value as Measured)));
    const code = await exit;
    if (code !== 0) throw new Error(`the measured process ended with ${code}`);
    return await measured;
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

async function main(json: boolean): Promise<void> {
  const results: Partial<Record<Target, Measured>> = {};
  for (const target of ["stubbed", "pipe", "file"] as const) {
    const result = await inChild(target);
    results[target] = result;
    const spread = `${result.p10Us.toFixed(1)}–${result.p90Us.toFixed(1)}`;
    console.log(`${target.padEnd(8)} ${result.medianUs.toFixed(1).padStart(6)} µs a line (p10–p90 ${spread})`);
  }
  const worstUs = Math.max(...Object.values(results).map((result) => result.medianUs));
  const pass = worstUs <= LIMIT_US;
  console.log(`${pass ? "within" : "ABOVE"} the limit of ${LIMIT_US} µs on Node ${process.version}`);
  if (json) console.log(JSON.stringify({ metricsUsPerInvocation: worstUs, limitUs: LIMIT_US, pass, ...results }));
  process.exitCode = pass ? 0 : 1;
}

const { json, child } = readArguments({
  usage: USAGE,
  // The measured process is told its target by `--child`, which is nobody else's concern.
  options: { json: { type: "boolean", default: false }, child: { type: "string" } },
  read: (values) => values,
});
if (child === undefined) await main(json);
else process.send?.(measure(child as Target), () => process.disconnect());
