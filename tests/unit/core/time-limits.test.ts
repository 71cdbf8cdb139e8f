/** What may be waited for in an invocation, and how much of its time that may take. */
import { describe, expect, test } from "@jest/globals";
import {
  auditLimitMs,
  outrunLimitMs,
  publishLimitMs,
  refreshLimitMs,
  repeatAfterMs,
} from "../../../src/core/time-limits.js";

const SECOND_MS = 1_000;

describe("the log is waited for", () => {
  test.each([
    ["as long as the option says", 60 * SECOND_MS, 800],
    ["half of what is left, where that is less", SECOND_MS, 500],
    ["not at all, where the time is up", -5, 0],
  ])("%s", (_what, remainingMs, limitMs) => {
    expect(refreshLimitMs(800, remainingMs)).toBe(limitMs);
  });

  test("and asked once more at half of that", () => {
    expect(repeatAfterMs(800)).toBe(400);
  });
});

describe("an invalidation is tried to be published", () => {
  test.each([
    ["for ten seconds", 60 * SECOND_MS, 10 * SECOND_MS],
    ["for nine tenths of what is left, where that is less", SECOND_MS, 900],
    ["once, however little is left", 0, 1],
  ])("%s", (_what, remainingMs, limitMs) => {
    expect(publishLimitMs(remainingMs)).toBe(limitMs);
  });
});

test.each([
  ["for a second", 60 * SECOND_MS, SECOND_MS],
  ["for half of what is left, where that is less", SECOND_MS, 500],
])("hits are audited %s", (_what, remainingMs, limitMs) => {
  expect(auditLimitMs(remainingMs)).toBe(limitMs);
});

test("a load that is not needed any more may take twice what it took before", () => {
  expect([outrunLimitMs(30), outrunLimitMs(1)]).toEqual([60, 20]);
});
