/**
 * `npx scache plan`: which log a fleet should have, at what price, and which limit of the service it would meet. It reads nothing
 * but its arguments, and reaches for no network: a formula, with prices of one day.
 */
import { LONGEST_GAP_MS } from "../options.js";
import { adviseOn } from "../plan/advice.js";
import { LIMIT_NAMES } from "../plan/limits.js";
import { type FleetFigures, type LogPlan, planFleet } from "../plan/model.js";
import { PRICES, PRICES_SAID } from "../plan/prices.js";
import { type Bounds, numberOf, readArguments, WrongUsage } from "./arguments.js";
import type { Command } from "./command.js";

interface Figure {
  readonly field: keyof FleetFigures;
  readonly bounds: Bounds;
  /** Undefined: it must be given. */
  readonly otherwise: number | undefined;
  readonly says: string;
}

const FIGURES = {
  environments: {
    field: "environments",
    bounds: { min: 1, max: 1e6, whole: true },
    otherwise: undefined,
    says: "environments at work at once",
  },
  staleness: {
    field: "maxStalenessMs",
    // As the option is refused above half of the gap.
    bounds: { min: 0, max: LONGEST_GAP_MS / 2 },
    otherwise: undefined,
    says: "the option maxStalenessMs",
  },
  invalidations: {
    field: "invalidationsPerSecond",
    bounds: { min: 0.001, max: 1e6 },
    otherwise: undefined,
    says: "published by all writers together, a second",
  },
  invocations: {
    field: "invocationsPerSecond",
    bounds: { min: 0.0001, max: 1_000 },
    otherwise: 5,
    says: "of one environment, a second",
  },
  lookups: {
    field: "lookups",
    bounds: { min: 1, max: 10_000 },
    otherwise: 1,
    says: "data that an invocation reads through the cache",
  },
  data: {
    field: "data",
    bounds: { min: 1, max: 1e7 },
    otherwise: 25,
    says: "different data that an environment reads",
  },
  "hot-share": {
    field: "hotShare",
    bounds: { min: 0, max: 1 },
    otherwise: 0.05,
    says: "of the invalidations, so many name one of those",
  },
  "source-ms": {
    field: "sourceMs",
    bounds: { min: 0, max: 60_000 },
    otherwise: 20,
    says: "what loading one of them takes",
  },
  "kinesis-ms": {
    field: "kinesisMs",
    bounds: { min: 0.1, max: 10_000 },
    otherwise: 15,
    says: "what a call to Kinesis takes",
  },
  "dynamodb-ms": {
    field: "dynamodbMs",
    bounds: { min: 0.1, max: 10_000 },
    otherwise: 4,
    says: "what a call to DynamoDB takes",
  },
  "key-bytes": {
    field: "keyBytes",
    bounds: { min: 8, max: 1_000, whole: true },
    otherwise: 32,
    says: "of an id as it is written: id=12345&s=db.users.id&t=data.ID",
  },
} as const satisfies Record<string, Figure>;

type Name = keyof typeof FIGURES;

const figuresUsage = (Object.keys(FIGURES) as Name[])
  .map((name) => {
    const { otherwise, says } = FIGURES[name];
    return `  ${`--${name} ${name === "staleness" || name.endsWith("-ms") ? "MS" : "N"}`.padEnd(19)} ${says}${otherwise === undefined ? "" : ` (${otherwise})`}\n`;
  })
  .join("");

const USAGE = `Usage: npx scache plan --environments N --staleness MS --invalidations N [options]

Says which log to choose for a fleet, what it costs, and which limit of the service it would meet.

${figuresUsage}  --json              prints one JSON object

Invocations are taken to come at random, and every environment to be busy at once, which is the hardest for a log.
docs/fleet.md has the same for mixed fleets, simulated; the formula is held to that simulation by a test.
Prices: ${PRICES_SAID}.

Exit code: 0; 1 if neither log holds; 2 for wrong arguments.
`;

/** @throws WrongUsage */
export function readPlan(args: readonly string[]): { readonly figures: FleetFigures; readonly json: boolean } {
  const kinds = Object.fromEntries((Object.keys(FIGURES) as Name[]).map((name) => [name, "value"] as const));
  const { options, positionals } = readArguments(args, {
    ...(kinds as { readonly [Each in Name]: "value" }),
    json: "flag",
  } as const);
  if (positionals.length > 0) throw new WrongUsage(`"${positionals[0]}" belongs to no option`);
  const missing = (Object.keys(FIGURES) as Name[]).filter(
    (name) => FIGURES[name].otherwise === undefined && options[name] === undefined,
  );
  if (missing.length > 0) throw new WrongUsage(`${missing.map((name) => `--${name}`).join(", ")} must be given`);
  const figures = (Object.keys(FIGURES) as Name[]).map((name) => {
    const { field, bounds, otherwise } = FIGURES[name];
    const text = options[name];
    return [field, text === undefined ? otherwise : numberOf(name, text, bounds)] as const;
  });
  return { figures: Object.fromEntries(figures) as unknown as FleetFigures, json: options.json };
}

export const plan: Command = {
  usage: USAGE,

  async run(args, { out }) {
    const { figures, json } = readPlan(args);
    const planned = planFleet(figures);
    const advice = adviseOn(figures, planned);
    if (json) out(JSON.stringify({ figures, ...planned, ...advice, prices: PRICES }));
    else for (const line of linesOf(figures, planned, advice)) out(line);
    return advice.choose === "neither" ? 1 : 0;
  },
};

const HEADINGS = [
  "",
  "hit rate",
  "bypassed",
  "throttled/s",
  "waiting p50 / p99",
  "spared, an invocation",
  "a month",
  "",
];

function linesOf(
  figures: FleetFigures,
  { kinesis, dynamodb }: ReturnType<typeof planFleet>,
  { reasons }: ReturnType<typeof adviseOn>,
): string[] {
  const {
    environments,
    maxStalenessMs,
    invalidationsPerSecond,
    invocationsPerSecond,
    lookups,
    data,
    hotShare,
    sourceMs,
  } = figures;
  const rows = [HEADINGS, cellsOf("Kinesis", kinesis), cellsOf("DynamoDB", dynamodb)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [
    `${counted(environments, "environment")}, maxStalenessMs ${count(maxStalenessMs)}, ${counted(invalidationsPerSecond, "invalidation")} a second`,
    "",
    ...rows.map((row) =>
      row
        .map((cell, column) =>
          column === 0 || column === row.length - 1
            ? cell.padEnd(widths[column] ?? 0)
            : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    ),
    "",
    ...reasons,
    "",
    `Each environment has ${counted(invocationsPerSecond, "invocation")} a second, each reads ${count(lookups)} of ${count(data)} data that take ${count(sourceMs)} ms to load;`,
    `${share(hotShare)} of the invalidations name one of those.`,
    `Prices: ${PRICES_SAID}.`,
  ];
}

function cellsOf(name: string, log: LogPlan): string[] {
  const { waitingMs, savedMs, holds, limit, used } = log;
  return [
    name,
    share(log.hitRate),
    share(log.bypassedShare),
    count(log.throttledPerSecond),
    `${count(waitingMs.p50)} / ${count(waitingMs.p99)} ms`,
    `${savedMs < 0 ? "-" : ""}${count(Math.abs(savedMs))} ms`,
    `$${count(log.dollarsPerMonth)}`,
    holds ? `holds (${share(used)} of ${LIMIT_NAMES[limit]})` : `meets ${LIMIT_NAMES[limit]}`,
  ];
}

function counted(value: number, what: string): string {
  const said = count(value);
  return `${said} ${what}${said === "1" ? "" : "s"}`;
}

function count(value: number): string {
  return (value < 10 ? Number(value.toPrecision(2)) : Math.round(value)).toLocaleString("en-US", {
    maximumFractionDigits: 4,
  });
}

function share(value: number): string {
  const percent = value * 100;
  return `${percent > 0 && percent < 10 ? Number(percent.toPrecision(2)) : Math.round(percent)} %`;
}
