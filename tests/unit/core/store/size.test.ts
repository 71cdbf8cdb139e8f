/** The estimate behind maxBytes: it grows with what a value holds, ends on anything, and costs no more than a walk. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { estimateBytes } from "../../../../src/core/store/size.js";

describe("estimateBytes", () => {
  test.each([
    [null, 8],
    [undefined, 8],
    [5, 8],
    ["", 24],
    ["abcd", 32],
    [{}, 32],
    [{ a: 1, b: "x" }, 32 + 16 + 8 + 26],
    [[1, 2, 3], 32 + 24 + 24],
    [new Set(["a"]), 32 + 8 + 26],
    [new Map([["a", 1]]), 32 + 16 + 26 + 8],
    [new Map([[["a"], [1, 2]]]), 32 + 16 + (32 + 8 + 26) + (32 + 16 + 16)],
    [
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
      32 + 2 * (16 + 26 + 8),
    ],
    [new Uint8Array(1_000), 32 + 1_000],
    [new ArrayBuffer(1_000), 32 + 1_000],
    [new DataView(new ArrayBuffer(100)), 32 + 100],
  ])("of %p is %p", (value, bytes) => {
    expect(estimateBytes(value)).toBe(bytes);
  });

  test("counts what is held twice once, and ends on cycles", () => {
    const shared = { text: "x".repeat(1_000) };
    const value: Record<string, unknown> = { first: shared, second: shared };
    const once = estimateBytes({ first: shared, second: 1 });
    expect(estimateBytes(value)).toBe(once - 8);
    value.first = value;
    expect(estimateBytes(value)).toBeLessThanOrEqual(once + 100);
  });

  test("of a value with one more thing in it is larger", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.json()), fc.json(), (value, added) => {
        expect(estimateBytes({ value, added })).toBeGreaterThan(estimateBytes({ value }));
      }),
    );
  });

  test("of an array with holes counts what is there, and does not fill the holes to find out", () => {
    const sparse: string[] = [];
    sparse[4_000_000_000] = "x";
    expect(estimateBytes(sparse)).toBeLessThan(100);
  });

  test("is not stopped by depth", () => {
    let value: object = {};
    for (let depth = 0; depth < 100_000; depth++) value = { value };
    expect(estimateBytes(value)).toBe(100_001 * 32 + 100_000 * 8);
  });
});
