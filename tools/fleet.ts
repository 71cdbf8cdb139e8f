/**
 * `npm run fleet`: the shipped core in virtual time, as fleets of up to 12,000 environments on either log, with the quotas that
 * AWS gives it. It exits 1 when a row that has to hold does not, when something too old was served, or when there was trouble
 * that no limit of the service explains.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PRICES } from "../src/plan/prices.js";
import { namesOf, readArguments, WrongArgument, wholeNumber } from "./arguments.js";
import type { LogKind } from "./fleet/log-service.js";
import type { FleetRow } from "./fleet/row.js";
import { ENVIRONMENTS, LOGS, rowRequests, type Scope } from "./fleet/rows.js";
import { GRID_SAID, LINE_HEADINGS, lineOf, pageOf } from "./fleet/table.js";
import { runRows } from "./fleet/workers.js";

const PAGE = fileURLToPath(new URL("../docs/fleet.md", import.meta.url));
/** As many as CI can run within a minute. */
const QUICK_ENVIRONMENTS = [5, 50, 500] as const;

interface Settings extends Scope {
  readonly workers: number;
  readonly json: boolean;
  readonly write: boolean;
}

const USAGE = `usage: npm run fleet -- [options]

The shipped core in virtual time, as whole fleets on either log, with the quotas that AWS gives it
(${GRID_SAID}).

  --quick               a slice for CI: ${QUICK_ENVIRONMENTS.join(", ")} environments, and 2,400 busy ones; less time
  --logs NAMES          kinesis, dynamodb, or both (kinesis,dynamodb)
  --environments LIST   sizes of the fleets (${ENVIRONMENTS.join(",")})
  --kinesis-ms N        what a call to Kinesis takes (15)
  --dynamodb-ms N       what a call to DynamoDB takes (4)
  --seed N              decides arrivals, and everything else that is left to chance (1)
  --workers N           processes (2)
  --write               writes docs/fleet.md
  --json                one JSON object as the last line
  --help                prints this

Exit code: 0; 1 when a row that has to hold does not, something too old was served, or there was trouble that no limit
explains; 2 for wrong arguments.`;

function readSettings(): Settings {
  return readArguments({
    usage: USAGE,
    options: {
      quick: { type: "boolean", default: false },
      logs: { type: "string", default: LOGS.join(",") },
      environments: { type: "string" },
      "kinesis-ms": { type: "string", default: "15" },
      "dynamodb-ms": { type: "string", default: "4" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: "2" },
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
    read: (values) => {
      const { quick, write } = values;
      const isWhole = !quick && values.environments === undefined && values.logs === LOGS.join(",");
      if (write && !isWhole)
        throw new WrongArgument("--write is for the whole table: without --quick, --logs, --environments");
      const sizes = quick ? QUICK_ENVIRONMENTS : ENVIRONMENTS;
      return {
        quick,
        logs: namesOf<LogKind>("logs", values.logs, LOGS),
        environments:
          values.environments?.split(",").map((text) => wholeNumber("environments", text, 1, 20_000)) ?? sizes,
        latencies: {
          kinesisMs: wholeNumber("kinesis-ms", values["kinesis-ms"], 1, 500),
          dynamodbMs: wholeNumber("dynamodb-ms", values["dynamodb-ms"], 1, 500),
        },
        seed: wholeNumber("seed", values.seed),
        workers: wholeNumber("workers", values.workers, 1, 64),
        write,
        json: values.json,
      };
    },
  });
}

async function main(): Promise<number> {
  const settings = readSettings();
  const requests = rowRequests(settings);
  console.log(`${requests.length} fleets, seed ${settings.seed}, ${settings.workers} processes\n\n${LINE_HEADINGS}`);
  const startedMs = performance.now();
  const rows = await runRows(requests, settings.workers, (row) => console.log(lineOf(row)));
  const seconds = (performance.now() - startedMs) / 1_000;
  const wrong = rows.filter((row) => row.wrong !== undefined);
  for (const row of wrong) console.log(`wrong: ${row.environments} on ${row.log}: ${row.wrong}`);
  console.log(`\n${summaryOf(rows)} in ${seconds.toFixed(0)} s`);
  if (settings.write && wrong.length === 0) {
    writeFileSync(PAGE, pageOf(rows, new Date().toISOString().slice(0, 10)));
    console.log("written: docs/fleet.md");
  }
  if (settings.json) {
    const { seed, quick, latencies } = settings;
    console.log(JSON.stringify({ ok: wrong.length === 0, seed, quick, latencies, prices: PRICES, seconds, rows }));
  }
  return wrong.length === 0 ? 0 : 1;
}

function summaryOf(rows: readonly FleetRow[]): string {
  const holding = rows.filter(({ holds }) => holds).length;
  const required = rows.filter(({ mustHold }) => mustHold);
  const kept = required.filter(({ holds }) => holds).length;
  const within = rows.filter(({ greatestStalenessMs, boundMs }) => greatestStalenessMs <= boundMs + 0.01).length;
  return `${within} of ${rows.length} within their bound, ${holding} hold (${kept} of ${required.length} that have to)`;
}

process.exitCode = await main();
