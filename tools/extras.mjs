/**
 * `npm run extras`: what a part of this repository needs for itself, and wants Node 22 by its own word: Middy 7 for its tests,
 * AWS's runtime client for the demo, the caches that the benchmarks stand beside. It is installed when first needed, so that
 * `npm ci` has nothing to warn about; all of it runs on Node 20, as the tests that use it show.
 * Plain JavaScript: jest loads it before there is anything that compiles.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
export const FOLDERS = ["tools/lambda", "tests/middy7", "bench"];

/** Installs what the folder's lock file says, unless that is there. */
export function installExtras(folder) {
  const cwd = join(root, folder);
  const lock = readFileSync(join(cwd, "package-lock.json"), "utf8");
  const mark = join(cwd, "node_modules/.installed-from");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return;
  // Warnings, all of them about Node 20, are left out.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--silent"];
  const { status } = spawnSync("npm", args, {
    cwd,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`npm could not install what ${folder}/package-lock.json names`);
  writeFileSync(mark, lock);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  for (const folder of asked.length > 0 ? asked : FOLDERS) installExtras(folder);
}
