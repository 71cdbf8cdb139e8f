/** A slice of the fuzzing, with a seed of its own in every run (fast-check names it when it fails). */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CHANGE_PROPERTIES } from "./changes.js";
import { measureLargeChanges } from "./large-changes.js";
import { measureLargeRecords } from "./large-records.js";
import { PROPERTIES } from "./properties.js";

const RUNS = 5_000;

describe("for every data id, every record and every change", () => {
  const properties = [...PROPERTIES, ...CHANGE_PROPERTIES];
  const whole = properties.reduce((sum, { weight }) => sum + weight, 0);
  test.each(properties.map((each) => [each.name, each] as const))("%s", (_name, { property, weight }) => {
    const details = fc.check(property, { numRuns: Math.ceil((RUNS * weight) / whole) }) as fc.RunDetails<unknown>;
    expect(details.failed ? fc.defaultReportMessage(details) : undefined).toBeUndefined();
  });
});

test("the largest records are decoded in time that grows with their size only", () => {
  expect(measureLargeRecords().filter(({ slow }) => slow)).toEqual([]);
}, 60_000);

test("no change record holds up the event loop for more than 20 ms, however large", () => {
  expect(measureLargeChanges().filter(({ slow }) => slow)).toEqual([]);
}, 60_000);
