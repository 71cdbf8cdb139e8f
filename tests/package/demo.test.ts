/**
 * The demo, run as `npm start` runs it, but briefly: it tells its story, its figures are those of the logs, it notices
 * when caches are stale, and it leaves nothing behind.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Oracle } from "../../tools/demo/oracle.js";
import { childrenOf, isAlive } from "../support/processes.js";
import { lastObject, runTool, startTool, type ToolEnd } from "../support/tool.js";
import { until } from "../support/until.js";

const DEMO = "tools/demo/main.ts";
const BRIEF = ["--unbuilt", "--seconds", "1", "--json"];

/** Unless the machine is so busy that the stream could not be read in time, which the story then says. */
const HIT = /^[AB] reads user-1 (hit version 1|miss version 1 .*bypassed$)/;

/** The metrics lines among a log's lines. */
function metricsIn(log: string): Record<string, number>[] {
  return log
    .split("\n")
    .filter((line) => line.includes('"_aws"'))
    .map((line) => JSON.parse(line) as Record<string, number>);
}

describe("a run", () => {
  let folder: string;
  let end: ToolEnd;
  let log: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "scache-demo-test-"));
    const logs = join(folder, "log");
    end = await runTool(DEMO, [...BRIEF, "--shards", "2", "--kinesis-ms", "2", "--source-ms", "4", "--logs", logs]);
    log = readFileSync(logs, "utf8");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("ends well, with nothing left behind", () => {
    expect(end.errors).toBe("");
    expect(end.code).toBe(0);
    expect(end.leftBehind).toEqual([]);
  });

  test("tells the story in order", () => {
    const story = end.output.split("\n").filter((line) => /^ {2}[A-Z] (reads|writes)/.test(line));
    expect(
      story.map((line) =>
        line
          .trim()
          .replace(/ +/g, " ")
          .replace(/ [\d.]+ ms/, ""),
      ),
    ).toEqual([
      expect.stringMatching(/^A reads user-1 miss version 1/),
      expect.stringMatching(HIT),
      expect.stringMatching(HIT),
      expect.stringMatching(/^B reads user-1 miss version 1/),
      expect.stringMatching(HIT),
      expect.stringMatching(/^A writes user-1 saved version 2/),
      expect.stringMatching(/^B reads user-1 miss version 2/),
      expect.stringMatching(/^A reads user-1 miss version 2/),
      expect.stringMatching(/^C reads user-1 miss version 2/),
    ]);
  });

  test("has no stale read, and judged every answer", () => {
    const { staleReads, answersJudged, hits, misses, readsWith } = lastObject(end.output) as Record<string, number>;
    expect(staleReads).toBe(0);
    expect(answersJudged).toBeGreaterThanOrEqual(Number(hits) + Number(misses));
    expect(readsWith).toBeGreaterThan(0);
  });

  test("prints the sums of the metrics lines that the environments wrote", () => {
    const lines = metricsIn(log);
    const result = lastObject(end.output) as Record<string, number>;
    const sum = (name: string) => lines.reduce((all, line) => all + (line[name] ?? 0), 0);
    expect(result.kinesisLatencyMs).toBeCloseTo(sum("KinesisLatency"), 2);
    expect(result.timeSavedMs).toBeCloseTo(sum("TimeSaved"), 2);
    expect(result.netTimeSavedMs).toBeCloseTo(sum("NetTimeSaved"), 2);
    expect(result.netTimeSavedMs).toBeCloseTo(Number(result.timeSavedMs) - Number(result.kinesisLatencyMs), 2);
    expect(result.hits).toBe(sum("CacheHits"));
    expect(result.misses).toBe(sum("CacheMisses"));
    expect(result.invocations).toBe(result.metricsLines);
  });

  test("made the calls to Kinesis that the environments say they made: one a shard and invocation, once warm", () => {
    const lines = metricsIn(log);
    const { kinesisCalls, kinesisCallsByOperation: calls } = lastObject(end.output) as {
      kinesisCalls: number;
      kinesisCallsByOperation: Record<string, number>;
    };
    const refreshCalls = lines.reduce((all, line) => all + (line.kinesisCalls ?? 0), 0);
    expect(kinesisCalls).toBe(refreshCalls + (calls.PutRecords ?? 0));
    // Calls that a busy machine leaves unanswered for half a second are made once more, so these are the least.
    expect(calls.ListShards).toBeGreaterThanOrEqual(3);
    expect(calls.GetShardIterator).toBeGreaterThanOrEqual(3 * 2);
    const counts = lines.map((line) => line.kinesisCalls ?? 0).sort((a, b) => a - b);
    // A first refresh that was cut off lists once more in the next.
    expect(counts.filter((count) => count >= 5).length).toBeGreaterThanOrEqual(3);
    const refreshes = counts.filter((count) => count > 0);
    expect(refreshes[Math.floor(refreshes.length / 2)]).toBe(2);
  });
});

test("when what the stream says is hidden, stale reads are counted and the exit code is 1", async () => {
  const { code, output, leftBehind } = await runTool(DEMO, [
    ...BRIEF,
    "--break",
    "--kinesis-ms",
    "0",
    "--source-ms",
    "1",
  ]);
  expect(code).toBe(1);
  expect(lastObject(output).staleReads).toBeGreaterThan(0);
  expect(output).toContain("STALE");
  expect(leftBehind).toEqual([]);
});

test("Ctrl-C ends it at once and leaves no process and no file", async () => {
  const demo = startTool(DEMO, ["--unbuilt", "--seconds", "30"]);
  await demo.printed(/\d reads,/);
  const children = childrenOf(demo.child.pid ?? 0);
  // Three environments and the one without cache, and what esbuild and the watch over them need.
  expect(children.length).toBeGreaterThanOrEqual(4);
  demo.child.kill("SIGINT");
  const { code, errors, leftBehind } = await demo.ended;
  expect({ code, errors, leftBehind }).toEqual({ code: 130, errors: "", leftBehind: [] });
  await until("all children have ended", () => !children.some(isAlive));
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
});
