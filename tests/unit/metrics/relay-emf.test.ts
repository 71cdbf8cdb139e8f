/** The metrics line of a relay: what alarms watch, valid in CloudWatch's eyes, and never a reason to fail. */
import { Metrics } from "@aws-lambda-powertools/metrics";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { fromDms, relay } from "../../../src/cdc/index.js";
import { createRelaySink, type RelayFigures } from "../../../src/metrics/relay-emf.js";
import { toMetricLine } from "../../../src/report/metric-line.js";
import { emfProblems } from "../../support/emf-validator.js";
import { captureStandardOutput } from "../../support/standard-output.js";

const FIGURES: RelayFigures = {
  source: "changes",
  records: 3,
  ids: 2,
  sources: 1,
  notUnderstood: 0,
  failures: 0,
  lagMs: 1_234.5,
};

async function linesOf(run: () => unknown): Promise<Record<string, unknown>[]> {
  const { lines } = await captureStandardOutput(run);
  for (const line of lines) expect(emfProblems(line, Date.now())).toEqual([]);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the EMF line of a relay", () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test("carries its metrics under their published names, with what else it has to say as properties", async () => {
    const [line] = await linesOf(() => createRelaySink({ serviceName: "users", functionName: "relay" })(FIGURES));
    expect(line).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: "scache",
            Dimensions: [["service", "function", "stream"]],
            Metrics: [
              { Name: "RelayRecords", Unit: "Count" },
              { Name: "RelayIds", Unit: "Count" },
              { Name: "RelayLag", Unit: "Milliseconds" },
              { Name: "RelayFailures", Unit: "Count" },
            ],
          },
        ],
      },
      ...{ service: "users", function: "relay", stream: "changes", sources: 1, notUnderstood: 0 },
      ...{ RelayRecords: 3, RelayIds: 2, RelayLag: 1_234.5, RelayFailures: 0 },
    });
  });

  test("has no lag where no record says when it was written, and a name for everything", async () => {
    const [line] = await linesOf(() => createRelaySink({})({ ...FIGURES, lagMs: undefined, source: undefined }));
    expect(line).not.toHaveProperty("RelayLag");
    expect(line).toMatchObject({ service: "unknown", function: "unknown", stream: "unknown" });
  });

  test("holds nothing over to the next, and a line that fails fails nothing", async () => {
    const sink = createRelaySink({ functionName: "relay" });
    jest.spyOn(Metrics.prototype, "publishStoredMetrics").mockImplementationOnce(() => {
      throw new Error("broken");
    });
    const lines = await linesOf(() => {
      sink({ ...FIGURES, records: 1_000 });
      sink(FIGURES);
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ RelayRecords: 3 });
  });

  test("is no line of a cache to the report", async () => {
    const [line] = await linesOf(() => createRelaySink({})(FIGURES));
    expect(toMetricLine(line)).toBeUndefined();
  });

  test("is written once for each invocation", async () => {
    const publisher = {
      invalidate: async () => "",
      invalidateSource: async () => "",
      invalidateAll: async () => "",
    };
    const handler = relay(fromDms({}), publisher);
    const lines = await linesOf(async () => {
      await handler({ Records: [] });
      await handler({ Records: [] });
    });
    expect(lines).toHaveLength(2);
  });
});
