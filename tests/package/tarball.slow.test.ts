/**
 * What a user gets: the packed package, installed by npm into an empty project, imported under its name, and looked at
 * by publint and are-the-types-wrong. Everything else in the suite runs from the sources; this does not.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { installLocked, manifest, pack, root } from "../../tools/builds/package.js";
import { complaintsOf } from "../support/compile.js";
import { metricLine } from "../support/metric-lines.js";

const work = mkdtempSync(join(tmpdir(), "scache-tarball-"));
const staging = join(work, "staging");
const project = join(work, "project");
const tarball = join(work, "scache.tgz");

/** Only who keeps the log in a table installs it. */
const DYNAMODB = "@aws-sdk/client-dynamodb";
const tool = (path: string) => join(root, "node_modules", path);
const run = (args: string[], cwd: string) =>
  execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: "pipe" });

/** Runs a module of the project in a process of its own and returns what it prints. */
function evaluate(code: string): unknown {
  return JSON.parse(run(["--input-type=module", "--no-warnings", "--eval", code], project));
}

beforeAll(() => {
  pack(work);
  installLocked(project, tarball);
}, 120_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the packed package, installed into an empty project", () => {
  test("exports what it promises, and nothing else", () => {
    expect(evaluate('console.log(JSON.stringify(Object.keys(await import("scache")).sort()))')).toEqual([
      "DataId",
      "InvalidDataIdError",
      "InvalidOptionError",
      "InvalidValueError",
      "LoadCycleError",
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
    { major: 6, folder: "node_modules/@middy/core" },
    { major: 7, folder: "tests/middy7/node_modules/middy7" },
  ])("has declarations from which a handler is inferred, with Middy $major", ({ folder }) => {
    const file = join(project, "inference.ts");
    cpSync(join(root, "tests/package/types/inference.ts"), file);
    expect(complaintsOf([file], { "@middy/core": [join(root, folder, "index.d.ts")] }, { target: "es2022" })).toBe("");
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
  const files = () => execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");

  test("holds the build, the sources, the pages, the example, the licence and the manifest, and no tests", () => {
    for (const name of [
      "dist/index.js",
      "dist/index.d.ts",
      "dist/publisher.js",
      "src/index.ts",
      "LICENSE",
      "package.json",
    ]) {
      expect(files()).toContain(`package/${name}`);
    }
    const folders = "dist|src|docs|example|events";
    const pages = "(?:README|CHANGELOG|CONTRIBUTING|SECURITY)\\.md|LICENSE|package\\.json|template\\.yaml";
    const known = new RegExp(`^package/(?:(?:${folders})/|(?:${pages})$)`);
    expect(files().filter((name) => !known.test(name))).toEqual([]);
  });

  test("has no dead link in its README, nor an anchor that is not there", () => {
    const packed = files();
    const links = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/\]\((?!https?:)([^)\s]+)\)/g)];
    expect(links.length).toBeGreaterThan(10);
    for (const [, link = ""] of links) {
      const [file = "", anchor] = link.split("#");
      const path = file === "" ? "README.md" : file;
      expect(packed.filter((name) => name === `package/${path}` || name.startsWith(`package/${path}/`))).not.toEqual(
        [],
      );
      if (anchor !== undefined) expect(anchorsOf(path)).toContain(anchor);
    }
  });

  /** As GitHub and npm make them of headings. */
  function anchorsOf(page: string): string[] {
    const headings = readFileSync(join(root, page), "utf8").matchAll(/^#+ (.+)$/gm);
    return [...headings].map(([, text = ""]) =>
      text
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
  }

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

  test("names its entry points for compilers that do not read exports, too", () => {
    const { ".": whole, "./package.json": _itself, ...others } = manifest.exports;
    expect(whole).toEqual({ types: manifest.types, default: manifest.main });
    const typesOf = (entry: (typeof others)[string]) => (typeof entry === "string" ? entry : entry.types);
    const expected = Object.entries(others).map(([name, entry]) => [name.replace("./", ""), [typesOf(entry)]]);
    expect(manifest.typesVersions).toEqual({ "*": Object.fromEntries(expected) });
  });

  test("lets users have any later version of what it needs, of the same major", () => {
    for (const range of Object.values(manifest.dependencies)) expect(range).toMatch(/^\^\d+\.\d+\.\d+$/);
  });

  test("has no install script and asks for no compiler", () => {
    const scripts = Object.keys(manifest.scripts);
    expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  });
});
