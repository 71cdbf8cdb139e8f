/**
 * How large the head gets, and what comes through, under loads that one item can take and some that it cannot: 32 writers, a
 * table that bills and throttles as DynamoDB does, and writers killed while they make room.
 */
import { describe, expect, test } from "@jest/globals";
import { createTableLog } from "../../../src/dynamodb/log.js";
import { ManualClock } from "../../../src/testing/manual-clock.js";
import { MemoryTable } from "../../../src/testing/memory-table.js";
import { Dice } from "../../simulation/dice.js";

interface Load {
  /** Publications a second of all writers together. */
  readonly rate: number;
  readonly seconds: number;
  readonly bytes: readonly [least: number, most: number];
  /** Records of one publication. */
  readonly records?: number;
  /** How many of the steps that make room are never reached. */
  readonly killed?: number;
}

async function run({ rate, seconds, bytes, records = 1, killed = 0.15 }: Load) {
  const dice = new Dice(rate + seconds + records);
  const clock = new ManualClock();
  const table = new MemoryTable({ clock, readUnitsPerSecond: 3_000, writeUnitsPerSecond: 1_000 });
  const seen = { published: 0, failed: 0, largestHead: 0 };
  let [incarnations, running] = [0, 0];

  /** As the publisher of the core does: what was not acknowledged is tried again, six times in all. */
  async function publish(log: ReturnType<typeof createTableLog>): Promise<void> {
    let left = Array.from({ length: records }, () => new Uint8Array(dice.int(...bytes)));
    for (let attempt = 0; left.length > 0 && attempt < 6; attempt++) {
      if (attempt > 0) await after(50 * 2 ** (attempt - 1) * (0.5 + dice.next() / 2));
      const abort = new AbortController();
      const stop = clock.after(3_000, () => abort.abort());
      const fates = await log.append(left, abort.signal);
      stop();
      left = left.filter((_, index) => !fates[index]?.written);
      seen.largestHead = Math.max(seen.largestHead, table.headBytes());
    }
    if (left.length === 0) seen.published++;
    else seen.failed++;
  }

  const after = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));

  async function writer(): Promise<void> {
    const api = table.connect("scache", ({ operation }) => ({
      requestMs: dice.int(2, 5),
      answerMs: dice.int(2, 5),
      ...(operation !== "append" && dice.chance(killed) ? { hang: true } : {}),
    }));
    const newIncarnation = () => String(++incarnations).padStart(16, "0");
    const log = createTableLog({ api, table: { name: "t", log: "scache" }, clock, random: dice.next, newIncarnation });
    const open: Promise<void>[] = [];
    while (clock.monotonic() < seconds * 1_000) {
      await after((-Math.log(1 - dice.next()) * 1_000 * 32) / rate);
      open.push(publish(log));
    }
    await Promise.all(open);
  }

  for (let n = 0; n < 32; n++) {
    running++;
    void writer().finally(() => running--);
  }
  while (running > 0 && (await clock.next()));
  return { ...seen, perSecond: seen.published / (clock.monotonic() / 1_000) };
}

const ORDINARY = [40, 90] as const;

describe("under a load that the item can take, the head stays below 8 KB and everything is published", () => {
  test.each<[string, Load]>([
    ["50 a second", { rate: 50, seconds: 8, bytes: ORDINARY }],
    ["200 a second", { rate: 200, seconds: 8, bytes: ORDINARY }],
    ["450 a second", { rate: 450, seconds: 8, bytes: ORDINARY }],
    ["450 a second, and nobody killed", { rate: 450, seconds: 8, bytes: ORDINARY, killed: 0 }],
    ["60 full records a second", { rate: 60, seconds: 8, bytes: [1_000, 1_024] }],
    ["5 publications a second of 10 KB", { rate: 5, seconds: 8, bytes: [1_000, 1_024], records: 10 }],
  ])("%s", async (_what, load) => {
    const { failed, largestHead, published } = await run(load);
    expect([failed, largestHead <= 8_192 || largestHead]).toEqual([0, true]);
    expect(published).toBeGreaterThan((load.rate * load.seconds) / 2);
  });
});

test("under twice what it can take, there is a plateau and no collapse", async () => {
  const { perSecond, largestHead } = await run({ rate: 1_200, seconds: 8, bytes: ORDINARY });
  expect(perSecond).toBeGreaterThan(400);
  expect(largestHead).toBeLessThan(16_384);
});
