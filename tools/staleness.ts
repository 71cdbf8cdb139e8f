/**
 * `npm run staleness`: a database whose changes are captured in every format, a relay that is given them, environments that
 * read; it exits 1 when one of them serves a value that is older than what the relay had been given, with the seed.
 */
import { runStaleness } from "../tests/staleness/run.js";
import { readArguments, wholeNumber } from "./arguments.js";

const USAGE = `usage: npm run staleness -- [options]

Databases whose changes are captured, in every format and with what each leaves out, and caches that are told by a relay.

  --schedules N   how many runs, the formats taking turns (2000)
  --from N        the first of them, to repeat one (0)
  --seed N        decides them all (by chance, and printed)
  --json          one JSON object as the last line
  --help          prints this

Exit code: 0; 1 when a value is served that is too old; 2 for wrong arguments.`;

const { schedules, from, seed, json } = readArguments({
  usage: USAGE,
  options: {
    schedules: { type: "string", default: "2000" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
  read: (values) => ({
    schedules: wholeNumber("schedules", values.schedules, 1),
    from: wholeNumber("from", values.from),
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber("seed", values.seed),
    json: values.json,
  }),
});

console.log(`${schedules} schedules from ${from}, seed ${seed}`);
const result = await runStaleness({ seed, from, to: from + schedules });
for (const [format, { schedules: runs, reads, hits }] of Object.entries(result.formats)) {
  console.log(
    `${format.padEnd(45)} ${String(runs).padStart(6)} runs ${String(reads).padStart(8)} reads ${String(hits).padStart(8)} hits`,
  );
}
const { failure } = result;
console.log(
  failure === undefined ? "nothing was served too late" : `schedule ${failure.schedule}: ${failure.violation}`,
);
if (json) console.log(JSON.stringify({ seed, ...result, stale: failure === undefined ? 0 : 1 }));
process.exitCode = failure === undefined ? 0 : 1;
