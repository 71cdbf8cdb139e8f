/**
 * Writes the page to its file, and to nothing else: it never follows a link, and replaces a file only if that is an earlier
 * page of ours. A page is written beside its place and then moved there, so that nobody ever finds half of one.
 */

import { closeSync, lstatSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { WrongUsage } from "../cli/arguments.js";

/** In the head of every page: how one of ours is known again. */
export const PAGE_MARK = '<meta name="generator" content="scache report">';
const HEAD_BYTES = 1_024;

/** @throws WrongUsage where the page may not be written */
export function checkPageFile(path: string): void {
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new WrongUsage(`there is no folder ${folder} to write the page into`);
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw new WrongUsage(`--html does not follow links, and ${path} is one`);
  if (!found.isFile()) throw new WrongUsage(`--html writes a file, and ${path} is something else`);
  if (found.size > 0 && !isPage(path)) {
    throw new WrongUsage(`--html replaces only pages that it wrote, and ${path} is another file: remove it first`);
  }
}

export function writePage(path: string, page: string): void {
  const beside = `${path}.${process.pid}.part`;
  // Fails if it is there, a link included.
  writeFileSync(beside, page, { flag: "wx" });
  try {
    checkPageFile(path);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

function isPage(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.toString("latin1", 0, readSync(file, head)).includes(PAGE_MARK);
  } finally {
    closeSync(file);
  }
}
