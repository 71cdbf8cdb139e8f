/**
 * Holds the dashboard, the alarms and the saved queries of template.yaml to the names that src/metrics/emf.ts writes:
 * a graph of a metric that nobody emits stays empty without complaint.
 */
import { describe, expect, test } from "@jest/globals";
import { DIMENSION_NAMES, METRIC_NAMES, METRICS_NAMESPACE, PROPERTY_NAMES } from "../../src/metrics/emf.js";
import { readTemplate, resourcesOf, textOf } from "../support/template.js";

const template = readTemplate();
const metricNames: readonly string[] = METRIC_NAMES;
const fieldNames: readonly string[] = [...METRIC_NAMES, ...PROPERTY_NAMES, ...DIMENSION_NAMES];

interface Widget {
  readonly type: string;
  readonly properties: { readonly title: string; readonly metrics?: unknown[][]; readonly query?: string };
}

const filters = resourcesOf(template, "AWS::Logs::MetricFilter").map(([name, { Properties }]) => {
  const [transformation] = Properties.MetricTransformations as Record<string, unknown>[];
  return {
    name,
    pattern: String(Properties.FilterPattern),
    namespace: textOf(transformation?.MetricNamespace),
    metric: String(transformation?.MetricName),
    value: String(transformation?.MetricValue),
    logGroup: (Properties.LogGroupName as { Ref: string }).Ref,
  };
});
const filtered = filters.map(({ namespace, metric }) => `${namespace} ${metric}`);

/** Words of a query that are Logs Insights', not fields. */
const QUERY_WORDS = new Set(
  (
    "filter stats fields sort limit by as desc asc or and ispresent sum max min avg count count_distinct pct bin SOURCE " +
    "netMs savedMs kinesisMs hitPercent invocations environments writes p50 p99 worst"
  ).split(" "),
);

function fieldsOf(query: string): string[] {
  const words = query.replace(/'[^']*'/g, "").match(/@?[A-Za-z_][A-Za-z0-9_]*|\d+[a-z]*/g) ?? [];
  return words.filter((word) => !QUERY_WORDS.has(word) && !/^[@\d]/.test(word));
}

describe("dashboard", () => {
  const body = textOf(template.Resources.Dashboard?.Properties.DashboardBody);
  const { widgets } = JSON.parse(body) as { widgets: Widget[] };
  const rows = widgets.flatMap(({ properties }) => expanded(properties.metrics ?? []));

  /** CloudWatch's shorthand: "." repeats the field above, "..." the whole row. Options objects are left out. */
  function expanded(metrics: unknown[][]): string[][] {
    const result: string[][] = [];
    for (const row of metrics) {
      const texts = row.filter((field): field is string => typeof field === "string");
      if (texts.length === 0) continue;
      const above = result.at(-1) ?? [];
      result.push(
        texts[0] === "..." ? above : texts.map((text, index) => (text === "." ? (above[index] ?? "") : text)),
      );
    }
    return result;
  }

  test("shows net time saved, hit rate, latency, staleness, failures, throttles and Kinesis's own refusals", () => {
    const shown = [
      ...rows.map(([, metric]) => metric),
      ...widgets.map(({ properties }) => properties.query ?? ""),
    ].join(" ");
    for (const name of [
      "NetTimeSaved",
      "CacheHits",
      "CacheMisses",
      "KinesisLatency",
      "boundMs",
      "RefreshFailures",
      "PublishFailures",
      "Throttles",
      "ReadProvisionedThroughputExceeded",
    ]) {
      expect(shown).toContain(name);
    }
  });

  test("the stream's latency is shown as p50 and p99", () => {
    const latency = widgets.find(({ properties }) =>
      JSON.stringify(properties.metrics ?? "").includes("KinesisLatency"),
    );
    expect(JSON.stringify(latency)).toMatch(/"p50".*"p99"/);
  });

  test("every metric shown is one that is written", () => {
    expect(rows.length).toBeGreaterThan(8);
    for (const [namespace = "", metric = ""] of rows) {
      if (namespace === METRICS_NAMESPACE) expect(metricNames).toContain(metric);
      else if (namespace !== "AWS/Kinesis") expect(filtered).toContain(`${namespace} ${metric}`);
    }
  });

  test("our metrics are shown with our dimensions", () => {
    for (const row of rows.filter(([namespace]) => namespace === METRICS_NAMESPACE)) {
      expect(row.filter((_, index) => index >= 2 && index % 2 === 0)).toEqual(DIMENSION_NAMES);
      expect(row[7]).toBe("InvalidationStream");
    }
  });

  test("its queries ask only for fields that are written", () => {
    for (const { properties } of widgets)
      expect(fieldNames).toEqual(expect.arrayContaining(fieldsOf(properties.query ?? "")));
  });

  test("no widget covers another", () => {
    const cells = widgets.flatMap((widget) => {
      const { x, y, width, height } = widget as unknown as Record<"x" | "y" | "width" | "height", number>;
      return Array.from(
        { length: width * height },
        (_, cell) => `${x + (cell % width)},${y + Math.floor(cell / width)}`,
      );
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe("metric filters", () => {
  test.each(filters)(
    "$name reads a property that is written, from the log of the function that it happens in",
    ({ pattern, value, logGroup }) => {
      const property = value.replace("$.", "");
      expect(PROPERTY_NAMES).toContain(property);
      expect(pattern).toBe(`{ $.${property} > 0 }`);
      // W4: nobody but the writer publishes.
      expect(logGroup).toBe(property === "publishFailures" ? "PostUserLogGroup" : "GetUserLogGroup");
    },
  );
});

describe("alarms", () => {
  const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm");

  test("a cache that does not pay for an hour, failed refreshes and publications, and records not decoded raise one", () => {
    expect(alarms.map(([, { Properties }]) => Properties.MetricName)).toEqual([
      "NetTimeSaved",
      "RefreshFailures",
      "PublishFailures",
      "RecordsSkipped",
    ]);
    const [[, pays]] = alarms as [(typeof alarms)[0]];
    expect(pays.Properties).toMatchObject({
      Statistic: "Sum",
      Period: 3600,
      Threshold: 0,
      ComparisonOperator: "LessThanThreshold",
    });
  });

  test.each(alarms)(
    "%s watches a metric that is written, under the dimensions it is written with",
    (_, { Properties }) => {
      const namespace = textOf(Properties.Namespace);
      const dimensions = (Properties.Dimensions ?? []) as { Name: string }[];
      if (namespace === METRICS_NAMESPACE) {
        expect(metricNames).toContain(Properties.MetricName);
        expect(dimensions.map(({ Name }) => Name)).toEqual(DIMENSION_NAMES);
      } else {
        expect(filtered).toContain(`${namespace} ${String(Properties.MetricName)}`);
        expect(dimensions).toEqual([]);
      }
    },
  );

  test.each(alarms)("%s stays quiet while nothing is measured", (_, { Properties }) => {
    expect(Properties.TreatMissingData).toBe("notBreaching");
  });
});

describe("saved queries", () => {
  const queries = resourcesOf(template, "AWS::Logs::QueryDefinition");

  test("there are some, and each asks only for fields that are written", () => {
    expect(queries.length).toBeGreaterThanOrEqual(4);
    for (const [, { Properties }] of queries) {
      const fields = fieldsOf(String(Properties.QueryString));
      expect(fields.length).toBeGreaterThan(0);
      expect(fieldNames).toEqual(expect.arrayContaining(fields));
    }
  });

  test.each(queries)("%s reads a log group of the template", (_, { Properties }) => {
    const [group] = Properties.LogGroupNames as { Ref: string }[];
    expect(template.Resources[group?.Ref ?? ""]?.Type).toBe("AWS::Logs::LogGroup");
  });
});
