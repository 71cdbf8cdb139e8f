/** What was waited is the union of the waits, in whatever order they end. */
import { describe, expect, test } from "@jest/globals";
import { TimeSpans } from "../../../../src/core/invocation/time-spans.js";

function totalOf(...spans: readonly (readonly [from: number, to: number])[]): number {
  const waits = new TimeSpans();
  for (const [from, to] of spans) waits.add(from, to);
  return waits.totalMs;
}

describe("waits", () => {
  test.each([
    ["none", [], 0],
    ["one", [[10, 30]], 20],
    [
      "one after another",
      [
        [10, 30],
        [40, 45],
      ],
      25,
    ],
    [
      "one that begins as the other ends",
      [
        [10, 30],
        [30, 45],
      ],
      35,
    ],
    [
      "two at once",
      [
        [10, 30],
        [10, 30],
      ],
      20,
    ],
    [
      "two that overlap",
      [
        [10, 30],
        [20, 45],
      ],
      35,
    ],
    [
      "one within the other, which ends later",
      [
        [15, 20],
        [10, 30],
      ],
      20,
    ],
    [
      "one within the other, which ended before",
      [
        [10, 30],
        [15, 20],
      ],
      20,
    ],
    [
      "one that spans several",
      [
        [1, 2],
        [5, 6],
        [9, 10],
        [0, 20],
      ],
      20,
    ],
    [
      "one that joins two",
      [
        [0, 10],
        [20, 30],
        [5, 25],
      ],
      30,
    ],
    ["one that ended as it began", [[10, 10]], 0],
    ["one that ends before it begins", [[10, 5]], 0],
  ] as [string, [number, number][], number][])("%s", (_name, spans, total) => {
    expect(totalOf(...spans)).toBe(total);
    expect(totalOf(...spans.reverse())).toBe(total);
  });

  test("as every millisecond that lies in any of them, counted one by one", () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 300; round++) {
      const spans = Array.from({ length: 1 + random(8) }, () => {
        const from = random(60);
        return [from, from + random(20)] as const;
      });
      const inAny = (ms: number) => spans.some(([from, to]) => ms >= from && ms < to);
      expect(totalOf(...spans)).toBe(Array.from({ length: 80 }, (_, ms) => ms).filter(inAny).length);
    }
  });
});
