/**
 * A short slice of `npm run e2e`: built functions frozen, thawed, killed, crowded, told of changes by a relay and ended in odd
 * ways under AWS's runtime client. And that the run would have noticed: with the log hidden, with a relay that sleeps, with
 * invocations that leave something behind, and with the middleware's `after` taken away.
 */
import { expect, test } from "@jest/globals";
import { lastObject, runTool } from "../support/tool.js";

const E2E = "tools/e2e/main.ts";
const SHORT = ["--unbuilt", "--json", "--middy", process.env.MIDDY === "7" ? "7" : "6"];
/** Leaves out all that is not named after it. */
const NOTHING = [
  "--rounds",
  "0",
  "--kills",
  "0",
  "--relays",
  "0",
  "--hook-rounds",
  "0",
  "--executions",
  "0",
  "--workers",
  "0",
];
const ON_KINESIS = ["--log", "kinesis"];
/** For a machine that is busy with other tests. */
const PATIENCE_MS = 120_000;

test.each(["kinesis", "dynamodb"])(
  "frozen, thawed, killed and crowded, on %s: nothing stale, nothing left running, every answer in time",
  async (log) => {
    const args = [...NOTHING, "--log", log, "--rounds", "8", "--kills", "4", "--crowd-ms", "500", "--workers", "2"];
    const { code, output, errors, leftBehind } = await runTool(E2E, [...SHORT, ...args]);
    const { parts, ...counts } = lastObject(output);
    expect(counts).toMatchObject({ staleReads: 0, leftovers: 0, failures: 0, kills: 4, ok: true });
    expect({ code, errors, leftBehind }).toEqual({ code: 0, errors: "", leftBehind: [] });
    expect(counts.freezes).toBeGreaterThan(8);
    expect(counts.clockMovedHours).toBeGreaterThan(7);
    expect(counts.logs).toEqual({ [log]: expect.objectContaining({ staleReads: 0, freezes: 8, kills: 4 }) });
    expect(parts).toMatchObject([
      {
        log,
        freezing: { rounds: 8, realFreezes: 1, troubles: { none: 2, reset: 2, swallowing: 2, late: 1, silent: 1 } },
        killing: { moments: { anywhere: 2, refresh: 1, load: 1 } },
        crowds: [{ workers: 2, mostAtOnce: 64, metricsMismatched: 0, metricsMissing: 0 }],
      },
    ]);
  },
  PATIENCE_MS,
);

test(
  "a row changed by hand is served by nobody once the relay has run, on both logs",
  async () => {
    const { code, output, errors, leftBehind } = await runTool(E2E, [...SHORT, ...NOTHING, "--relays", "3"]);
    const { relay, ...counts } = lastObject(output);
    expect(relay).toMatchObject({ staleReads: 0, rounds: 6, changes: 12, answersAfter: 60 });
    // The log could not be written at first, and before the relay had run the old rows were served: nobody had published.
    expect(relay).toMatchObject({ givenAgain: 2, oldBefore: expect.any(Number) });
    expect((relay as { oldBefore: number }).oldBefore).toBeGreaterThan(0);
    expect(counts).toMatchObject({ staleReads: 0, leftovers: 0, failures: 0, idle: [], ok: true });
    expect({ code, errors, leftBehind }).toEqual({ code: 0, errors: "", leftBehind: [] });
  },
  PATIENCE_MS,
);

test(
  "ended by other hooks, deadlines and crashes: each accounted for once, and the next answers right",
  async () => {
    const { code, output, errors, leftBehind } = await runTool(E2E, [
      ...SHORT,
      ...NOTHING,
      "--hook-rounds",
      "1",
      ...ON_KINESIS,
    ]);
    const { parts, ...counts } = lastObject(output);
    expect(counts).toMatchObject({ staleReads: 0, leftovers: 0, failures: 0, idle: [], ok: true });
    expect({ code, errors, leftBehind }).toEqual({ code: 0, errors: "", leftBehind: [] });
    // Blocked, exited, thrown, out of memory; and a streamed body that breaks off.
    expect(parts).toMatchObject([{ hooks: { oddInvocations: 27, accountedFor: 27, environmentsLost: 5 } }]);
    expect(parts).toMatchObject([{ hooks: { accountedForLater: 5 }, oddCrowd: { accountedFor: 226 } }]);
  },
  PATIENCE_MS,
);

test(
  "durable executions: suspended, and replayed in the same environment and in another",
  async () => {
    const { code, output, errors } = await runTool(E2E, [
      ...SHORT,
      ...NOTHING,
      "--middy",
      "7",
      "--executions",
      "3",
      ...ON_KINESIS,
    ]);
    const { parts, ...counts } = lastObject(output);
    expect(counts).toMatchObject({ staleReads: 0, leftovers: 0, failures: 0, durableReplays: 3, ok: true });
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    expect(parts).toMatchObject([{ durable: { suspended: 3, replaysWarm: 2, replaysCold: 1, accountedFor: 6 } }]);
  },
  PATIENCE_MS,
);

test.each([
  ["stale answers", "stream", [...ON_KINESIS, "--rounds", "10"], "staleReads"],
  ["stale answers on a table", "stream", ["--log", "dynamodb", "--rounds", "10"], "staleReads"],
  ["a relay that sleeps", "relay", ["--log", "dynamodb", "--relays", "2"], "staleReads"],
  ["a timer left running", "leftover", [...ON_KINESIS, "--rounds", "1"], "leftovers"],
  ["a promise left pending", "promise", ["--log", "dynamodb", "--rounds", "1"], "leftovers"],
  ["metrics that do not come when they should", "hooks", [...ON_KINESIS, "--hook-rounds", "1"], "failures"],
])(
  "%s would be noticed",
  async (_what, broken, part, count) => {
    const { code, output } = await runTool(E2E, [...SHORT, ...NOTHING, ...part, "--break", broken]);
    expect(lastObject(output)[count]).toBeGreaterThan(0);
    expect(code).toBe(1);
  },
  PATIENCE_MS,
);

test("a run in which nothing happened is a failure", async () => {
  const { code, output } = await runTool(E2E, [...SHORT, ...NOTHING, ...ON_KINESIS]);
  expect(lastObject(output)).toMatchObject({ failures: 0, idle: ["answersJudged"], ok: false });
  expect(code).toBe(1);
});
