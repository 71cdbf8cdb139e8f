/**
 * A short slice of `npm run e2e`: the example frozen, thawed, killed and crowded under AWS's runtime client. And that the
 * run would have noticed: with the stream hidden, and with invocations that leave something running.
 */
import { expect, test } from "@jest/globals";
import { lastObject, runTool } from "../support/tool.js";

const E2E = "tools/e2e/main.ts";
const SHORT = ["--unbuilt", "--json", "--middy", process.env.MIDDY === "7" ? "7" : "6"];
/** For a machine that is busy with other tests. */
const PATIENCE_MS = 120_000;

test(
  "frozen, thawed, killed and crowded: nothing stale, nothing left running, every answer in time",
  async () => {
    const args = ["--rounds", "8", "--kills", "4", "--crowd-ms", "500", "--workers", "2"];
    const { code, output, errors, leftBehind } = await runTool(E2E, [...SHORT, ...args]);
    const { parts, ...counts } = lastObject(output);
    expect(counts).toMatchObject({ staleReads: 0, leftovers: 0, failures: 0, kills: 4, ok: true });
    expect({ code, errors, leftBehind }).toEqual({ code: 0, errors: "", leftBehind: [] });
    expect(counts.freezes).toBeGreaterThan(8);
    expect(counts.clockMovedHours).toBeGreaterThan(7);
    expect(parts).toMatchObject([
      {
        freezing: { rounds: 8, realFreezes: 1, troubles: { none: 2, reset: 2, swallowing: 2, late: 1, silent: 1 } },
        crowds: [{ workers: 2, mostAtOnce: 64, metricsMismatched: 0, metricsMissing: 0 }],
      },
    ]);
  },
  PATIENCE_MS,
);

test(
  "stale answers would be noticed",
  async () => {
    const args = ["--break", "stream", "--rounds", "2", "--kills", "1", "--crowd-ms", "100", "--workers", "1"];
    const { code, output } = await runTool(E2E, [...SHORT, ...args]);
    expect(lastObject(output).staleReads).toBeGreaterThan(0);
    expect(code).toBe(1);
  },
  PATIENCE_MS,
);

test(
  "what an invocation leaves running would be noticed",
  async () => {
    const args = ["--break", "leftover", "--rounds", "1", "--kills", "1", "--crowd-ms", "100", "--workers", "1"];
    const { code, output } = await runTool(E2E, [...SHORT, ...args]);
    expect(lastObject(output).leftovers).toBeGreaterThan(0);
    expect(output).toContain("left running: GET user-1: Timeout");
    expect(code).toBe(1);
  },
  PATIENCE_MS,
);
