/** Repeated lines are known again, however many there were, in bounded memory. */
import { describe, expect, test } from "@jest/globals";
import { type MetricLine, noCounts } from "../../../src/report/metric-line.js";
import { SeenLines } from "../../../src/report/seen-lines.js";

const line = (requestId: string): MetricLine => ({
  ...{
    timestampMs: 1,
    service: "s",
    functionName: "f",
    logKind: "Kinesis",
    log: "x",
    environment: "e",
    state: "fresh",
    requestId,
  },
  counts: noCounts(),
});

describe("lines that were seen", () => {
  test("are known again, and no other is taken for one", () => {
    const seen = new SeenLines();
    for (let n = 0; n < 40_000; n += 1) if (seen.isRepeated(line(`r${n}`))) throw new Error(`r${n} is new`);
    for (let n = 0; n < 40_000; n += 1) if (!seen.isRepeated(line(`r${n}`))) throw new Error(`r${n} was seen`);
    expect(seen.isRepeated(line("r40000"))).toBe(false);
  });

  test("are forgotten only when many more came", () => {
    const seen = new SeenLines(100);
    for (let n = 0; n < 300; n += 1) seen.isRepeated(line(`r${n}`));
    expect([299, 250, 200].map((n) => seen.isRepeated(line(`r${n}`)))).toEqual([true, true, true]);
    expect(seen.isRepeated(line("r50"))).toBe(false);
  });
});
