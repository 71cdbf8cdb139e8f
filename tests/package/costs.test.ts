/** docs/costs.md: every sum follows from its own table of prices, and what it counts is what the template deploys. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { readPlan } from "../../src/cli/plan.js";
import { METRIC_NAMES, RELAY_METRICS } from "../../src/metrics/names.js";
import { planFleet } from "../../src/plan/model.js";
import { PRICES } from "../../src/plan/prices.js";
import { deployed, readTemplate, resourcesOf } from "../support/template.js";

const page = readFileSync(new URL("../../docs/costs.md", import.meta.url), "utf8");
const MILLION_SECONDS = (730 * 3_600) / 1e6;

/** The cells of each row of the page, without marks of emphasis; the first names the row. */
const rows = new Map(
  [...page.matchAll(/^\| (.+) \|$/gm)].map(([, row = ""]) => {
    const [name = "", ...cells] = row.replaceAll("*", "").split(" | ");
    return [name, cells] as const;
  }),
);
function price(name: string): number {
  const cell = Number(rows.get(name)?.[0]);
  if (!Number.isFinite(cell)) throw new Error(`no price for ${name}`);
  return cell;
}

const dollars = (amount: number) => `$${amount.toFixed(2)}`;
const shard = 730 * price("Kinesis, provisioned shard");
const put = MILLION_SECONDS * price("Kinesis, written");
const read = MILLION_SECONDS * price("DynamoDB on demand, read");
const appended = MILLION_SECONDS * 4 * price("DynamoDB on demand, written");
const metric = price("CloudWatch metric");
const alarm = price("CloudWatch alarm");
const line = MILLION_SECONDS * 1e6 * (1_000 / 1e9) * price("CloudWatch Logs, written");

/** What the alarms of a deployment watch: each metric is paid for. */
function watchedMetrics(parameters: Record<string, string>): number {
  const alarms = resourcesOf(deployed(readTemplate(), parameters), "AWS::CloudWatch::Alarm");
  return alarms.reduce((sum, [, { Properties }]) => {
    const metrics = Properties.Metrics as { MetricStat?: object }[] | undefined;
    return sum + (metrics?.filter(({ MetricStat }) => MetricStat !== undefined).length ?? 1);
  }, 0);
}

test("the log's prices are those that npx scache plan uses, and as old", () => {
  const { kinesis, dynamodb } = PRICES;
  expect(price("Kinesis, provisioned shard")).toBe(kinesis.dollarsPerShardHour);
  expect(price("Kinesis, written")).toBe(kinesis.dollarsPerMillionPutUnits);
  expect(price("DynamoDB on demand, read")).toBe(dynamodb.dollarsPerMillionReadUnits);
  expect(price("DynamoDB on demand, written")).toBe(dynamodb.dollarsPerMillionWriteUnits);
  expect(page).toContain(`for \`${PRICES.region}\` as of ${PRICES.asOf}`);
});

describe("the log", () => {
  test.each([5, 33, 100, 1_000])("%i environments that read a table", (environments) => {
    const name = environments.toLocaleString("en");
    expect(rows.get(name)).toEqual([dollars(environments * read), dollars((environments * read) / 5)]);
  });

  test.each([1, 10, 50])("%i invalidations a second", (perSecond) => {
    expect(rows.get(String(perSecond))).toEqual([dollars(perSecond * put), dollars(perSecond * appended)]);
  });

  test("from how many environments on a stream would be cheaper", () => {
    expect(page).toContain(`costs ${dollars(shard)} a shard`);
    expect(page).toContain(`${dollars(put)} more for each record a second`);
    expect(page).toContain(`up to ${Math.floor(shard / read)} environments`);
  });
});

test("how many environments a stream serves is what npx scache plan says", () => {
  const { figures } = readPlan(["--environments", "1", "--staleness", "1000", "--invalidations", "1"]);
  const onStream = (environments: number) => planFleet({ ...figures, environments }).kinesis;
  const most = [1, 2, 3, 4, 5].filter((environments) => onStream(environments).holds).length;
  const bypassed = Math.round(100 * onStream(5).bypassedShare);
  const told = `says that ${most} environments hold, and that with 5 of them ${bypassed} % of the invocations would do without`;
  expect(page.replace(/\s+/g, " ")).toContain(told);
});

describe("the example", () => {
  const idle = (log: number, Log: string) => log + alarm * watchedMetrics({ Log });
  const [ofStream, ofTable] = [idle(shard, "kinesis"), idle(0, "dynamodb")];
  const filters = resourcesOf(deployed(readTemplate()), "AWS::Logs::MetricFilter").length;
  const metrics = metric * (2 * METRIC_NAMES.length + filters);

  test("idle: the log and the alarms", () => {
    const counted = `alarms: ${watchedMetrics({ Log: "kinesis" })} metrics, or ${watchedMetrics({ Log: "dynamodb" })}`;
    expect(rows.get(counted)).toEqual([dollars(ofStream - shard), dollars(ofTable)]);
    const template = readFileSync(new URL("../../template.yaml", import.meta.url), "utf8");
    expect(template).toMatch(new RegExp(`about \\$${Math.ceil(ofStream)} a month while nobody uses it`));
    expect(template).toContain(`about $${Math.ceil(ofTable)} with Log=dynamodb`);
  });

  test("used: metrics, lines and readings", () => {
    expect(rows.get("metrics")).toEqual([dollars(metrics), dollars(metrics)]);
    expect(rows.get("lines in the log (2.628 million)")).toEqual([dollars(line), dollars(line)]);
    expect(rows.get("readings at most (`maxStalenessMs` 0)")).toEqual([dollars(0), dollars(read)]);
    const sums = [...page.matchAll(/^\| \*\*together\*\* \| \*\*(.+)\*\* \| \*\*(.+)\*\* \|$/gm)].map(
      ([, ...sum]) => sum,
    );
    expect(sums).toEqual([
      [dollars(ofStream), dollars(ofTable)],
      [dollars(ofStream + metrics + line), dollars(ofTable + metrics + line + read)],
    ]);
  });

  test("with a relay", () => {
    const relay = { Invalidations: "table-stream" };
    const watched = watchedMetrics(relay) - watchedMetrics({});
    const own = Object.keys(RELAY_METRICS).length;
    expect(page).toContain(
      `adds ${own} metrics of its own (${dollars(own * metric)}; the writer's ${METRIC_NAMES.length} are gone)`,
    );
    expect(page).toContain(`alarms on ${watched} metrics (${dollars(watched * alarm)})`);
    const seconds = MILLION_SECONDS * 1e6 * 0.02 * 0.5;
    const invoked = MILLION_SECONDS * price("Lambda, called") + seconds * price("Lambda on arm64");
    expect(page).toContain(`20 ms each in 512 MB, ${dollars(invoked)}.`);
  });

  test("what Lambda's time is worth", () => {
    expect(page).toContain(`are ${dollars(1e6 * 0.04 * 0.5 * price("Lambda on arm64"))} for a million invocations`);
  });
});
