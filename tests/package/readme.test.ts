/**
 * Holds README.md to the package: every program in it compiles and runs, and does what it says; every option, metric,
 * permission, error code, command and file it names exists; every promise it makes is the name of a test.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { GetRecordsCommand, GetShardIteratorCommand, type KinesisClient } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { plan } from "../../src/cli/plan.js";
import { InvalidOptionError, scache } from "../../src/index.js";
import { DIMENSION_NAMES, METRIC_NAMES } from "../../src/metrics/emf.js";
import { kinesisClient, REGION, type RunningKinesis, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream, listShards } from "../../tools/emulators/streams.js";
import { complaintsOf } from "../support/compile.js";
import { readTemplate } from "../support/template.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
  exports: Record<string, unknown>;
};

const blocks = (language: string) =>
  [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = ""]) =>
    found === language ? [text] : [],
  );
const section = (title: string) => {
  const [, text] = readme.split(`\n## ${title}\n`);
  if (text === undefined) throw new Error(`the README has no section "${title}"`);
  return text.split("\n## ")[0] ?? "";
};
const quoted = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word);
const firstCells = (text: string) => [...text.matchAll(/^\| `?([^|]+?)`? +\|/gm)].map(([, cell = ""]) => cell);

/** What the programs import as `./users.js`, the reader's own. */
const USERS = `
  export interface User { readonly id: string; readonly name: string }
  declare global { var users: Map<string, User>; var loads: number }
  export async function loadUser(id: string): Promise<User> {
    globalThis.loads += 1;
    const user = globalThis.users.get(id);
    if (user === undefined) throw new Error("no such user");
    return user;
  }
  export async function saveUser(user: User): Promise<void> { globalThis.users.set(user.id, user); }
`;

const programs = blocks("ts");
const named = (word: string) => programs.findIndex((program) => program.includes(word));
const work = mkdtempSync(join(tmpdir(), "scache-readme-"));
let kinesis: RunningKinesis;

beforeAll(async () => {
  kinesis = await startKinesis();
  const client = kinesisClient(kinesis);
  await createStream(client, "my-stream");
  await readOnce(client, "my-stream");
  client.destroy();
  writeFileSync(join(work, "package.json"), '{"type":"module"}');
  writeFileSync(join(work, "users.ts"), USERS);
  await Promise.all(programs.map((program, index) => bundle(program, join(work, `program-${index}.mjs`))));
});
afterAll(async () => {
  rmSync(work, { recursive: true, force: true });
  await kinesis.stop();
});

/** An emulator's first answers take long, and the programs wait for it no longer than they would in Lambda. */
async function readOnce(client: KinesisClient, StreamName: string): Promise<void> {
  const [shard] = await listShards(client, StreamName);
  const start = { StreamName, ShardId: shard?.ShardId, ShardIteratorType: "TRIM_HORIZON" } as const;
  const { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
  await client.send(new GetRecordsCommand({ ShardIterator }));
}

async function bundle(contents: string, outfile: string): Promise<void> {
  await build({
    stdin: { contents: contents.replace("./users.js", join(work, "users.ts")), loader: "ts", resolveDir: root },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2023",
    mainFields: ["module", "main"],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    alias: sourceOf("scache/publisher", "scache/testing", "scache"),
    outfile,
    logLevel: "silent",
  });
}

/** Entry points by the names the README uses, from the sources: the packed build has a test of its own. */
function sourceOf(...names: string[]): Record<string, string> {
  const file = (name: string) => [`src${name.replace("scache", "")}.ts`, `src${name.replace("scache", "")}/index.ts`];
  const found = names.flatMap((name) =>
    [...(name === "scache" ? ["src/index.ts"] : []), ...file(name)]
      .filter((path) => existsSync(join(root, path)))
      .slice(0, 1)
      .map((path) => [name, join(root, path)]),
  );
  return Object.fromEntries(found) as Record<string, string>;
}

/** Runs a module in a process of its own, against the embedded Kinesis, and returns what it prints. */
async function run(code: string): Promise<string[]> {
  const file = join(work, "main.mjs");
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", file], {
    timeout: 20_000,
    env: {
      PATH: process.env.PATH,
      AWS_REGION: kinesis.region,
      AWS_ACCESS_KEY_ID: kinesis.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: kinesis.credentials.secretAccessKey,
      AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
      POWERTOOLS_METRICS_DISABLED: "true",
    },
  });
  return stdout.trim().split("\n");
}

describe("the programs", () => {
  test("are all there: a reader, a writer, a publisher, a test", () => {
    const places = ["loadUser(id)", "saveUser(user)", "createPublisher(", "testScache("].map(named);
    expect([...places].sort()).toEqual(programs.map((_, index) => index));
  });

  test("compile, under the strictest settings", () => {
    const files = programs.map((program, index) => {
      const file = join(work, `program-${index}.ts`);
      writeFileSync(file, program);
      return file;
    });
    const entries = sourceOf("scache", "scache/publisher", "scache/testing");
    const paths = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, [path]]));
    const middy = { "@middy/core": [join(root, "node_modules/@middy/core/index.d.ts")] };
    expect(complaintsOf(files, { ...paths, ...middy })).toBe("");
  });

  test("the reader reads through the cache, and sees what the writer wrote at once", async () => {
    const printed = await run(`
      globalThis.users = new Map([["1", { id: "1", name: "Ada" }]]);
      globalThis.loads = 0;
      const { handler: read } = await import("./program-${named("loadUser(id)")}.mjs");
      const { handler: write } = await import("./program-${named("saveUser(user)")}.mjs");
      const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 5_000 };
      const get = async () => console.log((await read({ pathParameters: { userid: "1" } }, context)).name, globalThis.loads);
      await get();
      await get();
      await write({ id: "1", name: "Grace" }, context);
      await get();
      await get();`);
    expect(printed).toEqual(["Ada 1", "Ada 1", "Grace 2", "Grace 2"]);
  });

  test("the publisher publishes", async () => {
    expect(await run(`await import("./program-${named("createPublisher(")}.mjs"); console.log("published");`)).toEqual([
      "published",
    ]);
  });

  test("the test prints what its comments say", async () => {
    const index = named("testScache(");
    const promised = [...(programs[index] ?? "").matchAll(/^console\.log\(.*\/\/ (\w+)/gm)].map(([, word]) => word);
    expect(promised.length).toBeGreaterThan(2);
    expect(await run(`await import("./program-${index}.mjs");`)).toEqual(promised);
  });
});

describe("what it says of fleets is what docs/fleet.md was measured to be", () => {
  const text = section("Which log for which fleet");
  const page = readFileSync(join(root, "docs/fleet.md"), "utf8");
  const rowsOf = (part: string) => part.split("\n").filter((line) => /^\| [\d,]+ /.test(line));
  const holds = (heading: string, start: string) => {
    const [part = ""] = (page.split(`## ${heading}\n`)[1] ?? "").split("\n## ");
    return rowsOf(part)
      .filter((row) => row.startsWith(start))
      .map((row) => row.endsWith(" holds |"));
  };

  /** What `npx scache plan` says, at 10 invalidations a second. */
  const planOf = async (environments: number, staleness: number): Promise<{ kinesis: { holds: boolean } }> => {
    const given = { environments, staleness, invalidations: 10 };
    const flags = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const lines: string[] = [];
    await plan.run([...flags, "--json"], { out: (line: string) => lines.push(line) } as never);
    return JSON.parse(lines.join("\n"));
  };

  test("the table", () => {
    const rows = rowsOf(page.split("\n## On Kinesis")[0] ?? "");
    expect(rows).toHaveLength(5);
    expect(rowsOf(text)).toEqual(rows);
  });

  test("the sizes in its sentence", async () => {
    expect(text).toContain("at 1,000 ms a table serves 2,400 of them");
    expect(text).toContain("a stream 2; at 5,000 ms a table 12,000, a stream 14.");
    for (const [staleness, most] of [
      [1_000, 2],
      [5_000, 14],
    ] as const) {
      const plans = await Promise.all([most, most + 1].map((environments) => planOf(environments, staleness)));
      expect(plans.map(({ kinesis }) => kinesis.holds)).toEqual([true, false]);
    }
    expect(holds("All busy at once", "| 2,400 busy | 1,000 |")).toEqual([true]);
    expect(holds("All busy at once", "| 12,000 busy | 5,000 |")).toEqual([true]);
  });
});

describe("what it names exists", () => {
  test("every option, and no other", () => {
    const options = firstCells(section("Options"))
      .flatMap((cell) => cell.split(/[`, ]+/))
      .filter((name) => /^[a-z]\w+$/.test(name) && name !== "option");
    const refusal = refusalOf({ noSuchOption: 1 });
    const known = /; the options are ([\w, ]+)$/.exec(refusal)?.[1]?.split(", ");
    expect(options.sort()).toEqual(known?.sort());
  });

  function refusalOf(options: object): string {
    try {
      scache("stream", options);
    } catch (error) {
      if (error instanceof InvalidOptionError) return error.message;
    }
    throw new Error("the option was not refused");
  }

  test("every metric and dimension, and no other", () => {
    const [line = ""] = section("Metrics").split("\n\n");
    const names = quoted(line).filter((word) => word !== "scache" && /^\w+$/.test(word));
    expect([...new Set(names)].sort()).toEqual([...METRIC_NAMES, ...DIMENSION_NAMES].sort());
  });

  test("every permission is one the template gives, and the other way round", () => {
    const given = JSON.stringify(readTemplate().Resources);
    const actions = [...new Set(given.match(/kinesis:\w+/g))].sort();
    expect([...new Set(section("Deploy the example").match(/kinesis:\w+/g))].sort()).toEqual(actions);
  });

  test("every error code", () => {
    const errors = readFileSync(join(root, "src/errors.ts"), "utf8");
    const codes = [...new Set(errors.match(/"[A-Z]+_[A-Z_]+"/g))].map((code) => code.replaceAll('"', "")).sort();
    const documented = new Set(
      quoted(readme).filter((word) => /^[A-Z]+_[A-Z_]+$/.test(word) && !word.startsWith("AWS_")),
    );
    expect([...documented].sort()).toEqual(codes);
  });

  test("every entry point of the package", () => {
    // Between the quotes of an import, or of code in a sentence.
    const entries = [...readme.matchAll(/["`]scache\/([\w./-]+)["`]/g)].map(([, path]) => `./${path}`);
    expect(entries.length).toBeGreaterThan(1);
    expect(entries.filter((entry) => manifest.exports[entry] === undefined)).toEqual([]);
  });

  test("is short enough to be read: at most 300 lines", () => {
    expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(300);
  });

  test("every npm script", () => {
    const scripts = [...readme.matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)].map(
      ([, run, short]) => run ?? short ?? "",
    );
    expect(scripts.length).toBeGreaterThan(3);
    expect(scripts.filter((script) => manifest.scripts[script] === undefined)).toEqual([]);
  });

  test("every file it links to or passes to a command", () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = ""]) => path);
    const events = readme.match(/\bevents\/[\w-]+\.json\b/g) ?? [];
    expect(links.length).toBeGreaterThan(3);
    expect([...links, ...events].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test("sam is run where it finds esbuild: in an npm script", () => {
    expect(readme.match(/sam build/g) ?? []).toEqual([]);
    expect(manifest.scripts["sam:build"]).toContain("sam build");
  });

  test("sam is run in the region of the embedded services, which keep regions apart", () => {
    for (const [command] of readme.matchAll(/sam local invoke \S+ --.*$/gm))
      expect(command).toContain(`--region ${REGION}`);
  });
});

describe("its promises", () => {
  const promises = [...section("What is promised").matchAll(/^\d+\. (.+)$/gm)].map(([, sentence = ""]) => sentence);
  const scenarios = readdirSync(join(root, "tests/scenarios")).filter((file) => file.endsWith(".test.ts"));
  const words = (text: string) => text.replace(/[^A-Za-z0-9]+/g, " ").trim();
  /** What tests and groups of them are called; what else a file says promises nothing. */
  const names = scenarios.flatMap((file) =>
    [
      ...readFileSync(join(root, "tests/scenarios", file), "utf8").matchAll(
        /^ *(?:test|describe)(?:\.each\(.*\))?\(\s*(["`])(.*?)\1,/gm,
      ),
    ].map(([, , name = ""]) => words(name)),
  );

  test("there are ten", () => expect(promises).toHaveLength(10));

  test.each(promises)("is the name of a test: %s", (promise) => {
    const [sentence = ""] = promise.split(" (");
    expect(names.filter((name) => name.includes(words(sentence)))).not.toEqual([]);
  });
});
