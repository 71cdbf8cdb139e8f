/**
 * The house rules of the source, as a test: imports point one way, only the file that owns a thing touches it, and
 * nothing grows past what one can read. CONTRIBUTING.md says why.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { functionsIn } from "../support/functions.js";
import { cycleIn, loadedBy, readSources, type SourceFile, sourceFile, withoutComments } from "../support/imports.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const sources = readSources(join(root, "src"));
const isOurs = (name: string) => name.endsWith(".ts");
const folderOf = (path: string) => (path.includes("/") ? path.slice(0, path.indexOf("/") + 1) : "");
const paths = (files: readonly SourceFile[]) => files.map(({ path }) => path);

/** Source files from package.json's exports: `./dist/publisher.js` was `publisher.ts`. */
const entryPoints = Object.values(
  (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: Record<string, { default?: string }> })
    .exports,
).flatMap((entry) => (entry.default === undefined ? [] : [entry.default.replace("./dist/", "").replace(".js", ".ts")]));

/** The folders beside each other. */
const ROOM = 3;

/** From the bottom up: a file may import from its own folder and from the layers below. */
function layerOf(path: string): number {
  if (path === "errors.ts") return 0;
  if (folderOf(path) === "core/") return 1;
  // What the rooms of all logs on AWS share: how AWS is called, and what its errors mean.
  if (folderOf(path) === "aws/") return 2;
  // What joins the parts: entry points, the files at the top, the package's own doubles for users' tests, the reader of the
  // metrics, and the command line with its formulas.
  if (["", "testing/", "report/", "plan/", "cli/"].includes(folderOf(path)) || entryPoints.includes(path)) return 4;
  return ROOM;
}

function pointsUpOrSideways(from: string, to: string): boolean {
  if (layerOf(to) > layerOf(from)) return true;
  return layerOf(from) === ROOM && layerOf(to) === ROOM && folderOf(from) !== folderOf(to);
}

describe("imports", () => {
  test("every import of a file of ours is of a file that exists", () => {
    const all = new Set(paths(sources));
    const missing = sources.flatMap(({ path, imports }) =>
      imports.filter((name) => isOurs(name) && !all.has(name)).map((name) => `${path} -> ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test("point one way: errors, core, aws, then the folders beside each other, then what joins them", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.filter((name) => isOurs(name) && pointsUpOrSideways(path, name)).map((name) => `${path} -> ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test("make no cycle, type imports included", () => {
    expect(cycleIn(sources)).toBeUndefined();
  });

  test("a cycle would be found", () => {
    const files = [
      sourceFile("a.ts", 'import { b } from "./core/b.js";'),
      sourceFile("core/b.ts", 'import type { c } from "./c.js";'),
      sourceFile("core/c.ts", 'export * from "../a.js";'),
    ];
    expect(cycleIn(files)).toEqual(["a.ts", "core/b.ts", "core/c.ts", "a.ts"]);
  });

  test("nobody in the package imports an entry point", () => {
    expect(entryPoints).toEqual(expect.arrayContaining(["index.ts", "publisher.ts", "cdc/index.ts"]));
    expect(paths(sources.filter(({ imports }) => imports.some((name) => entryPoints.includes(name))))).toEqual([]);
  });

  test.each([
    { what: "the Kinesis client", match: /^@aws-sdk\/client-kinesis|^@smithy\//, owner: "kinesis/" },
    { what: "the DynamoDB client", match: /^@aws-sdk\/client-dynamodb/, owner: "dynamodb/" },
    { what: "Powertools Metrics", match: /^@aws-lambda-powertools\/metrics/, owner: "metrics/" },
  ])("$what is loaded in src/$owner alone", ({ match, owner }) => {
    const users = paths(sources.filter(({ runtimeImports }) => runtimeImports.some((name) => match.test(name))));
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((path) => folderOf(path) !== owner && folderOf(path) !== "testing/")).toEqual([]);
  });

  test("the core knows neither AWS, nor Powertools, nor Node, nor any other package, but for what core/node.ts names", () => {
    const core = sources.filter(({ path }) => folderOf(path) === "core/");
    const foreign = core.flatMap(({ path, imports }) =>
      imports.filter((name) => !isOurs(name)).map((name) => `${path} -> ${name}`),
    );
    // What the language cannot tell: what kind of object a value is, and which call another comes from. It is no I/O, time or chance.
    expect(foreign.sort()).toEqual(["core/node.ts -> node:async_hooks", "core/node.ts -> node:util/types"]);
  });

  test("how AWS is called is known without any package, the SDK least of all", () => {
    const aws = sources.filter(({ path }) => folderOf(path) === "aws/");
    expect(aws.length).toBeGreaterThan(0);
    expect(aws.flatMap(({ imports }) => imports.filter((name) => !isOurs(name) && !name.startsWith("node:")))).toEqual(
      [],
    );
  });

  test("a writer that imports scache/publisher loads neither Middy nor Powertools", () => {
    const loaded = [...loadedBy(sources, "publisher.ts")];
    expect(loaded).toContain("@aws-sdk/client-kinesis");
    expect(loaded.filter((name) => /^@(middy|aws-lambda-powertools)\//.test(name))).toEqual([]);
  });

  test("scache/cdc loads neither Middy nor a client of AWS: a relay is given its publisher", () => {
    const loaded = [...loadedBy(sources, "cdc/index.ts")];
    expect(loaded).toContain("cdc/relay.ts");
    expect(loaded.filter((name) => /^@(middy|aws-sdk|smithy)\//.test(name))).toEqual([]);
  });

  test.each([
    ["index.ts", "@aws-sdk/client-kinesis", /client-dynamodb|^dynamodb\//],
    ["publisher.ts", "@aws-sdk/client-kinesis", /client-dynamodb|^dynamodb\//],
    ["dynamodb/index.ts", "@aws-sdk/client-dynamodb", /client-kinesis|@smithy|^kinesis\//],
  ])("%s loads %s and nothing of the other log", (entry, client, other) => {
    const loaded = [...loadedBy(sources, entry)];
    expect(loaded).toContain(client);
    expect(loaded.filter((name) => other.test(name))).toEqual([]);
  });

  test("the AWS SDK is loaded by nobody but the two logs", () => {
    const users = sources.filter(({ runtimeImports }) =>
      runtimeImports.some((name) => /^@(aws-sdk|smithy)\//.test(name)),
    );
    expect(new Set(paths(users).map(folderOf))).toEqual(new Set(["kinesis/", "dynamodb/"]));
  });

  test("Middy is never loaded by the package: its types are enough", () => {
    expect(
      paths(sources.filter(({ runtimeImports }) => runtimeImports.some((name) => name.startsWith("@middy/")))),
    ).toEqual([]);
  });
});

describe("what only one file may touch", () => {
  const found = (match: RegExp) => paths(sources.filter(({ text }) => match.test(withoutComments(text))));

  test("the system's clock, timers and chance: core/clock.ts", () => {
    const system = /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.|\bhrtime\b|\bset(Timeout|Interval)\(/;
    expect(found(system)).toEqual(["core/clock.ts"]);
    expect(found(/\bMath\.random\b/)).toEqual(["core/clock.ts"]);
  });

  test("the environment: what builds everything", () => {
    expect(found(/\bprocess\b(?!\.hrtime)/).filter((path) => folderOf(path) === "core/")).toEqual([]);
    expect(found(/\bconsole\./)).toEqual([]);
  });
});

describe("what one can read", () => {
  test("no file is longer than 300 lines", () => {
    const long = sources.filter(({ text }) => text.trimEnd().split("\n").length > 300);
    expect(paths(long)).toEqual([]);
  });

  test("no function is longer than 60 lines, those within it apart", () => {
    const long = sources.flatMap(({ path, text }) =>
      functionsIn(text).flatMap(({ line, lines }) => (lines > 60 ? [`${path}:${line} (${lines} lines)`] : [])),
    );
    expect(long).toEqual([]);
  });

  test("functions are measured rightly", () => {
    const text = "// ä comment\nfunction outer() {\n  const inner = () => {\n    return 1;\n  };\n  return inner;\n}\n";
    expect(functionsIn(text)).toEqual([
      { line: 2, lines: 3 },
      { line: 3, lines: 3 },
    ]);
  });

  test("every file opens with a comment that says what it is", () => {
    expect(paths(sources.filter(({ text }) => !text.startsWith("/** ") && !text.startsWith("/**\n")))).toEqual([]);
  });

  test("files are named in kebab-case and export names, never a default", () => {
    expect(paths(sources).filter((path) => !/^[a-z0-9-]+\.ts$/.test(basename(path)))).toEqual([]);
    expect(paths(sources.filter(({ text }) => /^export default\b/m.test(withoutComments(text))))).toEqual([]);
  });
});

describe("the whole repository", () => {
  const code = ["src", "tests", "example", "tools", "bench"]
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readSources(join(root, folder)).map((file) => ({ ...file, path: `${folder}/${file.path}` })));

  test("has nothing left to do, and no test that is skipped or alone", () => {
    // Written apart, so that this file does not find itself.
    const unfinished = new RegExp(["\\bTO", "DO\\b|\\bFIX", "ME\\b"].join(""));
    const partial = /\b(?:test|it|describe)\.(?:only|skip|todo)\b|\b(?:fit|xit|xtest|xdescribe)\(/;
    expect(paths(code.filter(({ text }) => unfinished.test(text) || partial.test(withoutComments(text))))).toEqual([]);
  });

  test("is linted file by file: the linter's settings leave nothing out", () => {
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    const args = [biome, "lint", "--verbose", "--max-diagnostics=0", "."];
    // What it finds is no concern of this test, only what it looked at: hence no check of the exit code.
    const output = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" }).stdout;
    const processed = new Set([...output.matchAll(/^ {2}- (.+)$/gm)].map(([, path]) => path));
    expect(code.length).toBeGreaterThan(30);
    expect(paths(code).filter((path) => !processed.has(path))).toEqual([]);
  });
});
