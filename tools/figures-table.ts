/**
 * Writes the table of figures into docs/metrics.md, between its marks: `npm run docs:figures`. The table follows from the
 * one in the source, and a test holds the page to it.
 */

import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FIGURES, type Figure, type FigureName, LOG_KINDS, LOGS, METRICS } from "../src/metrics/names.js";

export const METRICS_PAGE = fileURLToPath(new URL("../docs/metrics.md", import.meta.url));
const [BEGIN, END] = ["<!-- figures: written by npm run docs:figures -->", "<!-- /figures -->"];
const WAITED: readonly string[] = LOG_KINDS.map((kind) => LOGS[kind].waited);
const PUBLISHED: Readonly<Record<string, string>> = METRICS;

function scopeOf({ unit, told, scope }: Figure): string {
  if (scope === "invocation" || unit === "text") return `the ${scope}`;
  return told === "summed" ? "the environment, since its last line" : "the environment, at the end";
}

function rowOf(name: FigureName): string {
  const { label, unit } = FIGURES[name];
  // The time waited is one figure, called after the log that was read.
  const names = WAITED.includes(name) ? LOG_KINDS.map((kind) => LOGS[kind].metric) : [PUBLISHED[name] ?? name];
  const isMetric = WAITED.includes(name) || name in METRICS;
  const cells = [names.map((each) => `\`${each}\``).join(" or "), label, unit, scopeOf(FIGURES[name])];
  return `| ${[...cells, isMetric ? "metric" : ""].join(" | ")} |`;
}

/** The page with the table as it should be. */
export function withTable(page: string): string {
  const names = (Object.keys(FIGURES) as FigureName[]).filter((name) => name !== LOGS.DynamoDB.waited);
  const head = "| name in the line | what | unit | of | |\n| --- | --- | --- | --- | --- |";
  const [before = "", rest = ""] = page.split(BEGIN);
  const [, after = ""] = rest.split(END);
  return `${before}${BEGIN}\n${[head, ...names.map(rowOf)].join("\n")}\n${END}${after}`;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(METRICS_PAGE, withTable(readFileSync(METRICS_PAGE, "utf8")));
}
