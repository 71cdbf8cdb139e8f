/** Which log is advised, and what is said where none holds. */
import { describe, expect, test } from "@jest/globals";
import { resolveOptions } from "../../../src/options.js";
import { adviseOn } from "../../../src/plan/advice.js";
import type { FleetFigures } from "../../../src/plan/model.js";
import { PRICES, streamDollarsPerMonth, tableDollarsPerMonth } from "../../../src/plan/prices.js";

const FIGURES: FleetFigures = {
  environments: 5,
  maxStalenessMs: 5_000,
  invalidationsPerSecond: 10,
  invocationsPerSecond: 5,
  lookups: 1,
  data: 25,
  hotShare: 0.05,
  sourceMs: 20,
  kinesisMs: 15,
  dynamodbMs: 4,
  keyBytes: 32,
};
const advice = (figures: Partial<FleetFigures>) => adviseOn({ ...FIGURES, ...figures });

describe("the log advised", () => {
  test("is the one that holds", () => {
    const { choose, reasons } = advice({ environments: 2_400, maxStalenessMs: 1_000 });
    expect(choose).toBe("dynamodb");
    expect(reasons).toEqual([
      expect.stringMatching(/^DynamoDB holds, and uses 67 % of 3,000 read units a second for the head\.$/),
      expect.stringMatching(/^Kinesis would meet 5 GetRecords a second for each shard: 400 times that is asked for\.$/),
    ]);
  });

  test("a log that would throttle though it is asked for less than its limit is said to, with why", () => {
    const kinesis = "5 GetRecords a second for each shard";
    expect(advice({ environments: 15, invalidationsPerSecond: 1 }).reasons[1]).toBe(
      `Kinesis would throttle: the fleet asks for 58 % of ${kinesis} on average, and for more in bursts.`,
    );
    const neither = advice({ environments: 3, maxStalenessMs: 1_000, invalidationsPerSecond: 150, keyBytes: 1_000 });
    expect(neither.reasons[0]).toContain(
      `Kinesis meets ${kinesis} (50 % of it is asked for on average, and more in bursts)`,
    );
    expect(advice({ environments: 30, invalidationsPerSecond: 1 }).reasons[1]).toBe(
      `Kinesis would meet ${kinesis}: 115 % of it is asked for.`,
    );
  });

  test("of a stream that cannot take what is written, so many shards that can are named", () => {
    const { choose, reasons } = advice({ environments: 1, maxStalenessMs: 60_000, invalidationsPerSecond: 3_000 });
    expect(choose).toBe("neither");
    expect(reasons[0]).toContain("Kinesis meets 1,000 records a second for each shard (3 times that is asked for)");
    expect(reasons[1]).toBe("Kinesis would hold with 4 shards, each $10.95 a month.");
    // How often each shard is read stays the same.
    expect(advice({ environments: 100, invalidationsPerSecond: 3_000 }).reasons.join()).not.toContain("shards,");
  });

  test("no bound is named that the option refuses with the default of maxGapMs", () => {
    const fleets = [
      { environments: 10_000, maxStalenessMs: 0 },
      { environments: 1_200_000, maxStalenessMs: 300_000, invocationsPerSecond: 1, invalidationsPerSecond: 0.01 },
    ];
    const told = fleets.flatMap((fleet) => advice(fleet).reasons).join(" ");
    for (const [, bound = ""] of told.matchAll(/with maxStalenessMs ([\d,]+)/g)) {
      expect(() => resolveOptions({ maxStalenessMs: Number(bound.replaceAll(",", "")) })).not.toThrow();
    }
    expect(told).toContain("with maxStalenessMs");
  });

  test("is the cheaper one where both hold", () => {
    expect(advice({})).toMatchObject({ choose: "kinesis" });
    expect(advice({ invalidationsPerSecond: 1 })).toMatchObject({ choose: "dynamodb" });
    expect(advice({}).reasons[1]).toBe("So does DynamoDB, which costs more.");
  });

  test("is none where neither holds, and then what would help is named, and does", () => {
    const { choose, reasons } = advice({ environments: 10_000, maxStalenessMs: 0 });
    expect(choose).toBe("neither");
    expect(reasons[0]).toMatch(/^Neither log holds: Kinesis meets .* DynamoDB 3,000 read units a second for the head/);
    const [, bound = ""] = /maxStalenessMs ([\d,]+)\./.exec(reasons[1] ?? "") ?? [];
    const maxStalenessMs = Number(bound.replaceAll(",", ""));
    expect(advice({ environments: 10_000, maxStalenessMs }).choose).toBe("dynamodb");
  });

  test("several logs are named where they help", () => {
    const figures = { environments: 2_400, maxStalenessMs: 1_000, invalidationsPerSecond: 300 };
    const told = advice(figures).reasons.join(" ");
    const [, logs = ""] = /with (\d+) of them/.exec(told) ?? [];
    const shared = { environments: 2_400 / Number(logs), invalidationsPerSecond: 300 / Number(logs) };
    expect(advice({ ...figures, ...shared }).choose).toBe("dynamodb");
    expect(advice({ ...figures, environments: 2_400 / (Number(logs) - 1) }).choose).toBe("neither");
  });

  test("a cache that would not pay is said to be none", () => {
    expect(
      advice({ sourceMs: 0.5, maxStalenessMs: 0, environments: 1, invocationsPerSecond: 0.5 }).reasons.at(-1),
    ).toMatch(/^But it does not pay/);
  });
});

describe("prices", () => {
  test("are those of the pages, for a month of 730 hours", () => {
    expect(PRICES).toMatchObject({ region: "us-east-1", asOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
    expect(streamDollarsPerMonth(1, 0)).toBeCloseTo(10.95, 6);
    expect(streamDollarsPerMonth(2, 10) - streamDollarsPerMonth(2, 0)).toBeCloseTo(0.368, 3);
    expect(tableDollarsPerMonth(1_000, 0)).toBeCloseTo(328.5, 6);
    expect(tableDollarsPerMonth(0, 10)).toBeCloseTo(16.425, 6);
  });
});
