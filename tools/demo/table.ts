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

const ROWS: readonly Row[] = [
  { label: "invocations", of: ({ invocations }) => count(invocations) },
  { label: "median", of: ({ medianMs }) => ms(medianMs) },
  { label: "95 % take less than", of: ({ p95Ms }) => ms(p95Ms) },
  { label: "average", of: ({ meanMs }) => ms(meanMs) },
  { label: "of which for the log", of: ({ waitedMs }, hasLog) => (hasLog ? ms(waitedMs) : undefined) },
  { label: "hits", of: ({ hitRate }, hasLog) => (hasLog ? `${(100 * hitRate).toFixed(0)} %` : undefined) },
  { label: "loads on the source", of: ({ loads }) => count(loads) },
  { label: "calls to the log", of: ({ logCalls }, hasLog) => (hasLog ? count(logCalls) : undefined) },
  { label: "a month of Lambda's time", of: ({ dollarsPerMonth: { lambda } }) => dollars(lambda) },
  { label: "a month of the log", of: ({ dollarsPerMonth: { log } }, hasLog) => (hasLog ? dollars(log) : undefined) },
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
  const row = (label: string, of: Row["of"]) =>
    cells(
      label,
      figures.map((each, index) => column(of(each, index > 0) ?? "–")),
    );
  for (const { label, of } of ROWS) row(label, of);
  rule();
  row("oldest answer", ({ oldestMs }) => `${(oldestMs / 1_000).toFixed(1)} s`);
  const stale = figures.map(({ staleReads }) => (staleReads === 0 ? green : red)(bold(column(count(staleReads)))));
  cells("stale answers", stale);
  terminal.line();
  terminal.text(smallPrint(result), dim);
  terminal.line();
  terminal.text(`Does it pay? ${answerOf(result)}`, (line) => bold((result.pays ? green : red)(line)));
}

function smallPrint({ requestsPerSecond, withoutCache, logs }: DemoResult): string {
  const all = [withoutCache, logs.kinesis, logs.dynamodb];
  const sum = (of: (figures: SetupFigures) => number) => all.reduce((total, figures) => total + of(figures), 0);
  const judged = count(sum(({ answersJudged }) => answersJudged));
  const lateMs = ms(sum((figures) => figures.lateMs) / all.length);
  return [
    `Stale: older than promised; ${judged} answers judged.`,
    `Dollars: ${requestsPerSecond.toFixed(0)} requests a second, ${LAMBDA.lambdaMb} MB, arm64, ${PRICES.region}, ${PRICES.asOf}.`,
    `The emulators' time beyond what is simulated is left out: ${lateMs} an invocation.`,
    `Calls over quota: ${count(sum(({ refusedCalls }) => refusedCalls))}.`,
  ].join(" ");
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const dollars = (value: number) => `$${value.toFixed(2)}`;
const count = (value: number) => new Intl.NumberFormat("en").format(value);
