/**
 * The demo's table, its small print and its answer, for people: 80 columns, readable without colour.
 */
import { PRICES } from "../../src/plan/prices.js";
import { answerOf, type DemoResult, LAMBDA, type SetupFigures } from "./figures.js";
import type { Setup } from "./setups.js";
import type { Terminal } from "./terminal.js";

const LABEL_WIDTH = 25;
const COLUMN_WIDTH = 17;

interface Row {
  readonly label: string;
  /** Undefined: there is no such thing in this set-up. */
  of(figures: SetupFigures, hasLog: boolean): string | undefined;
}

const ROWS: readonly (Row | "rule")[] = [
  { label: "invocations", of: ({ invocations }) => count(invocations) },
  { label: "median", of: ({ medianMs }) => ms(medianMs) },
  { label: "95 % take less than", of: ({ p95Ms }) => ms(p95Ms) },
  { label: "average", of: ({ meanMs }) => ms(meanMs) },
  { label: "of which for the log", of: ({ waitedMs }, hasLog) => (hasLog ? ms(waitedMs) : undefined) },
  "rule",
  { label: "hits", of: ({ hitRate }, hasLog) => (hasLog ? `${(100 * hitRate).toFixed(0)} %` : undefined) },
  { label: "loads on the source", of: ({ loads }) => count(loads) },
  { label: "calls to the log", of: ({ logCalls }, hasLog) => (hasLog ? count(logCalls) : undefined) },
  "rule",
  { label: "a month of Lambda's time", of: ({ dollarsPerMonth: { lambda } }) => dollars(lambda) },
  { label: "a month of the log", of: ({ dollarsPerMonth: { log } }, hasLog) => (hasLog ? dollars(log) : undefined) },
  "rule",
  { label: "oldest answer", of: ({ oldestMs }) => `${(oldestMs / 1_000).toFixed(1)} s` },
];

export function printTable(result: DemoResult, setups: readonly Setup[], terminal: Terminal): void {
  const { bold, dim, green, red } = terminal.styles;
  const figures = [result.withoutCache, result.logs.kinesis, result.logs.dynamodb];
  const cells = (label: string, texts: readonly string[]) =>
    terminal.line(`  ${label.padEnd(LABEL_WIDTH)}${texts.join("")}`);
  const column = (text: string) => text.padStart(COLUMN_WIDTH);
  const rule = () => terminal.line(dim(`  ${"─".repeat(LABEL_WIDTH + 3 * COLUMN_WIDTH)}`));
  cells(
    "",
    setups.map(({ title }) => bold(column(title))),
  );
  cells(
    "",
    setups.map(({ subtitle }) => dim(column(subtitle))),
  );
  rule();
  for (const row of ROWS) {
    if (row === "rule") rule();
    else
      cells(
        row.label,
        figures.map((each, index) => column(row.of(each, index > 0) ?? "–")),
      );
  }
  const stale = figures.map(({ staleReads }) => (staleReads === 0 ? green : red)(bold(column(count(staleReads)))));
  cells("stale answers", stale);
  terminal.line();
  for (const text of smallPrint(result)) terminal.text(text, dim);
  terminal.line();
  terminal.text(`Does it pay? ${answerOf(result)}`, (line) => bold((result.pays ? green : red)(line)));
}

function smallPrint({ requestsPerSecond, simulatedMs, withoutCache, logs }: DemoResult): readonly string[] {
  const { source, kinesis, dynamodb } = simulatedMs;
  const all = [withoutCache, logs.kinesis, logs.dynamodb];
  const refused = all.reduce((sum, { refusedCalls }) => sum + refusedCalls, 0);
  const lateMs = all.reduce((sum, figures) => sum + figures.lateMs, 0) / all.length;
  const judged = all.reduce((sum, { answersJudged }) => sum + answersJudged, 0);
  return [
    `Every environment had read every user once before this. Stale is what is older than promised: ${count(judged)} answers were judged from outside. Dollars are of ${requestsPerSecond.toFixed(0)} requests a second, Lambda with ${LAMBDA.lambdaMb} MB, in ${PRICES.region} as of ${PRICES.asOf}.`,
    `Simulated: ${source} ms to the source, ${kinesis} ms to Kinesis, ${dynamodb} ms to the log's table. What the emulators on this machine took beyond that, ${ms(lateMs)} an invocation, is left out. AWS's quotas are enforced: ${count(refused)} calls were refused.`,
  ];
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const dollars = (value: number) => `$${value.toFixed(2)}`;
const count = (value: number) => new Intl.NumberFormat("en").format(value);
