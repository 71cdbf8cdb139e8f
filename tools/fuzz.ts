/**
 * `npm run fuzz`: ids and records of every kind, by the million, and records as large as Kinesis takes. It exits 1 when a
 * property fails, with the seed and the smallest input that shows it.
 *
 *   npm run fuzz -- --runs 1000000 [--seed 7] [--json]
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { measureLargeRecords } from "../tests/fuzz/large-records.js";
import { PROPERTIES } from "../tests/fuzz/properties.js";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
if (!Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed))
  throw new Error("--runs and --seed are whole numbers");

console.log(`${runs} inputs, seed ${seed}`);
const whole = PROPERTIES.reduce((sum, { weight }) => sum + weight, 0);
const startedMs = performance.now();
let inputs = 0;
const failures: string[] = [];
for (const { name, weight, property } of PROPERTIES) {
  const numRuns = Math.ceil((runs * weight) / whole);
  const details = (await fc.check(property, { seed, numRuns })) as fc.RunDetails<unknown>;
  inputs += details.numRuns;
  console.log(`${details.failed ? "FAILS" : "holds"}  ${String(details.numRuns).padStart(8)}  ${name}`);
  if (!details.failed) continue;
  failures.push(name);
  console.log(fc.defaultReportMessage(details));
}
const large = measureLargeRecords();
for (const { name, ms, slow } of large) {
  console.log(`${slow ? "SLOW " : "holds"}  ${ms.toFixed(1).padStart(8)} ms for 1 MiB: ${name}`);
  if (slow) failures.push(`1 MiB of ${name}`);
}
const seconds = (performance.now() - startedMs) / 1_000;
console.log(`${inputs} inputs in ${seconds.toFixed(1)} s, ${failures.length} failures`);
const slowestMs = Math.max(...large.map(({ ms }) => ms));
if (values.json) console.log(JSON.stringify({ inputs, seed, seconds, failures, slowestMebibyteMs: slowestMs }));
process.exitCode = failures.length === 0 ? 0 : 1;
