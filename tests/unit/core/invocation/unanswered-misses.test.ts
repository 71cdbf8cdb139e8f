/** When the load behind an add may have begun: at the first get that missed, until the invocation changes the datum. */
import { expect, test } from "@jest/globals";
import { createUnansweredMisses } from "../../../../src/core/invocation/unanswered-misses.js";

const at = (epoch: number) => ({ epoch, atMs: 10 * epoch, monotonicMs: 100 * epoch });

test("an add without a miss answers none", () => {
  expect(createUnansweredMisses().answered("k")).toBeUndefined();
});

test("an add answers the miss of its own key, with its moment and its time", () => {
  const misses = createUnansweredMisses();
  misses.remember("other", at(1));
  misses.remember("k", at(2));
  expect(misses.answered("k")).toEqual({ first: at(2), oldestMs: 200 });
});

test("every add of a key is as old as the first miss, however many came and were answered", () => {
  const misses = createUnansweredMisses();
  for (const epoch of [1, 2, 3]) misses.remember("k", at(epoch));
  expect([1, 2, 3, 4].map(() => misses.answered("k")?.first.epoch)).toEqual([1, 1, 1, 1]);
  misses.remember("k", at(9));
  expect(misses.answered("k")?.first.epoch).toBe(1);
});

test("the time is counted from the oldest miss that is still unanswered, and from nowhere without one", () => {
  const misses = createUnansweredMisses();
  misses.remember("k", at(1));
  misses.remember("k", at(2));
  expect([1, 2, 3].map(() => misses.answered("k")?.oldestMs)).toEqual([100, 100, undefined]);
  misses.remember("k", at(3));
  expect(misses.answered("k")?.oldestMs).toBe(300);
});

test("after the invocation's own change the next miss counts", () => {
  const misses = createUnansweredMisses();
  for (const epoch of [1, 2]) {
    misses.remember("k", at(epoch));
    expect(misses.answered("k")?.first.epoch).toBe(1);
  }
  misses.changed("k");
  expect(misses.answered("k")).toBeUndefined();
  misses.remember("k", at(3));
  expect(misses.answered("k")?.first.epoch).toBe(3);
});

test("but not while a load may be under way", () => {
  const misses = createUnansweredMisses();
  misses.remember("k", at(1));
  misses.changed("k");
  expect(misses.answered("k")?.first.epoch).toBe(1);
});

test("nor ever once it was not clear which add answered which miss", () => {
  const overlapping = createUnansweredMisses();
  for (const epoch of [1, 2]) overlapping.remember("k", at(epoch));
  const unasked = createUnansweredMisses();
  unasked.remember("k", at(1));
  unasked.answered("k");
  for (const misses of [overlapping, unasked]) {
    for (let answers = 0; answers < 2; answers++) misses.answered("k");
    misses.changed("k");
    misses.remember("k", at(3));
    expect(misses.answered("k")?.first.epoch).toBe(1);
  }
});

test("the change of a datum that no get has missed is none of its concern", () => {
  const misses = createUnansweredMisses();
  misses.remember("other", at(1));
  misses.changed("k");
  expect([misses.answered("k"), misses.answered("other")?.first.epoch]).toEqual([undefined, 1]);
});
