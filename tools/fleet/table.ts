/** The rows as text: for a terminal, and as the page docs/fleet.md. */
import { PRICES, PRICES_SAID } from "../../src/plan/prices.js";
import { BURST_SAID, MIXTURE } from "./arrivals.js";
import type { LogKind } from "./log-service.js";
import { BYPASSED_AT_MOST, type FleetRow } from "./row.js";
import { LOGS, RATES, STALENESSES_MS } from "./rows.js";
import { DATA, LOOKUPS, SOURCE_MS } from "./run.js";
import { HOT_SHARE, PER_WRITER } from "./writers.js";

export const NAMES: Readonly<Record<LogKind, string>> = { kinesis: "Kinesis", dynamodb: "DynamoDB" };

const HEADINGS = [
  "environments",
  "bound, ms",
  "inval./s",
  "hit rate",
  "bypassed",
  "throttled/s",
  "oldest served, ms",
  "waiting p50 / p99, ms",
  "$ a month",
  "looked at, s",
  "",
] as const;

function cellsOf(row: FleetRow): string[] {
  const { waitingMs, limits, holds, wrong } = row;
  return [
    number(row.environments) + (row.fleet === "busy" ? " busy" : ""),
    number(row.maxStalenessMs),
    number(row.invalidationsPerSecond),
    percent(row.hitRate),
    percent(row.bypassedShare),
    number(row.throttledPerSecond),
    number(row.greatestStalenessMs),
    `${number(waitingMs.p50)} / ${number(waitingMs.p99)}`,
    number(row.dollarsPerMonth),
    number(row.virtualSeconds),
    wrong ?? (holds ? "holds" : `meets ${limits[0] ?? "no limit"}`),
  ];
}

export function lineOf(row: FleetRow): string {
  const [environments, bound, rate, hits, bypassed, throttled, oldest, waiting, dollars, seconds, said] = cellsOf(row);
  return [
    NAMES[row.log].padEnd(8),
    environments?.padStart(12),
    bound?.padStart(6),
    rate?.padStart(4),
    hits?.padStart(7),
    bypassed?.padStart(7),
    throttled?.padStart(7),
    oldest?.padStart(6),
    waiting?.padStart(9),
    dollars?.padStart(6),
    `${seconds?.padStart(4)} s`,
    said,
  ].join("  ");
}

export const LINE_HEADINGS =
  "log       environments   bound inv/s     hits bypassed thrott/s  oldest  wait, ms  $/month  looked at";

export function pageOf(rows: readonly FleetRow[], date: string): string {
  const mixed = rows.filter(({ fleet }) => fleet === "mixed");
  const busy = rows.filter(({ fleet }) => fleet === "busy");
  return `${INTRODUCTION(date)}
## Which log for which fleet

${summaryOf(mixed)}
${LOGS.map((log) => `## On ${NAMES[log]}\n\n${tableOf(mixed.filter((row) => row.log === log))}`).join("\n")}
## All busy at once

The hardest a fleet can be: each environment has five invocations a second, so each reads as often as its bound lets it.

${tableOf(busy)}`;
}

const INTRODUCTION = (date: string) => `# Fleets: which log, how many environments, at what price

Made on ${date} by \`npm run fleet -- --write\`; do not edit. \`npx scache plan\` prints a row for your own figures.

The shipped code in virtual time, against both services in memory with the quotas that AWS gives them. A Kinesis call takes
15 ms, a DynamoDB call 4. Of the environments ${percent(MIXTURE.busy)} are busy (five invocations a second each), ${percent(MIXTURE.bursty)} come in bursts
(${BURST_SAID}), and ${percent(MIXTURE.frozen)} are mostly frozen (an invocation a minute). Each
invocation reads ${LOOKUPS} of ${DATA} data that take ${SOURCE_MS} ms to load. Of the invalidations ${percent(HOT_SHARE)} name one of those; no writer makes
more than ${PER_WRITER} a second. The stream has one shard: more of them would not help, since every environment reads them all.

"Oldest served" is for how long the oldest value that any invocation was given had been out of date when that invocation
began, by the clock that knows; it is never above the bound. A row *holds* if fewer than ${percent(BYPASSED_AT_MOST)} of the invocations had to do without
the cache, since the log could not be read, and every invalidation was acknowledged; otherwise it says which limit it meets.
Nothing is ever served that is too old: a fleet that is too large for its log loses hits, and no promise.

Prices: ${PRICES_SAID}.
`;

/** For each size and bound, the cheaper log that holds, at ten invalidations a second. */
function summaryOf(rows: readonly FleetRow[]): string {
  const rate = 10;
  const sizes = [...new Set(rows.map(({ environments }) => environments))];
  const head = ["environments", ...STALENESSES_MS.map((ms) => `\`maxStalenessMs\` ${number(ms)}`)];
  const lines = sizes.map((environments) => [
    number(environments),
    ...STALENESSES_MS.map((maxStalenessMs) =>
      choiceOf(
        rows.filter(
          (row) =>
            row.environments === environments &&
            row.maxStalenessMs === maxStalenessMs &&
            row.invalidationsPerSecond === rate,
        ),
      ),
    ),
  ]);
  return `At ${rate} invalidations a second, of the logs that hold the cheaper one, and dollars a month (${PRICES.region}, ${PRICES.asOf}):\n\n${markdown(head, lines)}`;
}

function choiceOf(rows: readonly FleetRow[]): string {
  const [best] = rows.filter(({ holds }) => holds).sort((a, b) => a.dollarsPerMonth - b.dollarsPerMonth);
  if (best !== undefined) return `${NAMES[best.log]}, $${number(best.dollarsPerMonth)}`;
  const [least] = [...rows].sort((a, b) => a.bypassedShare - b.bypassedShare);
  return least === undefined ? "" : `neither (${NAMES[least.log]}: ${percent(least.bypassedShare)} bypassed)`;
}

const tableOf = (rows: readonly FleetRow[]) => markdown(HEADINGS, rows.map(cellsOf));

function markdown(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return [head, head.map(() => "---"), ...lines].map(line).join("");
}

function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} %`;
}

function number(value: number): string {
  return (value > 0 && value < 10 ? Number(value.toPrecision(2)) : Math.round(value)).toLocaleString("en-US");
}

export const GRID_SAID = `${STALENESSES_MS.join(", ")} ms; ${RATES.join(", ")} invalidations a second`;
