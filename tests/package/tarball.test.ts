/**
 * What a user gets: the packed package, installed by npm into an empty project, imported under its name, and looked at
 * by publint and are-the-types-wrong. Everything else in the suite runs from the sources; this does not.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { complaintsOf } from "../support/compile.js";
import { metricLine } from "../support/metric-lines.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "scache-tarball-"));
const staging = join(work, "staging");
const project = join(work, "project");
const tarball = join(work, "scache.tgz");

interface Manifest {
  readonly version: string;
  readonly files: readonly string[];
  readonly exports: Record<string, unknown>;
  readonly bin: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { optional: boolean }>;
  readonly engines: Record<string, string>;
  readonly scripts: Record<string, string>;
}
interface Lock {
  readonly packages: Record<
    string,
    { version: string; dev?: boolean; devOptional?: boolean; dependencies?: Record<string, string> }
  >;
}

const MIDDY = "node_modules/@middy/core";
/** Only who keeps the log in a table installs it. */
const DYNAMODB = "@aws-sdk/client-dynamodb";
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const middyVersion = (JSON.parse(readFileSync(join(root, MIDDY, "package.json"), "utf8")) as Manifest).version;
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
const dependencies = {
  [DYNAMODB]: lock.packages[`node_modules/${DYNAMODB}`]?.version ?? "",
  "@middy/core": middyVersion,
  scache: "file:../scache.tgz",
};
const tool = (path: string) => join(root, "node_modules", path);
const run = (args: string[], cwd: string) =>
  execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: "pipe" });
const npm = (args: string[], cwd: string) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: "pipe" });

/** Builds and packs a copy, so that a build going on in the repository cannot get in the way. */
function pack(): void {
  mkdirSync(staging);
  for (const name of ["package.json", "README.md", "LICENSE", ...manifest.files.filter((file) => file !== "dist")]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(staging, name), { recursive: true });
  }
  run([tool("typescript/bin/tsc"), "-p", join(root, "tsconfig.build.json"), "--outDir", join(staging, "dist")], root);
  run(["--import", "tsx", join(root, "tools/report-assets.ts"), join(staging, "dist")], root);
  // It is built already, and there is nothing in the copy to build it with.
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", work];
  const [packed] = JSON.parse(npm(args, staging)) as { filename: string }[];
  renameSync(join(work, packed?.filename ?? ""), tarball);
}

/** The paths of a package and of all that it needs, in our lock file. */
function neededBy(name: string, found = new Set<string>()): Set<string> {
  const path = `node_modules/${name}`;
  const entry = lock.packages[path];
  if (entry === undefined || found.has(path)) return found;
  found.add(path);
  for (const dependency of Object.keys(entry.dependencies ?? {})) neededBy(dependency, found);
  return found;
}

/**
 * Installs the tarball with the very versions of our lock file, which npm has in its cache since it installed them here:
 * without a lock file it would ask the registry for every package's list of versions.
 */
function install(): void {
  const peers = new Set([MIDDY, ...neededBy(DYNAMODB)]);
  const needed = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => (path !== "" && !dev && !devOptional) || peers.has(path),
  );
  const wanted = { name: "empty-project", version: "1.0.0", private: true, type: "module", dependencies };
  const { version, bin, dependencies: own, peerDependencies, peerDependenciesMeta, engines } = manifest;
  const declared = { peerDependencies, peerDependenciesMeta };
  const scache = { version, resolved: "file:../scache.tgz", bin, dependencies: own, ...declared, engines };
  const packages = { "": wanted, ...Object.fromEntries(needed), "node_modules/scache": scache };
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify(wanted));
  writeFileSync(
    join(project, "package-lock.json"),
    JSON.stringify({ ...lock, name: wanted.name, version: "1.0.0", packages }),
  );
  npm(["ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"], project);
}

/** Runs a module of the project in a process of its own and returns what it prints. */
function evaluate(code: string): unknown {
  return JSON.parse(run(["--input-type=module", "--no-warnings", "--eval", code], project));
}

beforeAll(() => {
  pack();
  install();
}, 120_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the packed package, installed into an empty project", () => {
  test("exports what it promises, and nothing else", () => {
    expect(evaluate('console.log(JSON.stringify(Object.keys(await import("scache")).sort()))')).toEqual([
      "DataId",
      "InvalidDataIdError",
      "InvalidOptionError",
      "PublishError",
      "RefreshError",
      "ScacheError",
      "dataId",
      "dataSource",
      "parseDataId",
      "scache",
    ]);
    const publisher = evaluate('console.log(JSON.stringify(Object.keys(await import("scache/publisher"))))');
    expect(publisher).toContain("createPublisher");
  });

  test.each(["scache/publisher", "scache/dynamodb"])("gives the same ids and errors under the name %s", (name) => {
    const code = `
      const [whole, other] = [await import("scache"), await import("${name}")];
      const shared = Object.keys(other).filter((name) => name in whole && name !== "scache");
      console.log(JSON.stringify([shared.length > 5, shared.filter((name) => whole[name] !== other[name])]));`;
    expect(evaluate(code)).toEqual([true, []]);
  });

  test("exports the same for a log in DynamoDB, and its publisher", () => {
    const code = `
      const [whole, other] = [await import("scache"), await import("scache/dynamodb")];
      console.log(JSON.stringify(Object.keys(other).filter((name) => !(name in whole))));
      if (Object.keys(whole).some((name) => !(name in other))) throw new Error("something is missing");`;
    expect(evaluate(code)).toEqual(["createPublisher"]);
  });

  test("makes a middleware that Middy takes", () => {
    const code = `
      import middy from "@middy/core";
      import { dataId, scache } from "scache";
      const handler = middy().use(scache("stream", { metrics: false })).handler(async (event, context) =>
        context.cache.getOrAdd(dataId("test", event.id), async () => ({ loaded: event.id })));
      const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 3_000 };
      console.log(JSON.stringify(await handler({ id: "7" }, context)));`;
    expect(evaluate(code)).toEqual({ loaded: "7" });
  });

  test("has the entry points it exports, each of which loads", () => {
    const names = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
    const specifiers = names.map((name) => name.replace(".", "scache"));
    const code = `
      const loaded = [];
      for (const name of ${JSON.stringify(specifiers)}) loaded.push(Object.keys(await import(name)).length > 0);
      console.log(JSON.stringify(loaded));`;
    expect(specifiers.length).toBeGreaterThan(1);
    expect(evaluate(code)).toEqual(specifiers.map(() => true));
  });

  test("without the DynamoDB client, says which package to install, and the rest works", () => {
    const installed = join(project, "node_modules", DYNAMODB);
    const aside = join(work, "client-dynamodb");
    renameSync(installed, aside);
    try {
      const code = `
        const { message } = await import("scache/dynamodb").catch((error) => error);
        const others = [await import("scache"), await import("scache/publisher"), await import("scache/testing")];
        console.log(JSON.stringify({ message, others: others.length }));`;
      expect(evaluate(code)).toEqual({
        message: expect.stringContaining(`Cannot find package '${DYNAMODB}'`),
        others: 3,
      });
    } finally {
      renameSync(aside, installed);
    }
    expect(manifest.peerDependenciesMeta[DYNAMODB]).toEqual({ optional: true });
  });

  test("brings the command that reads logs, with all that its page needs", () => {
    const command = join(project, "node_modules/.bin/scache");
    const line = metricLine({ NetTimeSaved: 67.5 });
    writeFileSync(join(project, "log.txt"), `START\n${line}\nEND\n`);
    const html = join(project, "report.html");
    const text = execFileSync(command, ["report", "log.txt", "--html", html], { cwd: project, encoding: "utf8" });
    expect(text).toContain("67.5");
    expect(readFileSync(html, "utf8")).toMatch(/<html[\s\S]*uPlot/);
  });

  test("keeps its insides to itself", () => {
    const code = `console.log(JSON.stringify(await import("scache/dist/errors.js").then(() => "open", (e) => e.code)))`;
    expect(evaluate(code)).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("scache/publisher loads neither Middy nor Powertools nor the cache", () => {
    const code = `
      import { register } from "node:module";
      import { MessageChannel } from "node:worker_threads";
      const loaded = [];
      const { port1, port2 } = new MessageChannel();
      port1.on("message", (url) => loaded.push(url));
      const hooks = \`let port; export const initialize = (data) => { port = data.port; };
        export const load = (url, context, next) => { port.postMessage(url); return next(url, context); };\`;
      register("data:text/javascript," + encodeURIComponent(hooks), { data: { port: port2 }, transferList: [port2] });
      await import("scache/publisher");
      await new Promise((resolve) => setImmediate(resolve));
      port1.close();
      console.log(JSON.stringify(loaded));`;
    const loaded = evaluate(code) as string[];
    expect(loaded.filter((url) => url.includes("/client-kinesis/"))).not.toEqual([]);
    expect(loaded.filter((url) => /\/(@middy|@aws-lambda-powertools)\//.test(url))).toEqual([]);
  });

  test.each([
    { major: 6, folder: "@middy/core" },
    { major: 7, folder: "middy7" },
  ])("has declarations from which a handler is inferred, with Middy $major", ({ folder }) => {
    const file = join(project, "inference.ts");
    cpSync(join(root, "tests/package/types/inference.ts"), file);
    expect(
      complaintsOf([file], { "@middy/core": [join(root, "node_modules", folder, "index.d.ts")] }, { target: "es2022" }),
    ).toBe("");
  });
});

describe("the declarations of scache/testing", () => {
  const compiled = (name: string, text: string) => {
    const file = join(project, name);
    writeFileSync(file, text);
    return complaintsOf([file], {}, { declaration: true });
  };

  test("name all that a user's module may export", () => {
    expect(compiled("testing.ts", readFileSync(join(root, "tests/package/types/testing.ts"), "utf8"))).toBe("");
  });

  test("the compiler would say so if they did not", () => {
    const page = 'stream.connect().getRecords("", AbortSignal.timeout(1))';
    const text = `
      import { ManualClock, MemoryStream } from "scache/testing";
      const stream = new MemoryStream({ clock: new ManualClock() });
      export const page = ${page};`;
    expect(compiled("nameless.ts", text)).toMatch(/RecordsPage/);
  });
});

describe("the tarball", () => {
  test("holds the build, the sources, the licence and the manifest, and no tests", () => {
    const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    for (const name of [
      "dist/index.js",
      "dist/index.d.ts",
      "dist/publisher.js",
      "src/index.ts",
      "LICENSE",
      "package.json",
    ]) {
      expect(files).toContain(`package/${name}`);
    }
    const known = /^package\/(dist\/|src\/|package\.json$|LICENSE$|README\.md$|CHANGELOG\.md$)/;
    expect(files.filter((name) => !known.test(name))).toEqual([]);
  });

  test("is clean in the eyes of publint", async () => {
    const { publint } = await import("publint");
    const { messages } = await publint({ pkgDir: staging, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  test("has right types in the eyes of are-the-types-wrong", () => {
    const output = run(
      [tool("@arethetypeswrong/cli/dist/index.js"), tarball, "--profile", "esm-only", "--format", "json"],
      work,
    );
    const { problems } = JSON.parse(output) as { problems: Record<string, unknown> };
    expect(Object.keys(problems).filter((kind) => kind !== "CJSResolvesToESM" && kind !== "NoResolution")).toEqual([]);
  });

  test("has no install script and asks for no compiler", () => {
    const scripts = Object.keys(manifest.scripts);
    expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });
});
