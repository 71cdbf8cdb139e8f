/**
 * `npm run fuzz`: ids, records and change records of every kind, by the million, and records as large as Kinesis takes. It exits 1 when a
 * property fails, with the seed and the smallest input that shows it.
 */
import fc from "fast-check";
import { CHANGE_PROPERTIES } from "../tests/fuzz/changes.js";
import { measureLargeChanges } from "../tests/fuzz/large-changes.js";
import { measureLargeRecords } from "../tests/fuzz/large-records.js";
import { PROPERTIES } from "../tests/fuzz/properties.js";
import { readArguments, wholeNumber } from "./arguments.js";

const USAGE = `usage: npm run fuzz -- [options]

Ids, records and change records of every kind, drawn by chance, and records as large as Kinesis takes.

  --runs N   inputs, shared out among the properties (100000)
  --seed N   decides them all (by chance, and printed)
  --json     one JSON object as the last line
  --help     prints this

Exit code: 0; 1 when a property fails; 2 for wrong arguments.`;

const { runs, seed, json } = readArguments({
  usage: USAGE,
  options: {
    runs: { type: "string", default: "100000" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
  read: (values) => ({
    runs: wholeNumber("runs", values.runs, 1),
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber("seed", values.seed),
    json: values.json,
  }),
});

console.log(`${runs} inputs, seed ${seed}`);
const properties = [...PROPERTIES, ...CHANGE_PROPERTIES];
const whole = properties.reduce((sum, { weight }) => sum + weight, 0);
const startedMs = performance.now();
let inputs = 0;
const failures: string[] = [];
for (const { name, weight, property } of properties) {
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
const largeChanges = measureLargeChanges();
for (const { name, ms, slow } of largeChanges) {
  console.log(`${slow ? "SLOW " : "holds"}  ${ms.toFixed(1).padStart(8)} ms for ${name}`);
  if (slow) failures.push(name);
}
const seconds = (performance.now() - startedMs) / 1_000;
console.log(`${inputs} inputs in ${seconds.toFixed(1)} s, ${failures.length} failures`);
const slowestMebibyteMs = Math.max(...large.map(({ ms }) => ms));
const slowestChangeMs = Math.max(...largeChanges.map(({ ms }) => ms));
if (json) console.log(JSON.stringify({ inputs, seed, seconds, failures, slowestMebibyteMs, slowestChangeMs }));
process.exitCode = failures.length === 0 ? 0 : 1;
