/**
 * `npm run builds`: packs the package, makes every build of the table with it in a project outside of the repository, and
 * runs what came of each against a stub of Kinesis: whether it loads, and what it answers. With `--json` the last line is one
 * JSON object. What cannot be had here (npm unreachable) is left out, and said so. Ends with 1 where something does not hold.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments } from "../arguments.js";
import { BUILDS } from "./builds.js";
import { installLocked, pack } from "./package.js";
import { type LeftOut, type Result, runAll, type Site } from "./site.js";

const USAGE = `npm run builds -- [options]

Builds the handler and the writer of a user's project with every common tool, and runs them against a stub of Kinesis.

  --quick        only what needs no further package: esbuild and plain Node, beside the SDK of the lock file
  --only TEXT    only builds with this text in their name
  --json         one JSON object as the last line
  -h, --help     this text`;

const { json, quick, only } = readArguments({
  usage: USAGE,
  options: { json: { type: "boolean" }, quick: { type: "boolean" }, only: { type: "string" } },
  read: ({ json = false, quick = false, only = "" }) => ({ json, quick, only }),
});

function line({ name, sdk, bytes, answers, problem }: Result): string {
  const size = bytes === undefined ? "" : `${(bytes / 1_000).toFixed(1)} KB`;
  const beside = sdk === undefined ? "" : `, SDK ${sdk} outside`;
  return `${problem === undefined ? "ok    " : "FAILED"} ${`${name}${beside}`.padEnd(60)} ${size.padStart(10)}  ${problem ?? answers?.join(", ")}`;
}

const started = performance.now();
const work = mkdtempSync(join(tmpdir(), "scache-builds-"));
const leftOut: LeftOut[] = [];
const results: Result[] = [];
try {
  const { tarball } = pack(work);
  const base = join(work, "base");
  installLocked(base, tarball);
  const site: Site = { work, base, quick, leaveOut: (what, why) => leftOut.push({ what, why }) };
  const wanted = BUILDS.filter(({ name }) => name.includes(only));
  for await (const result of runAll(site, wanted)) {
    results.push(result);
    console.log(line(result));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const { what, why } of leftOut) console.log(`left out: ${what}: ${why}`);
const failed = results.filter(({ problem }) => problem !== undefined).length;
const seconds = Math.round((performance.now() - started) / 1_000);
console.log(`${results.length - failed} of ${results.length} builds load and answer rightly, in ${seconds} s`);
const ok = failed === 0 && results.length > 0;
if (json) console.log(JSON.stringify({ tool: "builds", node: process.version, ok, seconds, builds: results, leftOut }));
process.exit(ok ? 0 : 1);
