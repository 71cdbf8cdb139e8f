/** Lifetimes: spread between the two bounds, and never outside of them. */
import { describe, expect, test } from "@jest/globals";
import { randomTtlMs } from "../../../../src/core/store/lifetime.js";

describe("randomTtlMs", () => {
  test("is uniform from the lower bound to the upper", () => {
    const range = { minMs: 1_000, maxMs: 3_000 };
    expect([0, 0.25, 0.5, 1].map((chance) => randomTtlMs(range, () => chance))).toEqual([1_000, 1_500, 2_000, 3_000]);
  });

  test("is the bound itself where there is only one", () => {
    expect(randomTtlMs({ minMs: 5, maxMs: 5 }, () => 0.7)).toBe(5);
  });
});
