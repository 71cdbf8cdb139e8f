/** What the benchmarks report: a figure that misses its target must fail the run, and must say so in print. */
import { describe, expect, test } from "@jest/globals";
import { allPass, describeResult, type Result, result, shown } from "../../../bench/result.js";
import { figure } from "../../../bench/statistics.js";

function measured(median: number, target?: Result["target"]): Result {
  const parts = { suite: "hits", name: "get", unit: "x" as const, figure: figure([median]) };
  return result(target === undefined ? parts : { ...parts, target });
}

describe("a target", () => {
  test("passes at its limit and fails beyond it, both ways", () => {
    expect(measured(0.7, { atLeast: 0.7 }).pass).toBe(true);
    expect(measured(0.69, { atLeast: 0.7 }).pass).toBe(false);
    expect(measured(1.1, { atMost: 1.1 }).pass).toBe(true);
    expect(measured(1.11, { atMost: 1.1 }).pass).toBe(false);
  });

  test("is judged before the figure is rounded", () => {
    expect(measured(1.100001, { atMost: 1.1 })).toMatchObject({ median: 1.1, pass: false });
  });

  test("that fails makes the run fail; a figure without one does not", () => {
    const fine = measured(1, { atLeast: 0.7 });
    expect(allPass([fine, measured(99)])).toBe(true);
    expect(allPass([fine, measured(0.1, { atLeast: 0.7 })])).toBe(false);
  });

  test("that fails is printed as failing", () => {
    expect(describeResult(measured(0.1, { atLeast: 0.7 }))).toMatch(/^FAIL hits +get +0\.1 x, target >= 0\.7$/);
    expect(describeResult(measured(0.8, { atLeast: 0.7 }))).toMatch(/^ok /);
    expect(describeResult(measured(0.8))).toMatch(/^ {4} hits/);
  });
});

test("numbers are shown with three digits, large ones with thousands apart", () => {
  expect([0.012345, 1.2345, 99.94, 123456].map(shown)).toEqual(["0.0123", "1.23", "99.9", "123,456"]);
});
