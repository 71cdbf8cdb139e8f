/** The report as a page: it says its figures without a script or a network, and nothing in a log can break it. */
import { describe, expect, test } from "@jest/globals";
import { parseHTML } from "linkedom";
import { renderPage } from "../../../src/report/page.js";
import { readPageAssets } from "../../../src/report/page-assets.js";
import { LogReader } from "../../../src/report/read-log.js";
import { syntheticLines } from "../../../tools/synthetic-log.js";
import { metricLine } from "../../support/metric-lines.js";

const assets = readPageAssets();

function pageOf(lines: Iterable<string>, name = "log") {
  const reader = new LogReader();
  for (const line of lines) reader.add(`${line}\n`);
  reader.endOfLog();
  const summary = reader.summary.result();
  const html = renderPage(summary, { names: [name], bytes: 1_234, damaged: reader.damaged }, assets);
  return { html, summary, document: parseHTML(html).document };
}

const day = () => syntheticLines({ startMs: Date.UTC(2026, 0), hours: 24, seed: 3, perHour: 100 });

describe("the page", () => {
  test("says the answer, the figures and every group without a script", () => {
    const { document, summary } = pageOf(day());
    expect(document.querySelector("h1")?.textContent).toBe("Does the cache pay?");
    expect(document.querySelector(".headline")?.textContent).toMatch(/^Yes: .* of waiting saved, net/);
    expect(document.querySelectorAll(".card").length).toBe(7);
    expect(document.querySelectorAll("tbody tr").length).toBe(summary.groups.length);
    expect(document.querySelectorAll("figure").length).toBe(6);
    expect(document.querySelectorAll("#group option").length).toBe(summary.groups.length + 1);
  });

  test("tells every figure that is added up, and each log by itself", () => {
    const terms = ({ document }: ReturnType<typeof pageOf>) =>
      [...document.querySelectorAll("dt code")].map((code) => code.textContent);
    const [one, two] = [pageOf(day()), pageOf([metricLine(), metricLine({}, "DynamoDB")])];
    expect(terms(one)).toEqual(
      expect.arrayContaining(["KinesisLatency", "TimeSaved", "publishLatencyMs", "CacheHits", "evictions"]),
    );
    expect(terms(one)).not.toContain("DynamoDBLatency");
    expect(terms(two)).toContain("DynamoDBLatency");
    const data = JSON.parse(two.document.querySelector("#data")?.textContent ?? "") as {
      all: { replays: { label: string }[] };
    };
    expect(data.all.replays.map(({ label }) => label)).toEqual(["changes (Kinesis)", "my-table/users (DynamoDB)"]);
    expect(two.document.querySelector("tbody")?.textContent).toContain("reader on my-table/users (DynamoDB)");
  });

  test("carries the very figures of the summary", () => {
    const { document, summary } = pageOf(day());
    const data = JSON.parse(document.querySelector("#data")?.textContent ?? "") as {
      all: typeof summary;
      groups: typeof summary.groups;
    };
    expect(data.all.hits).toBe(summary.hits);
    expect(data.all.netTimeSavedMs).toBeCloseTo(summary.netTimeSavedMs, 2);
    expect(data.all.series.length).toBe(summary.series.length);
    expect(data.groups.map((group) => group.invocations)).toEqual(summary.groups.map((group) => group.invocations));
  });

  test("needs no network, and forbids itself any", () => {
    const { html, document } = pageOf(day());
    const policy = document.querySelector("meta[http-equiv]")?.getAttribute("content");
    expect(policy).toBe("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'");
    expect(document.querySelectorAll("link, img, iframe, script[src], [href]").length).toBe(0);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).toContain("uPlot");
  });

  test("what a log says is text and never markup", () => {
    const evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";
    const lines = [metricLine({ function: evil }), metricLine({ service: `"'&${evil}` })];
    const { document } = pageOf(lines, `<b>${evil}`);
    expect(document.querySelectorAll("script").length).toBe(3);
    expect(document.querySelectorAll("img, footer b").length).toBe(0);
    expect(document.querySelector("tbody")?.textContent).toContain(evil);
  });

  test("says beside the answer what could not be read", () => {
    const reader = new LogReader();
    reader.add(metricLine());
    reader.endOfLog();
    const unread = [{ name: "<b>cut.gz", damaged: 0, problems: ["its packed data ends early"] }];
    const html = renderPage(reader.summary.result(), { names: ["cut.gz"], bytes: 1, damaged: 0, unread }, assets);
    expect(parseHTML(html).document.querySelector("header .note")?.textContent).toBe(
      "Not all of <b>cut.gz was read: its packed data ends early.",
    );
    expect(pageOf(day()).document.querySelector("header .note")).toBeNull();
  });

  test("draws no bounds of lines that are newest first, and says why", () => {
    const { document } = pageOf([...day()].reverse());
    expect(document.querySelector("header .soft")?.textContent).toMatch(/^What another maxStalenessMs .* is not told/);
    const data = JSON.parse(document.querySelector("#data")?.textContent ?? "") as { all: { replays: object[] } };
    expect(data.all.replays).toEqual([]);
  });

  test("says so when nothing was found", () => {
    const { document } = pageOf([]);
    expect(document.querySelector(".headline")?.textContent).toBe("No line of scache was found.");
    expect(document.querySelectorAll("figure, table").length).toBe(0);
  });

  test("one group alone is not offered as a choice", () => {
    expect(pageOf([metricLine()]).document.querySelector("#group")).toBeNull();
  });
});
