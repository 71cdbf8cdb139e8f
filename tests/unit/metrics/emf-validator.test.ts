/** The judge of every metrics line in these tests: it must refuse what CloudWatch would drop without a word. */
import { describe, expect, test } from "@jest/globals";
import { emfProblems } from "../../support/emf-validator.js";

const NOW = 1_700_000_000_000;
const metric = (Name: string, Unit = "Count") => ({ Name, Unit });

function line(change: Record<string, unknown> = {}, directive: Record<string, unknown> = {}, timestamp: unknown = NOW) {
  const first = { Namespace: "shop", Dimensions: [["service"]], Metrics: [metric("Hits")], ...directive };
  return JSON.stringify({
    _aws: { Timestamp: timestamp, CloudWatchMetrics: [first] },
    ...{ service: "s", Hits: 1, ...change },
  });
}

describe("the EMF validator", () => {
  test("accepts a good line, several values, properties and a resolution", () => {
    expect(emfProblems(line(), NOW)).toEqual([]);
    expect(emfProblems(line({ Hits: [1, 2.5, -3], note: "x" }), NOW)).toEqual([]);
    expect(emfProblems(line({}, { Metrics: [{ ...metric("Hits"), StorageResolution: 1 }] }), NOW)).toEqual([]);
  });

  test.each([
    ["garbage", "hello"],
    ["an array", "[]"],
    ["two lines", `${line()}\n${line()}`],
    ["no metadata", "{}"],
    ["no directives", '{"_aws":{"Timestamp":1}}'],
    ["an empty list of directives", '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]}}'],
    ["a null value", line({ Hits: null })],
    ["a text for a value", line({ Hits: "1" })],
    ["no value", line({ Hits: undefined })],
    ["too large a value", line({ Hits: 2 ** 361 })],
    ["too many values", line({ Hits: new Array(101).fill(1) })],
    ["no values", line({ Hits: [] })],
    ["a number for a dimension", line({ service: 1 })],
    ["a blank dimension", line({ service: " " })],
    ["a dimension that is not ASCII", line({ service: "é" })],
    ["a dimension without a target", line({}, { Dimensions: [["service", "stage"]] })],
    ["31 dimensions", line({}, { Dimensions: [Array.from({ length: 31 }, (_, n) => `d${n}`)] })],
    ["101 metrics", line({}, { Metrics: Array.from({ length: 101 }, (_, n) => metric(`m${n}`)) })],
    ["an unknown unit", line({}, { Metrics: [metric("Hits", "ms")] })],
    ["an unknown resolution", line({}, { Metrics: [{ ...metric("Hits"), StorageResolution: 5 }] })],
    ["a metric named like a dimension", line({}, { Metrics: [metric("service")] })],
    ["a metric defined twice", line({}, { Metrics: [metric("Hits"), metric("Hits")] })],
    ["a name too long", line({}, { Metrics: [metric("x".repeat(1025))] })],
    ["a reserved namespace", line({}, { Namespace: "AWS/Lambda" })],
    ["no namespace", line({}, { Namespace: "" })],
    ["a fractional timestamp", line({}, {}, NOW + 0.5)],
    ["an old timestamp", line({}, {}, NOW - 15 * 86_400_000)],
    ["a timestamp ahead", line({}, {}, NOW + 3 * 3_600_000)],
    ["an event too large", line({ note: "x".repeat(256 * 1024) })],
  ])("refuses %s", (_name, text) => {
    expect(emfProblems(text, NOW)).not.toEqual([]);
  });
});
