/**
 * `npx scache report` as a user runs it: the built files alone, in a process of their own, fed with files and pipes of
 * every kind, and with more than memory would hold.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { syntheticLines } from "../../tools/synthetic-log.js";
import { metricLine } from "../support/metric-lines.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "scache-report-"));
const cli = join(work, "dist/report/cli.js");
const log = join(work, "day.log");

interface JsonReport {
  readonly invocations: number;
  readonly hits: number;
  readonly netTimeSavedMs: number;
  readonly pays: boolean;
  readonly groups: readonly { readonly functionName: string }[];
  readonly input: { readonly bytes: number; readonly damaged: number; readonly names: readonly string[] };
}

beforeAll(() => {
  const node = (args: string[]) => execFileSync(process.execPath, args, { cwd: root, stdio: "pipe" });
  node(["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", join(work, "dist")]);
  node(["--import", "tsx", "tools/report-assets.ts", join(work, "dist")]);
  copyFileSync(join(root, "package.json"), join(work, "package.json"));
  const lines = [...syntheticLines({ startMs: Date.UTC(2026, 0), hours: 24, seed: 5, perHour: 200 })];
  writeFileSync(log, lines.map((line) => `2026/01/01/[$LATEST]abc ${line}\nREPORT Duration: 1 ms\n`).join(""));
}, 60_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

function scache(args: readonly string[], input = "") {
  return spawnSync(process.execPath, [cli, ...args], { cwd: work, input, encoding: "utf8" });
}

function json(args: readonly string[], input = ""): JsonReport {
  const { stdout, stderr } = scache([...args, "--json"], input);
  expect(stderr).toBe("");
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as JsonReport;
}

describe("scache report", () => {
  test("reads a file and answers", () => {
    const { status, stdout, stderr } = scache(["report", log]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Does the cache pay\?\nYes: .* of waiting saved/);
  });

  test("reads standard input, by name or without", () => {
    const input = `${metricLine()}\n${metricLine()}\n`;
    for (const args of [["report"], ["report", "-"]]) {
      expect(json(args, input)).toMatchObject({ invocations: 2, hits: 4, netTimeSavedMs: 135, pays: true });
    }
  });

  test("reads several files, packed ones too, and says what it read", () => {
    const packed = join(work, "day.log.gz");
    writeFileSync(packed, gzipSync(readFileSync(log)));
    const one = json(["report", log]);
    const both = json(["report", log, packed]);
    expect([both.invocations, both.hits]).toEqual([2 * one.invocations, 2 * one.hits]);
    expect(both.input.names).toEqual([log, packed]);
    expect(both.input.bytes).toBe(readFileSync(log).length + readFileSync(packed).length);
    expect(one.groups.map(({ functionName }) => functionName)).toEqual(["users-get", "cart-price", "product-page"]);
  });

  test("counts what it could not read, and goes on", () => {
    const { invocations, input } = json(
      ["report"],
      `${metricLine()}\n${metricLine().slice(0, 200)}\n${metricLine()}\n`,
    );
    expect([invocations, input.damaged]).toEqual([2, 1]);
  });

  test("writes a page that holds everything it needs", () => {
    const page = join(work, "out.html");
    expect(scache(["report", log, "--html", page]).status).toBe(0);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("<h1>Does the cache pay?</h1>");
    expect(html.length).toBeGreaterThan(100_000);
    expect(existsSync(join(work, "dist/report/assets/uPlot.LICENSE"))).toBe(true);
  });

  test.each([
    ["no command", [], /name a command.*--help/s],
    ["an unknown command", ["rapport"], /no command "rapport"/],
    ["an unknown option", ["report", "--htm", "x"], /--htm/],
    ["a file that is not there", ["report", "nowhere.log"], /^scache: there is no file nowhere\.log$/m],
    ["a folder in place of a file", ["report", "dist"], /dist is a folder, not a file/],
    ["a page in a folder that is not there", ["report", "day.log", "--html", "no/page.html"], /there is no folder no /],
    ["a page without a name", ["report", "day.log", "--html", "-"], /--html takes the name of a file/],
    ["a file given twice", ["report", "day.log", "day.log"], /day\.log is given twice: it would be counted twice/],
    ["a file given by two names", ["report", "day.log", "./day.log"], /\.\/day\.log and day\.log are the same file/],
    ["standard input given twice", ["report", "-", "-"], /standard input is given twice/],
  ])("%s ends with 2 and says why", (_name, args, message) => {
    const { status, stderr, stdout } = scache(args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  test("a broken packed file ends with 2", () => {
    writeFileSync(join(work, "broken.gz"), "no gzip");
    expect(scache(["report", "broken.gz"])).toMatchObject({ status: 2, stderr: expect.stringContaining("header") });
  });

  test("the log is never overwritten by the page, whatever it is called", () => {
    const other = join(work, "other.log");
    writeFileSync(other, `${metricLine()}\n`);
    symlinkSync(other, join(work, "symbolic.log"));
    linkSync(other, join(work, "hard.log"));
    const before = readFileSync(other, "utf8");
    for (const page of ["other.log", other, "./dist/../other.log", "symbolic.log", "hard.log"]) {
      const { status, stderr, stdout } = scache(["report", "day.log", "other.log", "--html", page]);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^scache: --html would overwrite the log: .*other\.log/);
    }
    const input = openSync(other, "r");
    const args = [cli, "report", "--html", "hard.log"];
    const redirected = spawnSync(process.execPath, args, { cwd: work, stdio: [input, "pipe", "pipe"] });
    closeSync(input);
    expect(redirected.status).toBe(2);
    expect(String(redirected.stderr)).toContain("hard.log and standard input are the same file");
    expect(readFileSync(other, "utf8")).toBe(before);
  });

  test("an earlier page is written anew", () => {
    const page = join(work, "earlier.html");
    writeFileSync(page, "earlier");
    expect(scache(["report", log, "--html", page]).status).toBe(0);
    expect(readFileSync(page, "utf8")).toContain("<h1>");
  });

  test("a file without a line of scache is named, among others, too", () => {
    writeFileSync(join(work, "hello.txt"), "hello\n");
    const said = "scache: there is no line of scache in hello.txt\n";
    expect(scache(["report", "hello.txt"])).toMatchObject({ status: 1, stderr: said });
    expect(scache(["report", "hello.txt", "day.log"])).toMatchObject({ status: 0, stderr: said });
  });

  test("a log without a line of scache ends with 1 and says so", () => {
    expect(scache(["report"], "hello\n")).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("No line of scache was found."),
    });
  });

  test("--version prints the package's", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(scache(["--version"])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  test("is built as a file that can be run", () => {
    expect(() => accessSync(cli, constants.X_OK)).not.toThrow();
  });

  test("--help explains the figures and the model", () => {
    const { status, stdout } = scache(["--help"]);
    expect(status).toBe(0);
    for (const word of ["report [FILE…|-]", "--html", "--json", "break-even", "replayed"])
      expect(stdout).toContain(word);
  });

  test("a reader that goes away is no failure", async () => {
    const child = spawn(process.execPath, [cli, "report", log], { stdio: ["ignore", "pipe", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (piece) => {
      stderr += piece;
    });
    child.stdout.destroy();
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("a log ten times the size of its memory is read to the end", async () => {
    const args = ["--max-old-space-size=32", "--max-semi-space-size=2", cli, "report", "--json"];
    const child = spawn(process.execPath, args, { cwd: work });
    let stdout = "";
    child.stdout.on("data", (piece) => {
      stdout += piece;
    });
    const block = readFileSync(log);
    const times = Math.ceil(320_000_000 / block.length);
    const closed = new Promise((resolve) => child.once("close", resolve));
    for (let n = 0; n < times; n += 1) {
      if (!child.stdin.write(block)) await new Promise((resolve) => child.stdin.once("drain", resolve));
    }
    child.stdin.end();
    expect(await closed).toBe(0);
    expect((JSON.parse(stdout) as JsonReport).invocations).toBe(times * json(["report", log]).invocations);
  }, 60_000);
});
