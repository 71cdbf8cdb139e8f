/** The metrics lines: valid in CloudWatch's eyes, one an invocation with its own figures, never a reason to fail. */
import { InvokeStore } from "@aws/lambda-invoke-store";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { InvocationReport } from "../../../src/core/invocation/report.js";
import {
  createEmfSink,
  DIMENSION_NAMES,
  type EmfSinkOptions,
  METRIC_NAMES,
  PROPERTY_NAMES,
} from "../../../src/metrics/emf.js";
import { emfProblems } from "../../support/emf-validator.js";
import { reportWith } from "../../support/invocation-report.js";
import { captureStandardOutput } from "../../support/standard-output.js";

type Line = Record<string, unknown> & {
  _aws: {
    CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
};

/** Every line any test here writes must satisfy CloudWatch. */
async function linesOf(run: () => unknown): Promise<Line[]> {
  const { lines } = await captureStandardOutput(run);
  for (const line of lines) expect(emfProblems(line, Date.now())).toEqual([]);
  return lines.map((line) => JSON.parse(line) as Line);
}

async function lineOf(report: InvocationReport, options: Partial<EmfSinkOptions> = {}): Promise<Line> {
  const sink = createEmfSink({ streamName: "changes", functionName: "reader", serviceName: "users", ...options });
  const [line, ...more] = await linesOf(() => sink(report));
  expect(more).toEqual([]);
  if (line === undefined) throw new Error("nothing was written");
  return line;
}

/** The next line fails when it is written, which is after its figures were taken over. */
function breakNextLine(): void {
  jest.spyOn(Metrics.prototype, "publishStoredMetrics").mockImplementationOnce(() => {
    throw new Error("broken");
  });
}

const directiveOf = (line: Line) => line._aws.CloudWatchMetrics[0];

describe("the EMF line of an invocation", () => {
  const environment = { ...process.env };
  beforeEach(() => {
    for (const name of Object.keys(process.env)) if (/^(POWERTOOLS|AWS_LAMBDA)/.test(name)) delete process.env[name];
  });
  afterEach(() => {
    jest.restoreAllMocks();
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(environment, name)) delete process.env[name];
    Object.assign(process.env, environment);
  });

  test("carries metrics, dimensions and properties under their published names", async () => {
    const line = await lineOf(reportWith());
    expect(directiveOf(line)).toEqual({
      Namespace: "scache",
      Dimensions: [[...DIMENSION_NAMES]],
      Metrics: [
        { Name: "KinesisLatency", Unit: "Milliseconds" },
        { Name: "TimeSaved", Unit: "Milliseconds" },
        { Name: "CacheHits", Unit: "Count" },
        { Name: "CacheMisses", Unit: "Count" },
        { Name: "EntriesInvalidated", Unit: "Count" },
        { Name: "NetTimeSaved", Unit: "Milliseconds" },
      ],
    });
    const { _aws, ...values } = line;
    expect(values).toMatchObject({
      ...{ service: "users", function: "reader", stream: "changes" },
      ...{ KinesisLatency: 12.5, TimeSaved: 80, NetTimeSaved: 67.5 },
      ...{ CacheHits: 2, CacheMisses: 1, EntriesInvalidated: 3 },
      ...{ state: "fresh", boundMs: 0, entries: 10, bytes: 2_048, shards: 1, kinesisCalls: 1 },
    });
    expect(Object.keys(values).sort()).toEqual([...DIMENSION_NAMES, ...METRIC_NAMES, ...PROPERTY_NAMES].sort());
  });

  test("net time is negative when the stream cost more than was saved, and adds up exactly", async () => {
    const line = await lineOf(reportWith({ kinesisLatencyMs: 30.12345, timeSavedMs: 0.1 }));
    expect(line).toMatchObject({ KinesisLatency: 30.123, TimeSaved: 0.1, NetTimeSaved: -30.023 });
  });

  test("figures that are not finite are left out, and the rest is written", async () => {
    const line = await lineOf(
      reportWith({ kinesisLatencyMs: Number.NaN, bytes: Number.NaN, boundMs: Number.POSITIVE_INFINITY }),
    );
    expect(directiveOf(line)?.Metrics.map((metric) => metric.Name)).toEqual([
      ...["TimeSaved", "CacheHits", "CacheMisses", "EntriesInvalidated"],
    ]);
    expect(Object.keys(line)).not.toEqual(expect.arrayContaining(["bytes"]));
    expect(Object.keys(line)).not.toEqual(expect.arrayContaining(["boundMs"]));
    expect(line.TimeSaved).toBe(80);
  });

  test("what a report does not know is left out", async () => {
    const { boundMs, requestId, ...known } = reportWith();
    expect([boundMs, typeof requestId]).toEqual([0, "string"]);
    const line = await lineOf(known);
    expect(Object.hasOwn(line, "boundMs") || Object.hasOwn(line, "requestId")).toBe(false);
  });

  test.each([
    ["the service's name", { serviceName: "users", functionName: "reader" }, ["users", "reader"]],
    [
      "the function's name where there is none",
      { serviceName: undefined, functionName: "reader" },
      ["reader", "reader"],
    ],
    ["it where it is blank", { serviceName: " ", functionName: "reader" }, ["reader", "reader"]],
    ["a word where nothing is known", { serviceName: "", functionName: undefined }, ["unknown", "unknown"]],
  ])("the service dimension is %s", async (_name, options, [service, functionName]) => {
    expect(await lineOf(reportWith(), options)).toMatchObject({ service, function: functionName });
  });

  test("each cache has a name of its own, the same in all its lines", async () => {
    const names = async () => {
      const sink = createEmfSink({ streamName: "changes", functionName: "reader" });
      const lines = await linesOf(() => [sink(reportWith()), sink(reportWith())]);
      return lines.map((line) => line.environment);
    };
    const [[first, again], [other]] = [await names(), await names()];
    expect(first).toMatch(/^[0-9a-f]{8}$/);
    expect([again, other === first]).toEqual([first, false]);
  });

  test("one line for each report, in order, with nothing carried over", async () => {
    const sink = createEmfSink({ streamName: "changes", functionName: "reader" });
    const lines = await linesOf(() => {
      for (let hits = 0; hits < 50; hits += 1) sink(reportWith({ hits, requestId: `request-${hits}` }));
    });
    expect(lines.map((line) => [line.CacheHits, line.requestId])).toEqual(
      Array.from({ length: 50 }, (_, hits) => [hits, `request-${hits}`]),
    );
  });

  test("overlapping invocations of a multi-concurrent environment each write their own figures", async () => {
    process.env.AWS_LAMBDA_MAX_CONCURRENCY = "64";
    const store = await InvokeStore.getInstanceAsync();
    const sink = createEmfSink({ streamName: "changes", functionName: "reader" });
    const gates = new Map<number, () => void>();
    const invoke = async (hits: number) => {
      await new Promise<void>((resolve) => gates.set(hits, resolve));
      sink(reportWith({ hits, requestId: `request-${hits}` }));
    };
    const lines = await linesOf(async () => {
      const running = Array.from({ length: 64 }, (_, n) => store.run({ marker: n }, () => invoke(n)));
      for (const n of [...gates.keys()].reverse()) gates.get(n)?.();
      await Promise.all(running);
    });
    expect(lines).toHaveLength(64);
    for (const line of lines) expect(line.requestId).toBe(`request-${line.CacheHits}`);
    expect(new Set(lines.map((line) => line.CacheHits)).size).toBe(64);
  });

  test.each(["true", "1"])("POWERTOOLS_METRICS_DISABLED=%s switches it off", async (value) => {
    process.env.POWERTOOLS_METRICS_DISABLED = value;
    const sink = createEmfSink({ streamName: "changes", functionName: "reader" });
    expect(await linesOf(() => sink(reportWith()))).toEqual([]);
  });

  test("the line stays as it is where Lambda wraps what goes through the console as JSON", async () => {
    const original = console.log;
    console.log = (message: string) => process.stdout.write(`${JSON.stringify({ level: "INFO", message })}\n`);
    try {
      expect(await lineOf(reportWith())).toMatchObject({ CacheHits: 2, service: "users" });
    } finally {
      console.log = original;
    }
  });

  test("a namespace set for the user's own metrics does not move ours", async () => {
    process.env.POWERTOOLS_METRICS_NAMESPACE = "shop";
    expect(directiveOf(await lineOf(reportWith()))?.Namespace).toBe("scache");
  });

  describe("with an instance given", () => {
    test("its namespace, service and default dimensions are used", async () => {
      const metrics = new Metrics({
        namespace: "shop/cache",
        serviceName: "shop",
        defaultDimensions: { stage: "prod" },
      });
      const line = await lineOf(reportWith(), { metrics });
      expect(directiveOf(line)?.Namespace).toBe("shop/cache");
      expect(directiveOf(line)?.Dimensions).toEqual([["service", "function", "stream", "stage"]]);
      expect(line).toMatchObject({ service: "shop", function: "reader", stream: "changes", stage: "prod" });
    });

    test("one without a name of its own never says service_undefined", async () => {
      const line = await lineOf(reportWith(), { metrics: new Metrics({ namespace: "shop" }) });
      expect(line).toMatchObject({ service: "users" });
    });

    test("its pending metrics, dimensions, metadata and cold start are left alone", async () => {
      process.env.AWS_LAMBDA_INITIALIZATION_TYPE = "on-demand";
      const theirs = new Metrics({ namespace: "shop", serviceName: "shop", defaultDimensions: { stage: "prod" } });
      theirs.addMetric("Orders", "Count", 1);
      theirs.addDimension("tenant", "t-1");
      theirs.addMetadata("order", "o-1");
      const lines = await linesOf(() => {
        createEmfSink({ streamName: "changes", functionName: "reader", metrics: theirs })(reportWith());
        theirs.addMetric("Orders", "Count", 2);
        theirs.captureColdStartMetric("reader");
        theirs.publishStoredMetrics();
      });
      expect(lines).toHaveLength(3);
      const [ours, coldStart, orders] = lines;
      expect(ours).toMatchObject({ CacheHits: 2 });
      expect(ours).not.toHaveProperty("Orders");
      expect(ours).not.toHaveProperty("tenant");
      expect(coldStart).toMatchObject({ ColdStart: 1, function_name: "reader" });
      expect(orders).toMatchObject({ Orders: [1, 2], tenant: "t-1", order: "o-1", stage: "prod", service: "shop" });
      expect(orders).not.toHaveProperty("CacheHits");
    });

    test("dimensions that would collide with our names, or are too many, do not break the line", async () => {
      const many = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`d${n}`, "x"]));
      const metrics = new Metrics({ namespace: "shop", defaultDimensions: { CacheHits: "x", entries: "y", ...many } });
      const line = await lineOf(reportWith(), { metrics });
      expect(line).toMatchObject({ CacheHits: 2, entries: 10, d0: "x" });
      metrics.setDefaultDimensions({ e1: "x" });
      expect(directiveOf(await lineOf(reportWith(), { metrics }))?.Dimensions[0]?.length).toBeLessThanOrEqual(29);
    });

    test("one that has the name of a figure is left out, and told of", async () => {
      const told: string[] = [];
      const trouble = {
        failed: () => undefined,
        recovered: () => undefined,
        adviseOnce: (_about: string, message: string) => void told.push(message),
      };
      const metrics = new Metrics({ namespace: "shop", defaultDimensions: { environment: "prod", stage: "prod" } });
      const line = await lineOf(reportWith(), { metrics, trouble });
      expect(directiveOf(line)?.Dimensions[0]).toEqual(expect.arrayContaining(["stage"]));
      expect(directiveOf(line)?.Dimensions[0]).not.toContain("environment");
      expect(told).toEqual([expect.stringMatching(/^the dimension "environment" is left out: .* To do: give/)]);
    });

    test("a stream or function dimension of the user's own wins", async () => {
      const metrics = new Metrics({ namespace: "shop", defaultDimensions: { function: "all-readers" } });
      expect(await lineOf(reportWith(), { metrics })).toMatchObject({ function: "all-readers", stream: "changes" });
    });
  });

  describe("when writing fails", () => {
    const failing = (onFailure?: (cause: unknown) => void) => {
      const failed = (_kind: string, _reason: string, cause: unknown) => onFailure?.(cause);
      const trouble = onFailure && { failed, recovered: () => undefined, adviseOnce: () => undefined };
      return createEmfSink({ streamName: "changes", functionName: "reader", ...(trouble && { trouble }) });
    };

    test("nothing is thrown, the failure is told, and the next line does not carry the lost one", async () => {
      const told: unknown[] = [];
      const sink = failing((cause) => told.push(cause));
      const lines = await linesOf(() => {
        breakNextLine();
        expect(() => sink(reportWith({ hits: 5, requestId: "lost" }))).not.toThrow();
        sink(reportWith({ hits: 7 }));
      });
      expect(told).toEqual([new Error("broken")]);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({ CacheHits: 7, state: "fresh" });
    });

    test("nothing is thrown when whoever is told throws too, or when nobody is", () => {
      breakNextLine();
      expect(() => failing()(reportWith())).not.toThrow();
      const throwing = failing(() => {
        throw new Error("twice");
      });
      breakNextLine();
      expect(() => throwing(reportWith())).not.toThrow();
    });
  });
});
