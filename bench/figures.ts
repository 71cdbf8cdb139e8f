/**
 * Puts a run's figures into docs/performance.md (`--write`), so that what stands there is what was measured: the part
 * between `<!-- <name> -->` and `<!-- end of <name> -->` is replaced, everything else is left as people wrote it.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { describeTarget, type Result, shown } from "./result.js";

const PAGE = fileURLToPath(new URL("../docs/performance.md", import.meta.url));

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
}

export function thisMachine(): Machine {
  return { cpu: cpus()[0]?.model.trim() ?? "unknown", cores: cpus().length, node: process.version };
}

/** The figures as a table, under the date and the machine they were taken on. */
export function figuresTable(results: readonly Result[], date: Date, machine: Machine): string {
  const when = `${date.toISOString().slice(0, 10)}, ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}.`;
  const head = "| | median | middle half | runs | target | |\n| --- | --: | --: | --: | --: | --- |";
  return `${when}\n\n${head}\n${results.map(row).join("\n")}`;
}

function row({ suite, name, unit, median, spread, runs, target, pass, note }: Result): string {
  const value = `${shown(median)} ${unit}`;
  const middle = runs > 1 ? `${shown(spread[0])} – ${shown(spread[1])}` : "";
  const verdict = pass === undefined ? "" : pass ? "holds" : "**fails**";
  const wanted = target === undefined ? "" : `${describeTarget(target)}`;
  const said = note === undefined ? "" : ` (${note})`;
  return `| ${suite}: ${name}${said} | ${value} | ${middle} | ${runs} | ${wanted} | ${verdict} |`;
}

export function writeFigures(name: string, table: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no part between ${begin} and ${end}`);
  writeFileSync(PAGE, `${page.slice(0, from + begin.length)}\n${table}\n${page.slice(to)}`);
}
