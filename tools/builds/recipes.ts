/**
 * `npm run recipes`: takes the recipes of docs/testing.md, each in an empty project with the packed package, and runs them as
 * the page says. Each is run again with a handler that reads another stream than the test writes to: then it must fail. With
 * `--json` the last line is one JSON object. What cannot be installed here is left out, and said so.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { readArguments } from "../arguments.js";
import { install, installLocked, pack, root } from "./package.js";

const USAGE = `npm run recipes -- [options]

Runs the recipes of docs/testing.md with the packed package.

  --quick      only those for which nothing further has to be installed
  --json       one JSON object as the last line
  -h, --help   this text`;

const { json, quick } = readArguments({
  usage: USAGE,
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
  read: ({ json = false, quick = false }) => ({ json, quick }),
});

interface Recipe {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly command: string;
}

/** Ours; a user installs them. */
const AT_HAND = ["jest", "@jest/globals", "@swc/jest", "@swc/core", "tsx"];
/** By the word that a recipe's name begins with. */
const NEEDED: Readonly<Record<string, string>> = { vitest: "vitest@5.1.2" };
const SECONDS = 120;

/** The sections with something to run; files of sections without belong to all of them. */
function recipesIn(page: string): Recipe[] {
  const sections = page.split(/^## /m).slice(1);
  const common: Record<string, string> = {};
  const recipes: Recipe[] = [];
  for (const section of sections) {
    const blocks = [...section.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)];
    const files = Object.fromEntries(blocks.map(([, name = "", code = ""]) => [name, code]));
    const command = /^```sh run\n(.+)\n```$/m.exec(section)?.[1];
    if (command === undefined) Object.assign(common, files);
    else recipes.push({ name: section.split("\n", 1)[0] ?? "", files, command });
  }
  return recipes.map((recipe) => ({ ...recipe, files: { ...common, ...recipe.files } }));
}

function link(project: string): void {
  for (const name of AT_HAND) {
    const to = join(project, "node_modules", name);
    mkdirSync(dirname(to), { recursive: true });
    if (!existsSync(to)) symlinkSync(join(root, "node_modules", name), to);
  }
}

function run(recipe: Recipe, project: string): { readonly passed: boolean; readonly output: string } {
  const path = [join(project, "node_modules/.bin"), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const { status, stdout, stderr } = spawnSync("sh", ["-c", recipe.command], {
    cwd: project,
    encoding: "utf8",
    timeout: SECONDS * 1_000,
    env: { PATH: path, HOME: process.env.HOME, CI: "true", NODE_NO_WARNINGS: "1" },
  });
  return { passed: status === 0, output: `${stdout}${stderr}` };
}

const work = mkdtempSync(join(tmpdir(), "scache-recipes-"));
const results: { readonly name: string; readonly ok: boolean; readonly problem?: string }[] = [];
const leftOut: { readonly what: string; readonly why: string }[] = [];
try {
  const { tarball } = pack(work);
  const base = join(work, "base");
  installLocked(base, tarball);
  for (const [index, recipe] of recipesIn(readFileSync(join(root, "docs/testing.md"), "utf8")).entries()) {
    const { name, files } = recipe;
    const project = join(work, `recipe-${index}`);
    cpSync(base, project, { recursive: true, verbatimSymlinks: true });
    const needed = NEEDED[/^\w*/.exec(name)?.[0] ?? ""];
    try {
      if (needed !== undefined && quick) throw new Error("--quick");
      if (needed !== undefined) install(project, [needed]);
    } catch (error) {
      leftOut.push({ what: name, why: String(error).includes("--quick") ? "--quick" : "npm could not install it" });
      continue;
    }
    link(project);
    if (name.includes("CommonJS")) writeFileSync(join(project, "package.json"), "{}");
    for (const [file, code] of Object.entries(files)) writeFileSync(join(project, file), code);
    const right = run(recipe, project);
    writeFileSync(join(project, "handler.ts"), (files["handler.ts"] ?? "").replace('"my-stream"', '"another-stream"'));
    const wrong = run(recipe, project);
    const problem = right.passed ? (wrong.passed ? "passes with a handler that is wrong" : undefined) : right.output;
    results.push({ name, ok: problem === undefined, ...(problem !== undefined && { problem }) });
    console.log(`${problem === undefined ? "ok    " : "FAILED"} ${name}${problem === undefined ? "" : `\n${problem}`}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const { what, why } of leftOut) console.log(`left out: ${what}: ${why}`);
const ok = results.length > 0 && results.every((result) => result.ok);
if (json) console.log(JSON.stringify({ tool: "recipes", ok, recipes: results, leftOut }));
process.exit(ok ? 0 : 1);
