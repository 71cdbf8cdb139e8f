/**
 * docs/cdc.md: its programs compile and do what it says, its settings are those that lose nothing, and what it names exists.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { parse } from "yaml";
import { MAX_CHANGE_BYTES } from "../../src/cdc/decoder.js";
import * as cdc from "../../src/cdc/index.js";
import { RELAY_METRICS } from "../../src/metrics/names.js";
import { complaintsOf } from "../support/compile.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/cdc.md"), "utf8");
const work = mkdtempSync(join(tmpdir(), "scache-cdc-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const blocks = (language: string) =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = ""]) =>
    found === language ? [text] : [],
  );
const programs = blocks("ts");
const ENTRIES = {
  "scache/cdc": join(root, "src/cdc/index.ts"),
  "scache/publisher": join(root, "src/publisher.ts"),
  "scache/testing": join(root, "src/testing/index.ts"),
  scache: join(root, "src/index.ts"),
};

/** Runs a program of the page in a process of its own, and returns what it prints. */
async function run(contents: string): Promise<string[]> {
  const outfile = join(work, "program.mjs");
  await build({
    stdin: { contents, loader: "ts", resolveDir: root },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2023",
    mainFields: ["module", "main"],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    alias: ENTRIES,
    outfile,
    logLevel: "silent",
  });
  const env = { PATH: process.env.PATH, AWS_REGION: "eu-west-1", POWERTOOLS_METRICS_DISABLED: "true" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", outfile], { timeout: 20_000, env });
  return stdout.split("\n").filter((line) => line !== "");
}

describe("the programs", () => {
  test("compile, under the strictest settings", () => {
    writeFileSync(join(work, "package.json"), '{"type":"module"}');
    const files = programs.map((program, index) => {
      const file = join(work, `program-${index}.ts`);
      writeFileSync(file, program);
      return file;
    });
    const paths = Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, [path]]));
    const middy = { "@middy/core": [join(root, "node_modules/@middy/core/index.d.ts")] };
    expect(programs).toHaveLength(3);
    expect(complaintsOf(files, { ...paths, ...middy })).toBe("");
  });

  test.each(programs.map((program, index) => [index, program] as const))(
    "print what they say: %d",
    async (_index, program) => {
      const promised = [...program.matchAll(/^console\.log\(.*\/\/ (\w+)$/gm)].map(([, word]) => word);
      expect(await run(program)).toEqual(promised);
    },
  );
});

test("the settings of the event source lose nothing", () => {
  const [settings = ""] = blocks("yaml");
  const text = settings.replaceAll("!GetAtt ", "");
  const { RelayFunction } = parse(text) as {
    RelayFunction: { Properties: { Events: Record<string, { Properties: object }> } };
  };
  expect(RelayFunction.Properties.Events.Changes?.Properties).toMatchObject({
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: -1,
  });
});

describe("what it names exists", () => {
  const quoted = new Set([...page.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word));

  test("every decoder, and every metric of a relay", () => {
    const decoders = Object.keys(cdc).filter((name) => name.startsWith("from"));
    for (const name of decoders) expect([...quoted].some((word) => word.startsWith(`${name}(`))).toBe(true);
    for (const name of Object.values(RELAY_METRICS)) expect(quoted).toContain(name);
    const named = [...quoted].filter((word) => /^Relay[A-Z]\w+$/.test(word));
    expect(named.filter((word) => !Object.values<string>(RELAY_METRICS).includes(word))).toEqual([]);
  });

  test("the error's code, and how large a record may be", () => {
    expect(quoted).toContain(new cdc.ChangeRecordError("x").code);
    expect(page).toContain(`more than ${MAX_CHANGE_BYTES / 1_024} KiB`);
  });

  test("every npm script", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const named = [...page.matchAll(/\bnpm\s+run\s+(\w+)/g)].map(([, name = ""]) => name);
    expect(named.sort()).toEqual(["staleness", "vectors"]);
    for (const name of named) expect(scripts).toHaveProperty(name);
  });
});
