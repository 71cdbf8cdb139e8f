/**
 * The report for a terminal: the answer first, then the course of time, then each function and its log, then trouble.
 * Returns text and prints nothing; colour only where it is asked for.
 */

import { FIGURES, LOGS, type SummedName } from "../metrics/names.js";
import { formatCount, formatDuration, formatShare, formatTime } from "./format.js";
import { COUNT_NAMES, TROUBLES } from "./metric-line.js";
import { isIncomplete, notesOn, type ReportSource } from "./source.js";
import { type Sample, type Spark, sparkline } from "./sparkline.js";
import type { Account, GroupAccount, LogAccount, ReportSummary } from "./summary.js";
import type { SeriesPoint } from "./time-series.js";
import { breakEvenInShort, logName, MAX_LOGS, verdictOn } from "./verdict.js";

export interface TextOptions {
  readonly width: number;
  readonly colour: boolean;
}

type Style = "bold" | "dim" | "green" | "red" | "yellow";
const CODES: Record<Style, number> = { bold: 1, dim: 2, green: 32, red: 31, yellow: 33 };
const LABEL_WIDTH = 19;
const SCALE_WIDTH = 26;
const BOUNDS: readonly number[] = [0, 100, 1_000, 10_000, 60_000];
/** What the answer, the plots and the groups tell already. */
const TOLD: readonly SummedName[] = [
  "timeSavedMs",
  ...Object.values(LOGS).map(({ waited }) => waited),
  "hits",
  "misses",
];
const REST = COUNT_NAMES.filter((name) => !TROUBLES.includes(name) && !TOLD.includes(name));

export function renderText(summary: ReportSummary, options: TextOptions, source?: ReportSource): string {
  const paint = (text: string, ...styles: Style[]) =>
    options.colour ? styles.reduce((inner, style) => `\u001b[${CODES[style]}m${inner}\u001b[0m`, text) : text;
  const verdict = verdictOn(summary, isIncomplete(source));
  const notes = source === undefined ? [] : notesOn(source).map((note) => paint(note, "yellow"));
  const answerStyle = verdict.answer === "yes" ? "green" : verdict.answer === "no" ? "red" : "yellow";
  const lines = [paint("Does the cache pay?", "bold"), paint(verdict.headline, "bold", answerStyle)];
  if (summary.invocations === 0) return `${[...lines, ...notes].join("\n")}\n`;
  lines.push(
    verdict.breakEven,
    ...(verdict.reading === "" ? [] : [verdict.reading]),
    "",
    ...sparkLines(summary, options, paint),
    "",
  );
  for (const group of summary.groups) lines.push(...groupLines(group, paint), "");
  if (summary.groupsMerged > 0) lines.push(`"others" holds ${summary.groupsMerged} more functions.`, "");
  const bounds = boundLines(summary);
  if (bounds.length > 0) lines.push(...bounds, "");
  lines.push(...restLine(summary), troubleLine(summary), ...notes);
  return `${lines.join("\n")}\n`;
}

type Paint = (text: string, ...styles: Style[]) => string;

function sparkLines(account: Account, options: TextOptions, paint: Paint): string[] {
  const span = spanOf(account, Math.min(96, options.width - LABEL_WIDTH - SCALE_WIDTH));
  const seconds = account.lastMs - account.firstMs < 3_600_000;
  const axis = spread(formatTime(account.firstMs, seconds), `${formatTime(account.lastMs, seconds)} UTC`, span.width);
  const row = (label: string, spark: Spark, scale: string) =>
    `${label.padEnd(LABEL_WIDTH)}${coloured(spark, paint)} ${paint(scale, "dim")}`;
  const net = sparkline(
    samples(account.series, (point) => point.timeSavedMs - point.waitedMs),
    span,
  );
  const hits = sparkline(shares(account.series), { ...span, top: 1 });
  const waits = sparkline(means(account.series), span);
  const mean = account.waits === 0 ? 0 : account.waitedMs / account.waits;
  return [
    row("net saved", net, `${formatDuration(net.lowest)} … ${formatDuration(net.highest)}`),
    row("hit rate", hits, `${formatShare(account.hitRate)} (of 100 %)`),
    row(FIGURES.kinesisLatencyMs.label, waits, `${formatDuration(mean)} on average`),
    `${" ".repeat(LABEL_WIDTH)}${paint(axis, "dim")}`,
  ];
}

const samples = (series: readonly SeriesPoint[], value: (point: SeriesPoint) => number): Sample[] =>
  series.map((point) => ({ atMs: point.startMs, value: value(point) }));

const shares = (series: readonly SeriesPoint[]): Sample[] =>
  series.map(({ startMs, hits, misses }) => ({ atMs: startMs, value: hits, per: hits + misses }));

const means = (series: readonly SeriesPoint[]): Sample[] =>
  series.map(({ startMs, waitedMs, waits }) => ({ atMs: startMs, value: waitedMs, per: waits }));

/** Whole buckets, and no more characters than buckets, so that only times without lines stay blank. */
function spanOf(account: Account, width: number): { firstMs: number; lastMs: number; width: number } {
  const { bucketMs } = account;
  const first = Math.floor(account.firstMs / bucketMs);
  const last = Math.floor(account.lastMs / bucketMs);
  const columns = Math.max(1, Math.min(Math.max(10, width), last - first + 1));
  return { firstMs: first * bucketMs, lastMs: (last + 1) * bucketMs - 1, width: columns };
}

/** Losses are red, so that they are seen even where the scale is dominated by gains. */
function coloured(spark: Spark, paint: Paint): string {
  const blocks = [...spark.text];
  return blocks.map((block, at) => paint(block, (spark.values[at] ?? 0) < 0 ? "red" : "green")).join("");
}

function spread(left: string, right: string, width: number): string {
  return left + right.padStart(Math.max(right.length + 1, width - left.length));
}

function groupLines(group: GroupAccount, paint: Paint): string[] {
  const names = [...new Set([group.service, group.functionName])].join(" · ");
  const net = sparkline(
    samples(group.series, (point) => point.timeSavedMs - point.waitedMs),
    spanOf(group, 40),
  );
  const sum = group.netTimeSavedMs;
  const percentiles =
    group.waits === 0
      ? "never waited"
      : `waited p50 ${formatDuration(group.waitP50Ms ?? 0)}, p99 ${formatDuration(group.waitP99Ms ?? 0)}`;
  return [
    `${paint(names, "bold")} ${paint(`on ${logName(group)}`, "dim")}`,
    `  net ${paint(formatDuration(sum), sum < 0 ? "red" : "green")}   hits ${formatShare(group.hitRate)}   ` +
      `invocations ${formatCount(group.invocations)}   ${percentiles}`,
    `  ${coloured(net, paint)}  ${paint(breakEvenInShort(group), "dim")}`,
  ];
}

/** A few bounds, to show what more of it would bring: for each log by itself. */
function boundLines({ logs }: ReportSummary): string[] {
  const shown = logs.filter(({ isInOrder }) => isInOrder).slice(0, MAX_LOGS);
  if (shown.length === 0) return [];
  const label = (log: LogAccount) => (logs.length === 1 ? "net, replayed" : logName(log));
  const rows = [
    ["staleness", ...BOUNDS.map((ms) => (ms === 0 ? "0" : formatDuration(ms)))],
    ...shown.map((log) => [label(log), ...BOUNDS.map((ms) => formatDuration(netUnder(log, ms)))]),
  ];
  const widths = BOUNDS.map((_ms, at) => Math.max(...rows.map((row) => row[at + 1]?.length ?? 0)) + 3);
  const labelWidth = Math.max(LABEL_WIDTH, ...rows.map(([first = ""]) => first.length));
  return rows.map(([first = "", ...cells]) => {
    const columns = cells.map((cell, at) => cell.padStart(widths[at] ?? 0));
    return first.padEnd(labelWidth) + columns.join("");
  });
}

const netUnder = ({ bounds }: LogAccount, ms: number) =>
  bounds.find(({ maxStalenessMs }) => maxStalenessMs === ms)?.netTimeSavedMs ?? 0;

/** All other figures that are added up, as far as there are any. */
function restLine(summary: ReportSummary): string[] {
  const parts = REST.filter((name) => summary[name] > 0).map((name) => figureOf(summary, name));
  return parts.length === 0 ? [] : [`Also: ${parts.join(", ")}.`];
}

function troubleLine(summary: ReportSummary): string {
  const states: [number, string][] = [
    [summary.states.bypassed ?? 0, "invocations bypassed the cache"],
    [summary.states.stale ?? 0, "served what was proven before"],
  ];
  const present = [
    ...states.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`),
    ...TROUBLES.filter((name) => summary[name] > 0).map((name) => figureOf(summary, name)),
  ];
  return present.length === 0 ? "No trouble: nothing failed." : `Trouble: ${present.join(", ")}.`;
}

function figureOf(summary: ReportSummary, name: SummedName): string {
  const format = FIGURES[name].unit === "ms" ? formatDuration : formatCount;
  return `${format(summary[name])} ${FIGURES[name].label}`;
}
