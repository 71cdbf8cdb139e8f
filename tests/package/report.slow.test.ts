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
  readonly input: {
    readonly bytes: number;
    readonly damaged: number;
    readonly repeated: number;
    readonly names: readonly string[];
    readonly unread: readonly unknown[];
  };
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

  test("reads several files, packed ones too, and says what it read; an export that is there twice counts once", () => {
    const packed = join(work, "day.log.gz");
    writeFileSync(packed, gzipSync(readFileSync(log)));
    const one = json(["report", log]);
    const both = json(["report", log, packed]);
    expect([both.invocations, both.hits]).toEqual([one.invocations, one.hits]);
    expect(both.input.names).toEqual([log, packed]);
    expect(both.input.bytes).toBe(readFileSync(log).length + readFileSync(packed).length);
    expect([one.input.repeated, both.input.repeated]).toEqual([0, one.invocations]);
    const repeated = new RegExp(`${one.invocations.toLocaleString("en-GB")} lines repeated others, and count once`);
    expect(scache(["report", log, packed]).stdout).toMatch(repeated);
    expect(one.groups.map(({ functionName }) => functionName)).toEqual(["users-get", "cart-price", "product-page"]);
  });

  test("counts what it could not read, says so where people look, and goes on", () => {
    const input = `${metricLine()}\n${metricLine().slice(0, 200)}\n${metricLine()}\n`;
    const { invocations, input: read } = json(["report"], input);
    expect([invocations, read.damaged]).toEqual([2, 1]);
    const { status, stdout, stderr } = scache(["report"], input);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("1 line could not be read, or not in full (1 in standard input): cut off");
  });

  test.each<[string, (text: string) => Buffer]>([
    ["packed", (text) => gzipSync(text)],
    ["packed twice", (text) => gzipSync(gzipSync(text))],
    ["in UTF-16", (text) => Buffer.from(`\ufeff${text}`, "utf16le")],
    ["in UTF-16, big-endian and without a mark", (text) => Buffer.from(text, "utf16le").swap16()],
  ])("reads a log %s, from a file of any name and from standard input", (_name, bytes) => {
    const input = bytes(`${metricLine()}\r\n${metricLine()}\r\n`);
    for (const name of ["export", "EXPORT.GZ", "export.txt"]) {
      writeFileSync(join(work, name), input);
      expect(json(["report", name])).toMatchObject({ invocations: 2, hits: 4 });
    }
    const piped = spawnSync(process.execPath, [cli, "report", "--json"], { cwd: work, input, encoding: "utf8" });
    expect(JSON.parse(piped.stdout)).toMatchObject({ invocations: 2, hits: 4 });
  });

  test("a packed file that ends early keeps what was read, is named, and does not stop the others", () => {
    const packed = gzipSync(readFileSync(log));
    writeFileSync(join(work, "cut.gz"), packed.subarray(0, packed.length / 2));
    const { status, stdout, stderr } = scache(["report", "cut.gz"]);
    expect([status, stderr]).toEqual([0, "scache: cut.gz: its packed data ends early\n"]);
    expect(stdout).toMatch(/^Does the cache pay\?\nYes: /);
    expect(stdout).toContain("Not all of cut.gz was read: its packed data ends early.");
    const both = scache(["report", "--json", "cut.gz", "day.log"]);
    expect(both.status).toBe(0);
    expect(JSON.parse(both.stdout)).toMatchObject({
      invocations: json(["report", "day.log"]).invocations,
      input: { unread: [{ name: "cut.gz", problems: ["its packed data ends early"] }] },
    });
  });

  test("nothing that a log or a file is called reaches the terminal as more than text", () => {
    const evil = "\u202egol.\u001b[31m\u0007\u200b";
    writeFileSync(
      join(work, `${evil}.log`),
      `${metricLine({ service: evil, function: evil, stream: evil })}\n{"_aws":`,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey is looked for.
    const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;
    for (const args of [[`${evil}.log`], [`${evil}.log`, "--json"], [`${evil}.not`], [`${evil}.log`, `--${evil}`]]) {
      const { stdout, stderr } = scache(["report", ...args]);
      expect([args.length, stdout.match(obeyed), stderr.match(obeyed)]).toEqual([args.length, null, null]);
    }
    const { input } = JSON.parse(scache(["report", `${evil}.log`, "--json"]).stdout) as JsonReport;
    expect(input.damaged).toBe(1);
  });

  test("figures that cannot be make no sum absurd", () => {
    const absurd = ["1e308", "1e308", "1e999"].map((figure) => metricLine({ TimeSaved: "?" }).replace('"?"', figure));
    const input = [...absurd, metricLine()].join("\n");
    const text = scache(["report"], input);
    expect(text.stdout).not.toMatch(/NaN|Infinity/);
    expect(text.stdout).toContain("3 lines could not be read, or not in full");
    expect(json(["report"], input)).toMatchObject({ invocations: 4, timeSavedMs: 80, input: { damaged: 3 } });
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
    [
      "an unknown option",
      ["report", "--htm", "x"],
      /^scache: there is no option --htm: did you mean "--html"\?\nSee: npx scache report --help$/m,
    ],
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

  test.each([
    ["a broken packed file", "broken.gz", "no gzip", "its name ends in .gz, but it has no gzip header"],
    ["a zip archive", "logs.zip", "PK\u0003\u0004", "it is a zip archive: unpack it first"],
  ])("%s ends with 2, and nobody claims that there was no line in it", (_name, file, content, problem) => {
    writeFileSync(join(work, file), content);
    const { status, stdout, stderr } = scache(["report", file]);
    expect([status, stderr]).toEqual([2, `scache: ${file}: ${problem}\n`]);
    expect(stdout).toContain("No line of scache could be read.");
    expect(stdout).toContain(`Not all of ${file} was read: ${problem}.`);
  });

  test("a log with nothing but torn lines is not said to have none", () => {
    const { status, stdout, stderr } = scache(["report"], metricLine().slice(0, 300));
    expect([status, stderr]).toEqual([1, "scache: no line of scache could be read in standard input\n"]);
    expect(stdout).toContain("No line of scache could be read.\n1 line could not be read");
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

  test("an earlier page is written anew, and no other file", () => {
    expect(scache(["report", log, "--html", "earlier.html"]).status).toBe(0);
    const earlier = readFileSync(join(work, "earlier.html"), "utf8");
    expect(scache(["report", "--html", "earlier.html"], `${metricLine()}\n`).status).toBe(0);
    const later = readFileSync(join(work, "earlier.html"), "utf8");
    expect(later).toContain("<h1>");
    expect(later).not.toBe(earlier);

    writeFileSync(join(work, "notes.html"), "<h1>notes</h1>");
    symlinkSync(join(work, "notes.html"), join(work, "link.html"));
    symlinkSync(join(work, "earlier.html"), join(work, "to-page.html"));
    symlinkSync(join(work, "nowhere.html"), join(work, "dangling.html"));
    for (const page of ["notes.html", "link.html", "to-page.html", "dangling.html"]) {
      const { status, stdout, stderr } = scache(["report", log, "--html", page]);
      expect([page, status, stdout]).toEqual([page, 2, ""]);
      expect(stderr).toMatch(/^scache: --html (replaces only pages that it wrote|does not follow links)/);
    }
    expect(readFileSync(join(work, "notes.html"), "utf8")).toBe("<h1>notes</h1>");
    expect(readFileSync(join(work, "earlier.html"), "utf8")).toBe(later);
    expect(existsSync(join(work, "nowhere.html"))).toBe(false);
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

  test("a packed log that unpacks to a thousand times its size takes no more memory than another", () => {
    writeFileSync(join(work, "blanks.gz"), gzipSync(Buffer.alloc(100_000_000, " "), { level: 9 }));
    const tell = 'process.on("exit", () => console.error(process.resourceUsage().maxRSS));';
    const args = ["--import", `data:text/javascript,${encodeURIComponent(tell)}`, cli, "report", "blanks.gz"];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: work, encoding: "utf8" });
    const [said, kilobytes] = stderr.trim().split("\n");
    expect([status, said]).toEqual([1, "scache: there is no line of scache in blanks.gz"]);
    // In pieces of 64 MB, as they were once, it took more than half a gigabyte.
    expect(Number(kilobytes)).toBeLessThan(300_000);
  }, 60_000);

  test("a log ten times the size of its memory is read to the end", async () => {
    const args = ["--max-old-space-size=32", "--max-semi-space-size=2", cli, "report", "--json"];
    const child = spawn(process.execPath, args, { cwd: work });
    let stdout = "";
    child.stdout.on("data", (piece) => {
      stdout += piece;
    });
    const lines = readFileSync(log, "utf8").split("\n");
    // Each time of other requests, or it would be the same log over and over.
    const block = (n: number) => lines.map((line) => line.replace('"requestId":"', `"requestId":"${n}-`)).join("\n");
    const times = Math.ceil(320_000_000 / block(0).length);
    const closed = new Promise((resolve) => child.once("close", resolve));
    for (let n = 0; n < times; n += 1) {
      if (!child.stdin.write(block(n))) await new Promise((resolve) => child.stdin.once("drain", resolve));
    }
    child.stdin.end();
    expect(await closed).toBe(0);
    expect((JSON.parse(stdout) as JsonReport).invocations).toBe(times * json(["report", log]).invocations);
  }, 60_000);
});
