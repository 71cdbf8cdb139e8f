/**
 * `npm run bench`: runs every suite in a fresh process, prints all figures with their targets, and fails when a target
 * does. `--quick` makes fewer rounds, `--json` ends with one JSON object, `--only latency,hits` runs some of them, and
 * `--write` puts the figures into docs/performance.md.
 */

import { namesOf, readArguments } from "../tools/arguments.js";
import { figuresTable, thisMachine, writeFigures } from "./figures.js";
import { compile, run } from "./launch.js";
import { allPass, describeResult, type Result } from "./result.js";

const TIMED = ["latency", "table", "cpu", "path", "hits", "invalidations", "publishing", "modes"];
/** What these find does not depend on what else runs: they run side by side. */
const COUNTED = ["evictions", "memory"];
const SUITES = [...TIMED, ...COUNTED];

const USAGE = `usage: npm run bench -- [options]

Runs every suite in a fresh process and prints all figures with their targets.

  --quick          fewer rounds
  --only A,B       some of the suites (${SUITES})
  --write          puts the figures into docs/performance.md
  --json           one JSON object as the last line
  --help           prints this

Exit code: 0; 1 when a target does not hold; 2 for wrong arguments.`;

const { quick, json, write, wanted } = readArguments({
  usage: USAGE,
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string" },
  },
  read: ({ only, ...flags }) => ({ ...flags, wanted: only === undefined ? SUITES : namesOf("only", only, SUITES) }),
});

const begunAt = new Date();
const machine = thisMachine();
console.log(`${begunAt.toISOString()}  ${machine.cores} × ${machine.cpu}, Node ${machine.node}`);

await compile();
const results: Result[] = [];
for (const name of TIMED) if (wanted.includes(name)) await measure(name);
await Promise.all(COUNTED.filter((name) => wanted.includes(name)).map(measure));

async function measure(name: string): Promise<void> {
  const suiteBegunAt = Date.now();
  const measured = (await run(`suite-${name}`, quick ? ["--quick"] : [])) as Result[];
  for (const one of measured) console.log(describeResult(one));
  results.push(...measured);
  console.log(`     ${name}: ${((Date.now() - suiteBegunAt) / 1_000).toFixed(1)} s`);
}

const seconds = Math.round((Date.now() - begunAt.getTime()) / 1_000);
const failed = results.filter((one) => one.pass === false);
const withTarget = results.filter((one) => one.pass !== undefined);
console.log(`${withTarget.length - failed.length} of ${withTarget.length} targets hold, ${seconds} s`);
if (write) writeFigures("bench", figuresTable(results, begunAt, machine));
if (json) {
  const summary = {
    date: begunAt.toISOString(),
    machine,
    quick,
    seconds,
    pass: allPass(results),
  };
  console.log(JSON.stringify({ ...summary, results }));
}
process.exitCode = allPass(results) ? 0 : 1;
