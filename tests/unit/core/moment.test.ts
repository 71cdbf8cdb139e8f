/** How old something is where one of the clocks does not tell. */
import { expect, test } from "@jest/globals";
import { ageMs } from "../../../src/core/moment.js";

const then = { atMs: 1_000, monotonicMs: 50 };

test.each([
  ["both clocks moved on", 1_300, 350, 300],
  ["frozen meanwhile: the monotonic clock stood still", 61_000, 55, 60_000],
  ["the wall clock was set back a little", 1_100, 350, 300],
  ["the wall clock was set back to before", 400, 350, 300],
  ["the wall clock was set forward", 9_000, 350, 8_000],
])("%s", (_what, atMs, monotonicMs, age) => {
  expect(ageMs(then, { atMs, monotonicMs })).toBe(age);
});
