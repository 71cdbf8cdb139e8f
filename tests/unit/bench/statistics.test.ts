/** The arithmetic of the benchmarks: medians, spreads and comparisons that a slow moment of the machine cannot bend. */
import { describe, expect, test } from "@jest/globals";
import { difference, figure, interleave, quantile, ratio, seededRandom } from "../../../bench/statistics.js";

describe("a figure", () => {
  test("is the median, with the middle half around it", () => {
    expect(figure([5, 1, 3, 2, 4])).toEqual({ median: 3, low: 2, high: 4, runs: 5 });
  });

  test("lies between the two middle samples when their number is even", () => {
    expect(figure([4, 1, 3, 2]).median).toBe(2.5);
  });

  test("does not reorder the samples it is made of", () => {
    const samples = [3, 1, 2];
    figure(samples);
    expect(samples).toEqual([3, 1, 2]);
  });

  test("of nothing is an error, not a number", () => {
    expect(() => figure([])).toThrow("no samples");
    expect(() => quantile([], 0.5)).toThrow("no samples");
  });
});

describe("a comparison", () => {
  test("is made within each round, before the median is taken", () => {
    // The machine slows down tenfold in the second round: the ratio must not see it.
    expect(ratio([10, 100, 10], [5, 50, 5])).toEqual({ median: 2, low: 2, high: 2, runs: 3 });
    expect(difference([10, 101, 12], [9, 100, 11])).toEqual({ median: 1, low: 1, high: 1, runs: 3 });
  });

  test("of different rounds is an error", () => {
    expect(() => ratio([1, 2], [1])).toThrow("not of the same rounds");
  });
});

test("contestants take turns, and another one begins each round", async () => {
  const order: string[] = [];
  const run = (name: string) => () => {
    order.push(name);
    return order.length;
  };
  const samples = await interleave({ a: run("a"), b: run("b") }, 3);
  expect(order).toEqual(["a", "b", "b", "a", "a", "b"]);
  expect(samples).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
});

test("seeded random numbers are the same at every run, and between 0 and 1", () => {
  const [first, second] = [seededRandom(7), seededRandom(7)];
  const numbers = Array.from({ length: 1_000 }, first);
  expect(numbers).toEqual(Array.from({ length: 1_000 }, second));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(new Set(numbers).size).toBeGreaterThan(990);
});
