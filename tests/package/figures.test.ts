/** What follows from the table of figures follows it: the page in the docs, and the lines that tests and pictures are made of. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { createEmfSink } from "../../src/metrics/emf.js";
import { FIGURES, LOG_KINDS, METRIC_NAMES, PROPERTY_NAMES } from "../../src/metrics/names.js";
import { METRICS_PAGE, withTable } from "../../tools/figures-table.js";
import { madeUpLine } from "../../tools/made-up-line.js";
import { emfProblems } from "../support/emf-validator.js";
import { reportWith } from "../support/invocation-report.js";
import { metricLine } from "../support/metric-lines.js";
import { captureStandardOutput } from "../support/standard-output.js";

describe("the table of figures", () => {
  test("docs/metrics.md shows it as it is: npm run docs:figures writes it", () => {
    const page = readFileSync(METRICS_PAGE, "utf8");
    expect(page).toBe(withTable(page));
    for (const name of [...METRIC_NAMES, ...PROPERTY_NAMES, "DynamoDBLatency"]) expect(page).toContain(`\`${name}\``);
  });

  test.each(LOG_KINDS)("a made-up line is what the sink writes of the same report, on %s", async (logKind) => {
    const report = reportWith({ boundMs: 3, streamLagMs: 1, publishLatencyMs: 2 });
    const sink = createEmfSink({ streamName: "changes", logKind, serviceName: "users", functionName: "reader" });
    const { lines } = await captureStandardOutput(() => sink(report));
    const written = JSON.parse(lines[0] ?? "") as { environment: string; _aws: { Timestamp: number } };
    const names = { environment: written.environment, service: "users", function: "reader", log: "changes" };
    expect(JSON.parse(madeUpLine(report, { timestampMs: written._aws.Timestamp, ...names }, logKind))).toEqual(written);
  });

  test("a line of a log in DynamoDB differs by the dimension and the time waited alone, and CloudWatch takes it", () => {
    const line = metricLine({}, "DynamoDB");
    expect(emfProblems(line, Date.parse("2026-01-01"))).toEqual([]);
    const keys = (text: string) => Object.keys(JSON.parse(text) as object);
    const [table, stream] = [keys(line), keys(metricLine())];
    expect(table.filter((key) => !stream.includes(key)).sort()).toEqual(["DynamoDBLatency", "log"]);
    expect(stream.filter((key) => !table.includes(key)).sort()).toEqual(["KinesisLatency", "stream"]);
  });

  test("every figure says something of its own, but for the two names of the time waited", () => {
    const labels = Object.values(FIGURES).map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length - 1);
  });
});
