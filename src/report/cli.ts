#!/usr/bin/env node
/**
 * The command line: `npx scache report [FILE…|-]`. Reads logs, answers whether the cache pays, writes a page if asked to.
 * It changes nothing but the file named by `--html`, and needs no network and no credentials.
 */

import { readFileSync } from "node:fs";
import { asksForHelp, meant, readArguments, WrongUsage, whereToLook } from "../cli/arguments.js";
import { watchOutput } from "../cli/output.js";
import { systemClock } from "../core/clock.js";
import { inThousandths } from "./format.js";
import { nameOf, sizesOf } from "./inputs.js";
import { renderPage } from "./page.js";
import { readPageAssets } from "./page-assets.js";
import { writePage } from "./page-file.js";
import { printable, printableJson } from "./printable.js";
import { createProgress } from "./progress.js";
import { LogReader } from "./read-log.js";
import { type NamedFindings, type ReportSource, sourceOf } from "./source.js";
import { renderText } from "./text.js";

const HELP = `Usage: npx scache report [FILE…|-] [--html FILE] [--json]

Reads log lines and answers: does the cache pay?

  FILE         logs that hold scache's lines: standard output, sam logs, docker logs, aws logs in any format, CloudWatch
               exports (CSV, JSON), lines wrapped as JSON, mixed with anything else, in UTF-8 or UTF-16, packed with gzip
               or not; - or nothing reads standard input. A line that is there several times counts once
  --html FILE  also writes one page with plots, which needs no network; replaces an earlier page, and no other file
  --json       prints one JSON object instead of the summary
  --help       prints this
  --version    prints the version of scache

For example
  aws logs tail /aws/lambda/users --since 1d --format short | npx scache report --html report.html

What is said
  net          what the hits had cost to load, less the time invocations waited for the stream or table
  hit rate     hits of all gets
  break-even   the smallest maxStalenessMs under which at least as much is saved as waited. The lines are replayed: each
               cache's invocations in order; those whose last proof would be older than the bound count as waiting, as
               long as they did wait, or as long as such a wait took on average. What hits saved is taken as it was.
               Only for lines that come oldest first (Logs Insights: sort @timestamp asc), and files in that order, too

Exit code: 0; 1 if no line of scache was found; 2 if it could not run, or if no line was found and not all could be read;
3 if the answer could not be written.
What could not be read is named, and all the rest counts.
`;

const COMMAND = "report";

interface Arguments {
  readonly files: readonly string[];
  readonly html: string | undefined;
  readonly json: boolean;
}

/** @throws WrongUsage */
function readReport(args: readonly string[]): Arguments | "help" | "version" {
  if (asksForHelp(args)) return "help";
  const { options, positionals } = readArguments(args, { html: "value", json: "flag", version: "flag" } as const);
  if (options.version) return "version";
  const [command, ...files] = positionals;
  if (command === undefined) throw new WrongUsage("name a command");
  if (command !== COMMAND) throw new WrongUsage(`there is no command "${command}"${meant(command, [COMMAND])}`);
  if (files.length === 0 && process.stdin.isTTY) throw new WrongUsage("name a file, or pipe a log into it");
  return { files: files.length === 0 ? ["-"] : files, html: options.html, json: options.json };
}

async function main(args: readonly string[]): Promise<number> {
  const options = readReport(args);
  if (options === "help" || options === "version") {
    process.stdout.write(options === "help" ? HELP : `${version()}\n`);
    return 0;
  }
  const sizes = sizesOf(options.files, options.html);
  const reader = new LogReader();
  const source = await readAll(reader, options.files, sizes);
  const summary = reader.summary.result();
  if (options.html !== undefined) writePage(options.html, renderPage(summary, source, readPageAssets()));
  if (options.json) {
    process.stdout.write(`${printableJson(JSON.stringify({ ...summary, input: source }, inThousandths))}\n`);
  } else {
    const { columns, isTTY } = process.stdout;
    const colour = isTTY === true && process.env.NO_COLOR === undefined;
    process.stdout.write(renderText(summary, { width: columns ?? 100, colour }, source));
  }
  if (summary.invocations > 0) return 0;
  return source.unread?.some(({ problems }) => problems.length > 0) === true ? 2 : 1;
}

async function readAll(
  reader: LogReader,
  files: readonly string[],
  sizes: readonly (number | undefined)[],
): Promise<ReportSource> {
  const total = sizes.reduce<number | undefined>(
    (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
  const progress = createProgress(process.stderr, total, systemClock.monotonic);
  const logs: NamedFindings[] = [];
  let bytes = 0;
  const advance = (more: number) => {
    bytes += more;
    progress.advance(more);
  };
  try {
    for (const file of files) {
      const findings =
        file === "-" ? await reader.addStream(process.stdin, advance) : await reader.addFile(file, advance);
      logs.push({ name: nameOf(file), ...findings });
    }
  } finally {
    progress.end();
  }
  for (const log of logs) complain(log);
  return sourceOf(logs, bytes);
}

/** Of a log that gave nothing, or not all: in a row of files, the others' figures would hide it. */
function complain({ name, lines, damaged, problems }: NamedFindings): void {
  for (const problem of problems) process.stderr.write(`scache: ${name}: ${problem}\n`);
  if (lines > 0 || problems.length > 0) return;
  const nothing = damaged === 0 ? "there is no line of scache in" : "no line of scache could be read in";
  process.stderr.write(`scache: ${nothing} ${name}\n`);
}

function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

watchOutput();

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`scache: ${printable(message)}\n`);
  if (error instanceof WrongUsage) process.stderr.write(`${whereToLook(COMMAND)}\n`);
  process.exitCode = 2;
}
