/**
 * `npm run bench`: runs every suite in a fresh process, prints all figures with their targets, and fails when a target
 * does. `--quick` takes under a minute, `--json` ends with one JSON object, `--only latency,hits` runs some of them, and
 * `--write` puts the figures into docs/performance.md.
 */

import { parseArgs } from "node:util";
import { figuresTable, thisMachine, writeFigures } from "./figures.js";
import { compile, run } from "./launch.js";
import { allPass, describeResult, type Result } from "./result.js";

const SUITES = ["latency", "path", "hits", "evictions", "invalidations", "publishing", "memory"];

const { values } = parseArgs({
  options: {
    quick: { type: "boolean" },
    json: { type: "boolean" },
    write: { type: "boolean" },
    only: { type: "string" },
  },
});

const wanted = values.only?.split(",") ?? SUITES;
for (const name of wanted)
  if (!SUITES.includes(name)) throw new Error(`no suite is called ${name}; there are ${SUITES}`);

const begunAt = new Date();
const machine = thisMachine();
console.log(`${begunAt.toISOString()}  ${machine.cores} × ${machine.cpu}, Node ${machine.node}`);

await compile();
const results: Result[] = [];
for (const name of wanted) {
  const suiteBegunAt = Date.now();
  const measured = (await run(`suite-${name}`, values.quick ? ["--quick"] : [])) as Result[];
  for (const one of measured) console.log(describeResult(one));
  results.push(...measured);
  console.log(`     ${name}: ${((Date.now() - suiteBegunAt) / 1_000).toFixed(1)} s`);
}

const seconds = Math.round((Date.now() - begunAt.getTime()) / 1_000);
const failed = results.filter((one) => one.pass === false);
const withTarget = results.filter((one) => one.pass !== undefined);
console.log(`${withTarget.length - failed.length} of ${withTarget.length} targets hold, ${seconds} s`);
if (values.write) writeFigures("bench", figuresTable(results, begunAt, machine));
if (values.json) {
  const summary = {
    date: begunAt.toISOString(),
    machine,
    quick: values.quick === true,
    seconds,
    pass: allPass(results),
  };
  console.log(JSON.stringify({ ...summary, results }));
}
process.exitCode = allPass(results) ? 0 : 1;
