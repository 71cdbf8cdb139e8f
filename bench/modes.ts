/**
 * `npm run bench:modes`: what whole invocations take with each `refreshWhen`, over the same without a cache, in the model of
 * modes-model.ts. `--write` puts the summary into docs/performance.md and draws docs/modes.svg.
 */
import type { RefreshWhen } from "../src/core/settings.js";
import { readArguments, wholeNumber } from "../tools/arguments.js";
import { writeFigures } from "./figures.js";
import { CASES, MODES, measureRow, type Outcome, type Row } from "./modes-model.js";
import { drawModes } from "./modes-picture.js";

const USAGE = `usage: npm run bench:modes -- [options]

What invocations take with each refreshWhen, over the same without a cache, in virtual time.

  --invocations N  of each mode in each row (600)
  --seed N         decides them all (1)
  --write          puts the summary into docs/performance.md, and draws docs/modes.svg
  --json           one JSON object as the last line
  --help           prints this

Exit code: 0; 1 when the median of "alongside" or "used" is more than 1.05 of no cache in a row, 1.12 under 20 ms; 2 for wrong
arguments.`;

const ratio = (row: Row, mode: RefreshWhen, figure: keyof Outcome) => row[mode][figure] / row.none[figure];
const percent = (part: number, whole = 1) => `${Math.round((100 * part) / whole)} %`;

function printed(row: Row): string {
  const { sourceMs, logMs, hitRate, shape } = row;
  const cells = MODES.map((mode) => {
    const times = (["medianMs", "meanMs", "p99Ms"] as const).map((figure) => ratio(row, mode, figure).toFixed(2));
    return `${times.join(" ")} ${percent(ratio(row, mode, "loads")).padStart(5)}`;
  });
  const what = [`${sourceMs} ms`.padEnd(7), `${logMs}`.padEnd(4), percent(hitRate).padEnd(5), shape.padEnd(10)];
  return [...what, ...cells].join(" ");
}

/** Those that make the median of a row slower than a cache that never makes an invocation slower may. */
function slowerIn(row: Row): RefreshWhen[] {
  const mostFor = row.none.medianMs < 20 ? 1.12 : 1.05;
  return MODES.filter((mode) => mode !== "before" && ratio(row, mode, "medianMs") > mostFor);
}

function worstMedian(rows: readonly Row[], mode: RefreshWhen): number {
  return Math.max(...rows.map((row) => ratio(row, mode, "medianMs")));
}

/** The mean of what rows come to, for a page. */
function summary(rows: readonly Row[], count: number, seed: number): string {
  const mean = (figure: keyof Outcome, mode: RefreshWhen, of = rows) =>
    of.reduce((sum, row) => sum + ratio(row, mode, figure), 0) / of.length;
  const at = (hitRate: number) => rows.filter((row) => row.hitRate === hitRate);
  const line = (name: string, of: (mode: RefreshWhen) => string) => `| ${[name, ...MODES.map(of)].join(" | ")} |`;
  const byHitRate = (figure: keyof Outcome) => (mode: RefreshWhen) =>
    [0, 0.5, 0.95].map((rate) => mean(figure, mode, at(rate)).toFixed(2)).join(", ");
  return [
    `${rows.length} rows of ${count} invocations, seed ${seed}. Everything is over the same invocations without a cache.`,
    "",
    line("", (mode) => `\`${mode}\``),
    line("---", () => "---"),
    line("median, worst row", (mode) => worstMedian(rows, mode).toFixed(2)),
    line("mean, all rows", (mode) => mean("meanMs", mode).toFixed(2)),
    line("mean, at hit rates of 0, 50 and 95 %", byHitRate("meanMs")),
    line("p99, all rows", (mode) => mean("p99Ms", mode).toFixed(2)),
    line("loads on the source, at 0, 50 and 95 %", byHitRate("loads")),
  ].join("\n");
}

async function main(): Promise<number> {
  const { count, seed, write, json } = readArguments({
    usage: USAGE,
    options: {
      invocations: { type: "string", default: "600" },
      seed: { type: "string", default: "1" },
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
    read: ({ invocations, seed, ...flags }) => ({
      count: wholeNumber("invocations", invocations, 1),
      seed: wholeNumber("seed", seed),
      ...flags,
    }),
  });
  console.log("median, mean and p99 over no cache (below 1: faster), and loads over no cache's");
  console.log("source  log  hits  loads      before               alongside            used");
  const rows: Row[] = [];
  for (const some of CASES) {
    const row = await measureRow(some, count, seed);
    rows.push(row);
    console.log(printed(row));
  }
  const slower = rows.flatMap((row) => slowerIn(row).map((mode) => `${mode}: ${printed(row)}`));
  for (const each of slower) console.log(`slower than no cache in the median: ${each}`);
  const table = summary(rows, count, seed);
  console.log(`\n${table}`);
  if (write) {
    writeFigures("modes", table);
    drawModes(rows);
  }
  if (json) console.log(JSON.stringify({ seed, invocations: count, rows, slower }));
  return slower.length === 0 ? 0 : 1;
}

process.exitCode = await main();
