/**
 * The report for a terminal: the answer first, then the course of time, then each function and stream, then trouble.
 * Returns text and prints nothing; colour only where it is asked for.
 */

import { formatCount, formatDuration, formatShare, formatTime } from "./format.js";
import { type Sample, type Spark, sparkline } from "./sparkline.js";
import type { Account, GroupAccount, ReportSummary } from "./summary.js";
import type { SeriesPoint } from "./time-series.js";
import { breakEvenInShort, verdictOn } from "./verdict.js";

export interface TextOptions {
  readonly width: number;
  readonly colour: boolean;
}

type Style = "bold" | "dim" | "green" | "red" | "yellow";
const CODES: Record<Style, number> = { bold: 1, dim: 2, green: 32, red: 31, yellow: 33 };
const LABEL_WIDTH = 14;
const SCALE_WIDTH = 26;

export function renderText(summary: ReportSummary, options: TextOptions): string {
  const paint = (text: string, ...styles: Style[]) =>
    options.colour ? styles.reduce((inner, style) => `\u001b[${CODES[style]}m${inner}\u001b[0m`, text) : text;
  const verdict = verdictOn(summary);
  const answerStyle = verdict.answer === "yes" ? "green" : verdict.answer === "no" ? "red" : "yellow";
  const lines = [paint("Does the cache pay?", "bold"), paint(verdict.headline, "bold", answerStyle)];
  if (summary.invocations === 0) return `${lines.join("\n")}\n`;
  lines.push(verdict.breakEven, "", ...sparkLines(summary, options, paint), "");
  for (const group of summary.groups) lines.push(...groupLines(group, paint), "");
  if (summary.groupsMerged > 0) lines.push(`"others" holds ${summary.groupsMerged} more functions and streams.`, "");
  lines.push(...boundLines(summary), "", troubleLine(summary));
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
    samples(account.series, (point) => point.timeSavedMs - point.kinesisLatencyMs),
    span,
  );
  const hits = sparkline(shares(account.series), { ...span, top: 1 });
  const waits = sparkline(means(account.series), span);
  const mean = account.kinesisWaits === 0 ? 0 : account.kinesisLatencyMs / account.kinesisWaits;
  return [
    row("net saved", net, `${formatDuration(net.lowest)} … ${formatDuration(net.highest)}`),
    row("hit rate", hits, `${formatShare(account.hitRate)} (of 100 %)`),
    row("Kinesis wait", waits, `${formatDuration(mean)} on average`),
    `${" ".repeat(LABEL_WIDTH)}${paint(axis, "dim")}`,
  ];
}

const samples = (series: readonly SeriesPoint[], value: (point: SeriesPoint) => number): Sample[] =>
  series.map((point) => ({ atMs: point.startMs, value: value(point) }));

const shares = (series: readonly SeriesPoint[]): Sample[] =>
  series.map(({ startMs, hits, misses }) => ({ atMs: startMs, value: hits, per: hits + misses }));

const means = (series: readonly SeriesPoint[]): Sample[] =>
  series.map(({ startMs, kinesisLatencyMs, kinesisWaits }) => ({
    atMs: startMs,
    value: kinesisLatencyMs,
    per: kinesisWaits,
  }));

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
    samples(group.series, (point) => point.timeSavedMs - point.kinesisLatencyMs),
    spanOf(group, 40),
  );
  const sum = group.netTimeSavedMs;
  const percentiles =
    group.kinesisWaits === 0
      ? "never waited"
      : `waited p50 ${formatDuration(group.waitP50Ms ?? 0)}, p99 ${formatDuration(group.waitP99Ms ?? 0)}`;
  return [
    `${paint(names, "bold")} ${paint(`on ${group.stream}`, "dim")}`,
    `  net ${paint(formatDuration(sum), sum < 0 ? "red" : "green")}   hits ${formatShare(group.hitRate)}   ` +
      `invocations ${formatCount(group.invocations)}   ${percentiles}`,
    `  ${coloured(net, paint)}  ${paint(breakEvenInShort(group), "dim")}`,
  ];
}

/** A few bounds, to show what more of it would bring. */
function boundLines(summary: ReportSummary): string[] {
  const shown = summary.bounds.filter(({ maxStalenessMs }) => [0, 100, 1_000, 10_000, 60_000].includes(maxStalenessMs));
  const cells = shown.map(({ maxStalenessMs, netTimeSavedMs }) => [
    maxStalenessMs === 0 ? "0" : formatDuration(maxStalenessMs),
    formatDuration(netTimeSavedMs),
  ]);
  const widths = cells.map((cell) => Math.max(...cell.map((text) => text.length)) + 3);
  const row = (label: string, at: 0 | 1) =>
    label.padEnd(LABEL_WIDTH) + cells.map((cell, index) => (cell[at] ?? "").padStart(widths[index] ?? 0)).join("");
  return [row("staleness", 0), row("net, replayed", 1)];
}

function troubleLine(summary: ReportSummary): string {
  const parts: [number, string][] = [
    [summary.states.bypassed ?? 0, "invocations bypassed the cache"],
    [summary.states.stale ?? 0, "served what was proven before"],
    [summary.refreshFailures, "refreshes failed"],
    [summary.publishFailures, "publications failed"],
    [summary.throttles, "throttles"],
    [summary.recordsSkipped, "records not understood"],
    [summary.flushes, "flushes"],
    [summary.fillsRefused, "fills refused"],
  ];
  const present = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  return present.length === 0 ? "No trouble: nothing failed." : `Trouble: ${present.join(", ")}.`;
}
