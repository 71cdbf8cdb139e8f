/**
 * Holds the dashboard, the alarms and the saved queries of template.yaml to the names that src/metrics writes, for every way
 * in which the template can be deployed: a graph of a metric that nobody emits stays empty without complaint.
 */
import { describe, expect, test } from "@jest/globals";
import { DIMENSION_NAMES, METRIC_NAMES, METRICS_NAMESPACE, PROPERTY_NAMES } from "../../src/metrics/emf.js";
import { LOGS, RELAY_METRICS } from "../../src/metrics/names.js";
import { deployed, readTemplate, resourcesOf, type Template, textOf } from "../support/template.js";

const template = readTemplate();
const deployments = (["kinesis", "dynamodb"] as const).flatMap((Log) =>
  ["writer", "table-stream"].map((Invalidations) => ({ Log, Invalidations })),
);

/** What differs between the lines of one log and the other. */
const NAMES = {
  kinesis: { ...LOGS.Kinesis, log: "InvalidationStream" },
  dynamodb: { ...LOGS.DynamoDB, log: "InvalidationTable/scache" },
};
const relayMetrics: readonly string[] = Object.values(RELAY_METRICS);

interface Widget {
  readonly type: string;
  readonly properties: { readonly title: string; readonly metrics?: unknown[][]; readonly query?: string };
}

/** The namespace, the metric and its dimensions, names and values in turn. */
type Row = readonly string[];

function filtersOf(given: Template) {
  return resourcesOf(given, "AWS::Logs::MetricFilter").map(([name, { Properties }]) => {
    const [transformation] = Properties.MetricTransformations as Record<string, unknown>[];
    return {
      name,
      pattern: String(Properties.FilterPattern),
      metric: `${textOf(transformation?.MetricNamespace)} ${String(transformation?.MetricName)}`,
      property: String(transformation?.MetricValue).replace("$.", ""),
      logGroup: textOf(Properties.LogGroupName),
    };
  });
}

/** CloudWatch's shorthand: "." repeats the field above, "..." all of them but those that follow. Options are left out. */
function expanded(metrics: readonly unknown[][]): Row[] {
  const result: Row[] = [];
  for (const row of metrics) {
    const texts = row.filter((field): field is string => typeof field === "string");
    if (texts.length === 0) continue;
    const above = result.at(-1) ?? [];
    const [first, ...rest] = texts;
    const full = first === "..." ? [...above.slice(0, above.length - rest.length), ...rest] : texts;
    result.push(full.map((text, index) => (text === "." ? (above[index] ?? "") : text)));
  }
  return result;
}

/** Words of a query that are Logs Insights', not fields. */
const QUERY_WORDS = new Set(
  (
    "filter stats fields sort limit by as desc asc or and ispresent sum max min avg count count_distinct pct bin SOURCE " +
    "netMs savedMs logMs hitPercent invocations environments writes p50 p99 worst"
  ).split(" "),
);

function fieldsOf(query: string): string[] {
  const words = query.replace(/'[^']*'/g, "").match(/@?[A-Za-z_][A-Za-z0-9_]*|\d+[a-z]*/g) ?? [];
  return words.filter((word) => !QUERY_WORDS.has(word) && !/^[@\d]/.test(word));
}

describe.each(deployments)("deployed with %j", ({ Log, Invalidations }) => {
  const given = deployed(template, { Log, Invalidations });
  const isRelayed = Invalidations === "table-stream";
  const { metric: latency, dimension, log } = NAMES[Log];
  const metricNames = METRIC_NAMES.map((name) => (name === "KinesisLatency" ? latency : name));
  const dimensionNames = DIMENSION_NAMES.map((name) => (name === "stream" ? dimension : name));
  const fieldNames: readonly string[] = [...metricNames, ...PROPERTY_NAMES, ...dimensionNames];
  const filters = filtersOf(given);
  const { widgets } = JSON.parse(textOf(given.Resources.Dashboard?.Properties.DashboardBody)) as { widgets: Widget[] };
  const rows = widgets.flatMap(({ properties }) => expanded(properties.metrics ?? []));
  const alarms = resourcesOf(given, "AWS::CloudWatch::Alarm");
  const watched = alarms.flatMap(([, { Properties }]) => rowsOf(Properties));

  /** What an alarm watches: one metric, or several put together. */
  function rowsOf(alarm: Record<string, unknown>): Row[] {
    const metrics = alarm.Metrics as { MetricStat?: { Metric: Record<string, unknown> } }[] | undefined;
    const named = metrics?.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat.Metric])) ?? [
      alarm,
    ];
    return named.map(({ Namespace, MetricName, Dimensions = [] }) => [
      textOf(Namespace),
      textOf(MetricName),
      ...(Dimensions as { Name: unknown; Value: unknown }[]).flatMap(({ Name, Value }) => [
        textOf(Name),
        textOf(Value),
      ]),
    ]);
  }

  test("the dashboard shows net time saved, hit rate, latency, staleness, failures, and throttles as AWS counts them", () => {
    const shown = [...rows.flat(), ...widgets.map(({ properties }) => properties.query ?? "")].join(" ");
    const names = [
      "NetTimeSaved",
      "CacheHits",
      "CacheMisses",
      latency,
      "boundMs",
      "RefreshFailures",
      "PublishFailures",
      "InconsistentReads",
      "Throttles",
    ];
    const refused =
      Log === "kinesis"
        ? ["ReadProvisionedThroughputExceeded", "WriteProvisionedThroughputExceeded"]
        : ["ReadKeyRangeThroughputThrottleEvents", "WriteKeyRangeThroughputThrottleEvents"];
    // The head's size shows in what an append costs; older pieces in how often they are put and asked for.
    const table = Log === "dynamodb" ? ["ConsumedWriteCapacityUnits", "PutItem", "Query"] : [];
    for (const name of [...names, ...refused, ...table, ...(isRelayed ? [...relayMetrics, "IteratorAge"] : [])]) {
      expect(shown).toContain(name);
    }
  });

  test("the log's latency is shown as p50 and p99", () => {
    const shown = widgets.find(({ properties }) => JSON.stringify(properties.metrics ?? "").includes(latency));
    expect(JSON.stringify(shown)).toMatch(/"p50".*"p99"/);
  });

  test("every metric shown or watched is one that is written, under the dimensions it is written with", () => {
    expect(rows.length).toBeGreaterThan(8);
    for (const [namespace = "", metric = "", ...dimensions] of [...rows, ...watched]) {
      const names = dimensions.filter((_, index) => index % 2 === 0);
      const values = dimensions.filter((_, index) => index % 2 === 1);
      if (namespace === METRICS_NAMESPACE && relayMetrics.includes(metric)) {
        expect(names).toEqual(["service", "function", "stream"]);
        expect(values.slice(1)).toEqual(["RelayFunction", "UsersTable"]);
      } else if (namespace === METRICS_NAMESPACE) {
        expect(metricNames).toContain(metric);
        expect(names).toEqual(dimensionNames);
        expect(values.slice(1)).toEqual(["GetUserFunction", log]);
      } else if (namespace.startsWith("AWS/")) {
        expect(
          values.filter((value) => given.Resources[value] === undefined && !/^(PutItem|Query)$/.test(value)),
        ).toEqual([]);
      } else {
        expect(filters.map((filter) => filter.metric)).toContain(`${namespace} ${metric}`);
        expect(names).toEqual([]);
      }
    }
  });

  test("no widget covers another, and none is left of the other log or of a relay that is not there", () => {
    const cells = widgets.flatMap((widget) => {
      const { x, y, width, height } = widget as unknown as Record<"x" | "y" | "width" | "height", number>;
      return Array.from(
        { length: width * height },
        (_, cell) => `${x + (cell % width)},${y + Math.floor(cell / width)}`,
      );
    });
    expect(new Set(cells).size).toBe(cells.length);
    // Rows of the same height, without a gap between them.
    expect(Math.max(...cells.map((cell) => Number(cell.split(",")[1]))) + 1).toBe(cells.length / 24);
  });

  test("metric filters read properties that are written, where they are written", () => {
    for (const { pattern, property, logGroup } of filters) {
      expect(pattern).toBe(`{ $.${property} > 0 }`);
      const isOfRelay = logGroup === "RelayLogGroup";
      expect(isOfRelay ? ["notUnderstood"] : PROPERTY_NAMES).toContain(property);
      // W4: nobody but the writer publishes.
      const isOfWriter = property === "publishFailures";
      expect(logGroup).toBe(isOfRelay ? "RelayLogGroup" : isOfWriter ? "PostUserLogGroup" : "GetUserLogGroup");
    }
  });

  test("an alarm is raised by a cache that does not pay, failures, and records and logs that others made unusable", () => {
    const failures = ["RefreshFailuresAlarm", "PublishFailuresAlarm", "RecordsSkippedAlarm", "InconsistentReadsAlarm"];
    const always = ["CacheDoesNotPayAlarm", ...failures];
    const ofLog = Log === "kinesis" ? ["StreamThrottledAlarm"] : ["HotKeyAlarm", "HeadTooLargeAlarm"];
    const ofRelay = isRelayed ? ["RelayLagAlarm", "RelayIteratorAgeAlarm", "RelayFailuresAlarm"] : [];
    expect(alarms.map(([name]) => name)).toEqual(expect.arrayContaining([...always, ...ofLog, ...ofRelay]));
    const others = ["StreamThrottledAlarm", "HotKeyAlarm", "HeadTooLargeAlarm", "RelayLagAlarm", "RelayFailuresAlarm"];
    const wrong = others.filter((name) => ![...ofLog, ...ofRelay].includes(name));
    expect(alarms.filter(([name]) => wrong.includes(name))).toEqual([]);
    expect(given.Resources.CacheDoesNotPayAlarm?.Properties).toMatchObject({
      Statistic: "Sum",
      Period: 3600,
      Threshold: 0,
      ComparisonOperator: "LessThanThreshold",
    });
  });

  test("alarms stay quiet while nothing is measured", () => {
    for (const [, { Properties }] of alarms) expect(Properties.TreatMissingData).toBe("notBreaching");
  });

  test("queries ask only for fields that are written, of log groups of the template", () => {
    const saved = resourcesOf(given, "AWS::Logs::QueryDefinition").map(([, { Properties }]) => {
      const [group] = (Properties.LogGroupNames as unknown[]).map(textOf);
      expect(given.Resources[group ?? ""]?.Type).toBe("AWS::Logs::LogGroup");
      return textOf(Properties.QueryString);
    });
    expect(saved.length).toBeGreaterThanOrEqual(4);
    for (const query of [...saved, ...widgets.flatMap(({ properties }) => properties.query ?? [])]) {
      const fields = fieldsOf(query);
      expect(fields.length).toBeGreaterThan(0);
      expect(fieldNames).toEqual(expect.arrayContaining(fields));
    }
  });
});
