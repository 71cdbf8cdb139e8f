/**
 * `npm run mutants`: breaks the protocol on purpose, one rule at a time and never in the sources themselves, and shows
 * whether the simulation notices, and how soon. It notices when a promise is broken or a schedule never ends. It exits
 * 1 when one survives, when the place it breaks is gone, and when a worker dies, which says nothing of the promises.
 */
import { readFile } from "node:fs/promises";
import { readArguments, WrongArgument, wholeNumber } from "./arguments.js";
import { bundleWorker } from "./bundle-worker.js";
import { MUTANTS } from "./mutants/all.js";
import { AUDITING_IN_UNIT_TESTS } from "./mutants/audit.js";
import { breakRule, type Mutant } from "./mutants/mutant.js";
import { runWorker, WorkerStalled } from "./run-worker.js";

const USAGE = `usage: npm run mutants -- [options]

Breaks the protocol on purpose, one rule at a time, and shows how soon the simulation notices.

  --schedules N   how many runs a breakage may take to be noticed (80000)
  --seed N        decides them all (1)
  --only TEXT     only the breakages whose names hold this (all)
  --log NAME      only those that are noticed on this log, kinesis or dynamodb (both)
  --json          one JSON object as the last line
  --help          prints this

Exit code: 0; 1 when a breakage survives, has lost its place, or cannot be told; 2 for wrong arguments.`;

const PARALLEL = 2;
/** A breakage may make a schedule run for ever: a hundred of them take less than a second. */
const STALLED_MS = 60_000;

const WORKERS = { simulation: "tools/simulate-worker.ts", staleness: "tools/staleness-worker.ts" } as const;

interface Fate {
  readonly name: string;
  readonly caught: boolean;
  readonly schedules: number;
  readonly violation: string | undefined;
  /** Why it cannot be told. */
  readonly error?: string;
}

async function fateOf(mutant: Mutant, seed: number, schedules: number): Promise<Fate> {
  const { name, file, log = "kinesis", run = "simulation" } = mutant;
  const worker = await bundleWorker({ file, change: (text) => breakRule(mutant, text) }, WORKERS[run]);
  try {
    const result = await runWorker(worker.file, { log, seed, from: 0, to: schedules }, { stalledMs: STALLED_MS });
    const violation = result.failure?.violation;
    return { name, caught: violation !== undefined, schedules: result.schedules, violation };
  } catch (error) {
    if (error instanceof WorkerStalled) return { name, caught: true, schedules: 0, violation: error.message };
    return { name, caught: false, schedules: 0, violation: undefined, error: String(error) };
  } finally {
    await worker.remove();
  }
}

/** Of all breakages, whichever are chosen: one change of the sources may move several. @throws Error naming those whose place is gone */
async function checkPlaces(): Promise<void> {
  const gone: string[] = [];
  for (const mutant of [...MUTANTS, ...AUDITING_IN_UNIT_TESTS]) {
    try {
      breakRule(mutant, await readFile(new URL(`../${mutant.file}`, import.meta.url), "utf8"));
    } catch (error) {
      gone.push(String(error));
    }
  }
  if (gone.length > 0) throw new Error(`${gone.length} breakages have lost their place:\n${gone.join("\n")}`);
}

function readSettings() {
  return readArguments({
    usage: USAGE,
    options: {
      schedules: { type: "string", default: "80000" },
      seed: { type: "string", default: "1" },
      only: { type: "string", default: "" },
      log: { type: "string", default: "" },
      json: { type: "boolean", default: false },
    },
    read: ({ schedules, seed, only, log, json }) => {
      const chosen = MUTANTS.filter(
        (mutant) => mutant.name.includes(only) && [mutant.log ?? "kinesis", ""].includes(log),
      );
      if (chosen.length === 0) throw new WrongArgument(`no breakage ${log && `on ${log} `}is named "${only}"`);
      return { chosen, json, schedules: wholeNumber("schedules", schedules, 1), seed: wholeNumber("seed", seed) };
    },
  });
}

async function main(): Promise<number> {
  const { chosen, json, schedules, seed } = readSettings();
  await checkPlaces();
  const width = Math.max(...chosen.map(({ name }) => name.length));
  const waiting = [...chosen];
  const fates: Fate[] = [];
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const fate = await fateOf(mutant, seed, schedules);
      fates.push(fate);
      const how = fate.caught ? "caught" : fate.error === undefined ? "SURVIVED" : "ERROR";
      const [why = ""] = (fate.violation ?? fate.error ?? "").split("\n");
      const when = `after ${String(fate.schedules).padStart(5)}`;
      console.log(`${fate.name.padEnd(width)}  ${how.padEnd(8)}  ${when}  ${why.slice(0, 150)}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const survivors = fates.filter(({ caught, error }) => !caught && error === undefined).map(({ name }) => name);
  const errors = fates.filter(({ error }) => error !== undefined).length;
  console.log(`${fates.length} rules broken, ${survivors.length} not noticed, ${errors} workers died`);
  const survived = survivors.length;
  if (json) console.log(JSON.stringify({ mutants: fates.length, survived, survivors, errors, fates }));
  return survived + errors === 0 ? 0 : 1;
}

process.exitCode = await main();
