/**
 * `npm run simulate`: the shipped core against a simulated world, thousands of times, every run decided by a seed. It
 * exits 1 when a promise was broken, naming the seed and schedule that show it, or when a rare path was never taken.
 */
import { addCounts, type LogKind, noCounts, type PathCounts, rarePathsOf } from "../tests/simulation/rare-paths.js";
import type { RunRequest, RunResult } from "../tests/simulation/run.js";
import { runSchedule } from "../tests/simulation/schedule.js";
import { nameOf, readArguments, wholeNumber } from "./arguments.js";
import { bundleWorker } from "./bundle-worker.js";
import { runWorker } from "./run-worker.js";

/** Fewer schedules than this need not take every rare path. */
const ENOUGH_SCHEDULES = 2_000;
const TRANSCRIPT_LINES = 60;

interface Settings {
  readonly log: LogKind;
  readonly seed: number;
  readonly schedules: number;
  readonly from: number;
  readonly workers: number;
  readonly audited: boolean;
  readonly json: boolean;
}

const USAGE = `usage: npm run simulate -- [options]

The shipped core against a simulated world, thousands of times; each run is decided by the seed and its number.

  --log NAME      the log they share: kinesis or dynamodb (kinesis)
  --schedules N   how many runs (2000)
  --seed N        decides them all (by chance, and printed)
  --from N        the first of them, where an earlier run went that far (0)
  --schedule N    replays that one run of the seed, and prints what happened (none)
  --workers N     processes (2)
  --audited       hits are audited in every run, not in half of them, and all changes are published
  --json          one JSON object as the last line
  --help          prints this

Exit code: 0; 1 when a promise was broken, or a rare path never taken; 2 for wrong arguments.`;

function readSettings(): Settings & { readonly schedule: number | undefined } {
  return readArguments({
    usage: USAGE,
    options: {
      log: { type: "string", default: "kinesis" },
      schedules: { type: "string", default: "2000" },
      seed: { type: "string" },
      from: { type: "string", default: "0" },
      schedule: { type: "string" },
      workers: { type: "string", default: "2" },
      audited: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
    read: (values) => ({
      log: nameOf("log", values.log, ["kinesis", "dynamodb"]),
      seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber("seed", values.seed),
      schedules: wholeNumber("schedules", values.schedules),
      from: wholeNumber("from", values.from),
      schedule: values.schedule === undefined ? undefined : wholeNumber("schedule", values.schedule),
      workers: wholeNumber("workers", values.workers),
      audited: values.audited,
      json: values.json,
    }),
  });
}

async function runAll(settings: Settings, onProgress: (done: number) => void): Promise<RunResult> {
  const { log, seed, schedules, workers, audited } = settings;
  const share = Math.ceil(schedules / Math.max(1, workers));
  const end = settings.from + schedules;
  const requests: RunRequest[] = [];
  for (let from = settings.from; from < end; from += share) {
    requests.push({ log, seed, from, to: Math.min(end, from + share), audited });
  }
  const done = requests.map(() => 0);
  const worker = await bundleWorker();
  try {
    const results = await Promise.all(
      requests.map((request, index) => {
        const progress = (count: number) => {
          done[index] = count;
          onProgress(done.reduce((sum, each) => sum + each, 0));
        };
        return runWorker(worker.file, request, { onProgress: progress });
      }),
    );
    return results.reduce(together, { schedules: 0, failure: undefined, paths: noCounts() });
  } finally {
    await worker.remove();
  }
}

function together(total: RunResult, part: RunResult): RunResult {
  const paths = noCounts();
  addCounts(paths, total.paths);
  addCounts(paths, part.paths);
  return { schedules: total.schedules + part.schedules, failure: total.failure ?? part.failure, paths };
}

function printPaths(log: LogKind, paths: PathCounts): void {
  const rarePaths = rarePathsOf(log);
  const width = Math.max(...rarePaths.map((path) => path.length));
  for (const path of rarePaths) console.log(`  ${path.padEnd(width)}  ${String(paths[path]).padStart(10)}`);
}

async function replay({ log, seed, audited }: Settings, schedule: number): Promise<string | undefined> {
  const { violation, transcript } = await runSchedule(log, seed, schedule, { transcript: true, audited });
  if (transcript.length > TRANSCRIPT_LINES) console.log(`… ${transcript.length - TRANSCRIPT_LINES} lines before`);
  for (const line of transcript.slice(-TRANSCRIPT_LINES)) console.log(line);
  return violation;
}

async function main(): Promise<number> {
  const settings = readSettings();
  const { log, seed, from, audited, json } = settings;
  if (settings.schedule !== undefined) {
    const violation = await replay(settings, settings.schedule);
    if (json)
      console.log(
        JSON.stringify({ log, seed, schedule: settings.schedule, violations: violation === undefined ? 0 : 1 }),
      );
    return violation === undefined ? 0 : 1;
  }
  console.log(`simulating ${settings.schedules} schedules on ${log}, seed ${seed}, ${settings.workers} processes`);
  const startedMs = performance.now();
  const live = process.stderr.isTTY && !json;
  const { schedules, failure, paths } = await runAll(settings, (done) => {
    if (live) process.stderr.write(`\r${done} of ${settings.schedules}`);
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  if (live) process.stderr.write("\r");
  printPaths(log, paths);
  const missing = schedules >= ENOUGH_SCHEDULES ? rarePathsOf(log).filter((path) => paths[path] === 0) : [];
  if (missing.length > 0) console.log(`never taken: ${missing.join(", ")}`);
  if (failure !== undefined) {
    console.log(`\nseed ${seed}, schedule ${failure.schedule}: ${failure.violation}`);
    console.log(
      `replay: npm run simulate -- --log ${log} --seed ${seed} --schedule ${failure.schedule}${audited ? " --audited" : ""}\n`,
    );
    await replay(settings, failure.schedule);
  }
  const violations = failure === undefined ? 0 : 1;
  console.log(`${schedules} schedules in ${seconds.toFixed(1)} s, ${violations} violations`);
  const perSecond = Math.round(schedules / seconds);
  if (json)
    console.log(
      JSON.stringify({ log, seed, from, audited, schedules, violations, failure, seconds, perSecond, missing, paths }),
    );
  return violations === 0 && missing.length === 0 ? 0 : 1;
}

process.exitCode = await main();
