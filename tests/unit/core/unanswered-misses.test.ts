/** Which miss an add may answer: the oldest that is still unanswered. */
import { expect, test } from "@jest/globals";
import { UnansweredMisses } from "../../../src/core/unanswered-misses.js";

const at = (epoch: number) => ({ epoch, atMs: 10 * epoch });

test("an add without a miss answers none", () => {
  expect(new UnansweredMisses().answered("k")).toBeUndefined();
});

test("an add answers the miss of its own key, with its moment and its time", () => {
  const misses = new UnansweredMisses();
  misses.remember("other", at(1), 100);
  misses.remember("k", at(2), 200);
  expect(misses.answered("k")).toEqual({ epoch: 2, atMs: 20, monotonicMs: 200 });
  expect(misses.answered("k")).toBeUndefined();
});

test("of several misses the oldest counts until each has been answered", () => {
  const misses = new UnansweredMisses();
  for (const epoch of [1, 2, 3]) misses.remember("k", at(epoch), epoch);
  expect([1, 2, 3, 4].map(() => misses.answered("k")?.epoch)).toEqual([1, 1, 1, undefined]);
  misses.remember("k", at(9), 9);
  expect(misses.answered("k")?.epoch).toBe(9);
});
