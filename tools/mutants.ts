/**
 * `npm run mutants`: breaks the protocol on purpose, one rule at a time and never in the sources themselves, and shows
 * whether the simulation notices, and how soon. It notices when a promise is broken or a schedule never ends. It exits
 * 1 when one survives, when the place it breaks is gone, and when a worker dies, which says nothing of the promises.
 *
 *   npm run mutants [-- --schedules 80000] [--seed 1] [--only "text of the name"] [--json]
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { bundleWorker } from "./bundle-worker.js";
import { MUTANTS } from "./mutants/all.js";
import { breakRule, type Mutant } from "./mutants/mutant.js";
import { runWorker, WorkerStalled } from "./run-worker.js";

const PARALLEL = 2;
/** A breakage may make a schedule run for ever: a hundred of them take less than a second. */
const STALLED_MS = 60_000;

interface Fate {
  readonly name: string;
  readonly caught: boolean;
  readonly schedules: number;
  readonly violation: string | undefined;
  /** Why it cannot be told. */
  readonly error?: string;
}

async function fateOf(mutant: Mutant, seed: number, schedules: number): Promise<Fate> {
  const { name, file } = mutant;
  const worker = await bundleWorker({ file, change: (text) => breakRule(mutant, text) });
  try {
    const result = await runWorker(worker.file, { seed, from: 0, to: schedules }, { stalledMs: STALLED_MS });
    const violation = result.failure?.violation;
    return { name, caught: violation !== undefined, schedules: result.schedules, violation };
  } catch (error) {
    if (error instanceof WorkerStalled) return { name, caught: true, schedules: 0, violation: error.message };
    return { name, caught: false, schedules: 0, violation: undefined, error: String(error) };
  } finally {
    await worker.remove();
  }
}

/** @throws Error naming every breakage whose place in the sources is gone */
async function checkPlaces(mutants: readonly Mutant[]): Promise<void> {
  const gone: string[] = [];
  for (const mutant of mutants) {
    try {
      breakRule(mutant, await readFile(new URL(`../${mutant.file}`, import.meta.url), "utf8"));
    } catch (error) {
      gone.push(String(error));
    }
  }
  if (gone.length > 0) throw new Error(`${gone.length} breakages have lost their place:\n${gone.join("\n")}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      schedules: { type: "string", default: "80000" },
      seed: { type: "string", default: "1" },
      only: { type: "string", default: "" },
      json: { type: "boolean", default: false },
    },
  });
  const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
  if (chosen.length === 0) throw new Error(`no breakage is named "${values.only}"`);
  await checkPlaces(chosen);
  const width = Math.max(...chosen.map(({ name }) => name.length));
  const waiting = [...chosen];
  const fates: Fate[] = [];
  const work = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const fate = await fateOf(mutant, Number(values.seed), Number(values.schedules));
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
  if (values.json) console.log(JSON.stringify({ mutants: fates.length, survived, survivors, errors, fates }));
  return survived + errors === 0 ? 0 : 1;
}

process.exitCode = await main();
