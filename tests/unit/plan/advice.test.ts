/** Which log is advised, and what is said where none holds. */
import { describe, expect, test } from "@jest/globals";
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
