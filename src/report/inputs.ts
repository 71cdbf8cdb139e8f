/**
 * The files of a report, looked at before the first is read: each has to be there and given once, or it would be counted
 * twice; and none may be the page to be written, by whatever name. Here nothing is read or written.
 */

import { type BigIntStats, fstatSync, statSync } from "node:fs";
import { WrongUsage } from "../cli/arguments.js";
import { checkPageFile } from "./page-file.js";
import { printable } from "./printable.js";

const STANDARD_INPUT = "-";

/** As it may be printed. */
export const nameOf = (file: string) => (file === STANDARD_INPUT ? "standard input" : printable(file));

/**
 * The files' sizes, in bytes; undefined where nobody can know it.
 * @throws Error that names the file
 */
export function sizesOf(files: readonly string[], page: string | undefined): (number | undefined)[] {
  const known = new Map<string, string>();
  const stats = files.map((file) => {
    const found = file === STANDARD_INPUT ? statsOfInput() : statsOf(file);
    const identity = identityOf(file, found);
    const earlier = known.get(identity);
    if (earlier !== undefined) throw new WrongUsage(`${sameFile(file, earlier)}: it would be counted twice`);
    known.set(identity, file);
    return file === STANDARD_INPUT ? undefined : found;
  });
  if (page !== undefined) checkPage(page, known);
  return stats.map((found) => (found === undefined ? undefined : Number(found.size)));
}

function checkPage(page: string, inputs: ReadonlyMap<string, string>): void {
  if (page === "" || page === STANDARD_INPUT) throw new WrongUsage("--html takes the name of a file to write");
  const found = statSync(page, { bigint: true, throwIfNoEntry: false });
  const input = found === undefined ? undefined : inputs.get(identityOf(page, found));
  if (input !== undefined) throw new WrongUsage(`--html would overwrite the log: ${sameFile(page, input)}`);
  checkPageFile(page);
}

function sameFile(one: string, other: string): string {
  return one === other ? `${nameOf(one)} is given twice` : `${nameOf(one)} and ${nameOf(other)} are the same file`;
}

function statsOf(file: string): BigIntStats {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`there is no file ${file}`);
  if (stats.isDirectory()) throw new Error(`${file} is a folder, not a file`);
  return stats;
}

/** Standard input may be closed, or a file: `scache report < FILE`. */
function statsOfInput(): BigIntStats | undefined {
  try {
    return fstatSync(0, { bigint: true });
  } catch {
    return undefined;
  }
}

/** The same for every name and link of one file. Pipes and devices are known by their names alone. */
function identityOf(file: string, stats: BigIntStats | undefined): string {
  return stats?.isFile() ? `${stats.dev}:${stats.ino}` : file;
}
