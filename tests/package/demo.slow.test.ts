/**
 * The demo, run as `npm start` runs it, but briefly: it tells its story, its figures are those of the logs, it notices
 * when caches are stale, and it leaves nothing behind.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { DemoResult } from "../../tools/demo/figures.js";
import { lateWithin } from "../../tools/demo/lateness.js";
import { Oracle } from "../../tools/demo/oracle.js";
import { boundAllowedBy } from "../../tools/demo/setups.js";
import { childrenOf, isAlive } from "../support/processes.js";
import { lastObject, runTool, startTool, type ToolEnd } from "../support/tool.js";
import { until } from "../support/until.js";

const DEMO = "tools/demo/main.ts";
const BRIEF = ["--unbuilt", "--json"];

describe("a run", () => {
  let folder: string;
  let end: ToolEnd;
  let log: string;
  let result: DemoResult;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "scache-demo-test-"));
    const logs = join(folder, "log");
    end = await runTool(DEMO, [...BRIEF, "--seconds", "2", "--shards", "2", "--logs", logs]);
    log = readFileSync(logs, "utf8");
    result = lastObject(end.output) as unknown as DemoResult;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("ends well, with nothing left behind", () => {
    expect(end.errors).toBe("");
    expect(end.code).toBe(0);
    expect(end.leftBehind).toEqual([]);
  });

  test("tells its stories in order", () => {
    const story = end.output.split("\n").filter((line) => /^ {2}[A-Z] (reads|writes)/.test(line));
    expect(
      story.map((line) =>
        line
          .trim()
          .replace(/ +/g, " ")
          .replace(/ [\d.]+ ms/, ""),
      ),
    ).toEqual([
      expect.stringMatching(/^A reads miss version 1/),
      expect.stringMatching(/^A reads (hit version 1|miss version 1 log late)/),
      expect.stringMatching(/^B reads miss version 1/),
      expect.stringMatching(/^B reads (hit version 1|miss version 1 log late)/),
      expect.stringMatching(/^A writes saved version 2/),
      expect.stringMatching(/^B reads miss version 2/),
      expect.stringMatching(/^C reads miss version 2/),
      expect.stringMatching(/^B reads miss version 1/),
      expect.stringMatching(/^B reads (hit version 1|miss version 1 log late)/),
      expect.stringMatching(/^A writes saved version 2/),
      // As it was agreed, the old one may be served for a second.
      expect.stringMatching(/^B reads (hit version 1|miss version 2)/),
      expect.stringMatching(/^B reads (hit|miss) version 2/),
      expect.stringMatching(/^B reads miss version 1/),
      expect.stringMatching(/^C reads miss version 1/),
      expect.stringMatching(/^A writes saved version 2/),
      expect.stringMatching(/^C reads hit version 1 another's: no calls to the log/),
      expect.stringMatching(/^B reads miss version 2 (Ann's: her own write, [1-9] calls? to the log|log late)/),
      expect.stringMatching(/^B reads (hit version 2 Ann's again: no calls|miss version 2)/),
      expect.stringMatching(/^C reads hit version 1 another's: no calls to the log/),
    ]);
  });

  test("whoever has written reads that in another environment, whatever others may be served, at their cost of nothing", () => {
    expect(result.ownWrites).toMatchObject({ readBack: true, callsElsewhere: 0 });
    expect(result.ownWrites.calls).toBeGreaterThan(0);
  });

  test("asks the same of each set-up, judges every answer, and finds none that is stale", () => {
    const { staleReads, withoutCache, logs } = result;
    expect(staleReads).toBe(0);
    for (const figures of [logs.kinesis, logs.dynamodb]) {
      expect(figures).toMatchObject({ staleReads: 0, writes: withoutCache.writes });
      expect(Math.abs(figures.invocations - withoutCache.invocations)).toBeLessThanOrEqual(3);
      expect(figures.answersJudged).toBeGreaterThan(figures.reads);
    }
    expect(withoutCache.reads).toBeGreaterThan(0);
    expect(logs.kinesis.oldestMs).toBeLessThanOrEqual(logs.kinesis.maxStalenessMs);
    expect(logs.dynamodb).toMatchObject({ oldestMs: 0, maxStalenessMs: 0 });
  });

  test("counts what there is to count: each read hits or loads, and the table is read by each invocation", () => {
    const { withoutCache, logs } = result;
    expect(withoutCache).toMatchObject({ hits: 0, loads: withoutCache.reads, logCalls: 0, waitedMs: 0 });
    for (const { hits, loads, reads } of [logs.kinesis, logs.dynamodb]) {
      expect(hits).toBeGreaterThan(0);
      // A load that a busy machine leaves unanswered may be made once more.
      expect(hits + loads).toBeGreaterThanOrEqual(reads);
    }
    expect(logs.dynamodb.logCalls).toBeGreaterThanOrEqual(logs.dynamodb.invocations);
    expect(logs.dynamodb.dollarsPerMonth.log).toBeGreaterThan(0);
    // Two shards cost what two shards cost, whatever is read.
    expect(logs.kinesis.dollarsPerMonth.log).toBeCloseTo(2 * 10.95, 0);
    expect(log.split("\n").filter((line) => line.includes('"_aws"')).length).toBeGreaterThan(
      logs.kinesis.invocations + logs.dynamodb.invocations,
    );
  });

  test("ends with one sentence that answers whether it pays, within 80 columns and without colour", () => {
    const lines = end.output.trimEnd().split("\n").slice(0, -1);
    const answer = lines.join(" ").replace(/ +/g, " ").split("Does it pay? ")[1];
    expect(result.pays).toBe(true);
    expect(answer).toMatch(/^Yes: an invocation takes [^.]*\.\d ms .* instead of \$\d+\. *$/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(end.output).not.toContain("\u001b");
  });
});

test("when what the logs say is hidden, stale reads are counted on both and the exit code is 1", async () => {
  const args = ["--break", "--seconds", "2", "--staleness-ms", "200", "--kinesis-ms", "0", "--source-ms", "1"];
  const { code, output, leftBehind } = await runTool(DEMO, [...BRIEF, ...args]);
  const { pays, logs, ownWrites } = lastObject(output) as unknown as DemoResult;
  expect(code).toBe(1);
  expect(pays).toBe(false);
  expect(logs.kinesis.staleReads).toBeGreaterThan(0);
  expect(logs.dynamodb.staleReads).toBeGreaterThan(0);
  expect(ownWrites.readBack).toBe(false);
  expect(output).toContain("STALE");
  expect(output).toContain("NOT HER OWN WRITE");
  expect(output).toMatch(/Does it pay\? No: \d+ answers were older than promised\./);
  expect(leftBehind).toEqual([]);
});

test.each<[string, (demo: ChildProcess) => unknown]>([
  ["Ctrl-C", (demo) => demo.kill("SIGINT")],
  ["nobody who reads what it prints", (demo) => demo.stdout?.destroy()],
])("%s ends it at once and leaves no process and no file", async (_, end) => {
  const demo = startTool(DEMO, ["--unbuilt", "--seconds", "30"]);
  await demo.printed(/requests: \d/);
  const children = childrenOf(demo.child.pid ?? 0);
  // Three environments of each set-up, and of the one that only the story needs, and what esbuild and the watch over them need.
  expect(children.length).toBeGreaterThanOrEqual(12);
  end(demo.child);
  const { code, errors, leftBehind } = await demo.ended;
  expect({ code, errors, leftBehind }).toEqual({ code: 130, errors: "", leftBehind: [] });
  await until("all children have ended", () => !children.some(isAlive));
});

test.each([
  ["/nonexistent/log", "ENOENT"],
  ["/dev/full", "ENOSPC"],
])("a file for its logs that cannot be written is told in a line: %s", async (file, message) => {
  if (!existsSync("/dev/full")) return;
  const { code, errors, leftBehind } = await runTool(DEMO, ["--unbuilt", "--seconds", "1", "--logs", file]);
  expect({ code, leftBehind }).toEqual({ code: 1, leftBehind: [] });
  expect(errors).toMatch(new RegExp(`^.*${message}.*\n$`));
});

test("a wrong option is named", async () => {
  const { code, errors } = await runTool(DEMO, ["--shards", "none"]);
  expect(code).toBe(2);
  expect(errors).toMatch(/^--shards must be a whole number from 1 to 16, but is none\n\nusage: npm start/);
});

describe("the oracle", () => {
  test("wants at least the version acknowledged before a read began, and no more", () => {
    const oracle = new Oracle();
    oracle.acknowledge("u", 2);
    const early = oracle.beginRead("u");
    oracle.acknowledge("u", 4);
    oracle.acknowledge("u", 3);
    const late = oracle.beginRead("u");
    expect(oracle.judge("A", early, 2)).toBe(true);
    expect(oracle.judge("A", late, 3)).toBe(false);
    expect(oracle.judge("A", late, 4)).toBe(true);
    expect(oracle.judge("A", oracle.beginRead("other"), 0)).toBe(true);
    expect(oracle.violations).toEqual([{ environment: "A", userid: "u", expectedAtLeast: 4, got: 3 }]);
    expect(oracle.judged).toBe(4);
  });

  test("lets an answer be as old as was promised, and no older", () => {
    let nowMs = 0;
    const oracle = new Oracle({ maxStalenessMs: 1_000, now: () => nowMs });
    oracle.acknowledge("u", 1);
    nowMs = 100;
    oracle.acknowledge("u", 2);
    nowMs = 1_099;
    const within = oracle.beginRead("u");
    nowMs = 1_100;
    const beyond = oracle.beginRead("u");
    expect(oracle.judge("A", within, 1)).toBe(true);
    expect(oracle.oldestMs).toBe(999);
    expect(oracle.judge("A", beyond, 2)).toBe(true);
    expect(oracle.oldestMs).toBe(999);
    expect(oracle.judge("A", beyond, 1)).toBe(false);
    expect(oracle.oldestMs).toBe(1_000);
  });
});

test("of a span, late answers are taken out once, and only what lies within", () => {
  const answered = (dueMs: number, endedMs: number) => ({ dueMs, endedMs });
  expect(lateWithin([answered(10, 10), answered(20, 15)], 0, 100)).toBe(0);
  expect(lateWithin([answered(50, 60), answered(10, 15)], 0, 100)).toBe(15);
  expect(lateWithin([answered(10, 30), answered(15, 20), answered(25, 40)], 0, 100)).toBe(30);
  expect(lateWithin([answered(-10, 5), answered(95, 200)], 0, 100)).toBe(10);
});

test.each([
  [3, 1_000],
  [4, 2_000],
  [16, 6_000],
])("a shard allows %d environments a bound of %d ms", (environments, boundMs) => {
  expect(boundAllowedBy(environments)).toBe(boundMs);
});
