/** Our lines are found in logs of every form, whatever is around them; no text makes the search slow or large. */
import { describe, expect, test } from "@jest/globals";
import { LineScanner } from "../../../src/report/line-scanner.js";
import type { MetricLine } from "../../../src/report/metric-line.js";
import { Tidier } from "../../../src/report/tidy.js";
import { heldBytes } from "../../support/heap.js";
import { metricLine } from "../../support/metric-lines.js";

function scan(text: string, pieceLength = text.length || 1): { lines: MetricLine[]; damaged: number } {
  const lines: MetricLine[] = [];
  const scanner = new LineScanner((line) => lines.push(line));
  const tidier = new Tidier();
  for (let at = 0; at < text.length; at += pieceLength) scanner.push(tidier.push(text.slice(at, at + pieceLength)));
  scanner.push(tidier.end());
  scanner.end();
  return { lines, damaged: scanner.damaged };
}

const hits = (text: string, pieceLength?: number) => scan(text, pieceLength).lines.map((line) => line.counts.hits);

const first = metricLine({ CacheHits: 1, requestId: 'odd "quoted" \\ name \\' });
const second = metricLine({ CacheHits: 2 });
const wrap = (text: string) => JSON.stringify({ timestamp: "2026-01-01T00:00:00Z", level: "INFO", message: text });
const sorted = (text: string) => {
  const fields = Object.entries(JSON.parse(text) as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(fields));
};
const pretty = (text: string) => JSON.stringify(JSON.parse(text), null, 2);
const csv = (text: string) => `"${text.replaceAll('"', '""')}"`;
/** Quotes within strings as some libraries write them. */
const numbered = (text: string) => wrap(text).replaceAll('\\"', "\\u0022");
/** As YAML writes a long string: a line ends behind any escaped character. */
const folded = (text: string) => JSON.stringify(text).replace(/(.{60}\\["n])(?=.)/g, "$1\\\n    ");
const coloured = (text: string) => text.replaceAll(/"[^"]+"(?=:)/g, (key) => `\u001b[34;1m${key}\u001b[0m`);
const windows = (text: string) => text.replaceAll("\n", "\r\n");

const FORMS: Record<string, string> = {
  "plain lines": `${first}\n${second}\n`,
  "lines with carriage returns": `${first}\r\n${second}\r\n`,
  "no line ends at all": first + second,
  "sam logs": `2026/01/01/[$LATEST]0123456789abcdef 2026-01-01T00:00:00.000000 ${first}\n2026/01/01/[$LATEST]0123 2026-01-01T00:00:00.1 ${second}\n`,
  "aws logs tail": `2026-01-01T00:00:00.000000+00:00 2026/01/01/[$LATEST]0123456789abcdef ${first}\n\n2026-01-01T00:00:00.1+00:00 x ${second}\n`,
  "aws logs tail --format json": `2026-01-01T00:00:00 x\n${JSON.stringify(JSON.parse(first), null, 4)}\n2026 y ${JSON.stringify(JSON.parse(second), null, 4)}\n`,
  "lines wrapped by Lambda's JSON format": `${wrap(first)}\n${wrap(`${second}\n`)}\n`,
  "lines wrapped as an object": `{"level":"INFO","message":${first}}\n{"level":"INFO","message":${second}}\n`,
  "lines wrapped twice": `${wrap(wrap(first))}\n${wrap(wrap(second))}\n`,
  "lines wrapped three times": `${wrap(wrap(wrap(first)))}\n${wrap(wrap(wrap(second)))}\n`,
  "filter-log-events": JSON.stringify({ events: [{ message: `${first}\n` }, { message: second }] }, null, 4),
  "pretty-printed and then wrapped": wrap(`${JSON.stringify(JSON.parse(first), null, 2)} ${second}`),
  "a subscription's batch on one line": JSON.stringify({ logEvents: [{ message: first }, { message: wrap(second) }] }),
  "Logs Insights as JSON": JSON.stringify([{ "@message": first }, { "@message": second }]),
  "Logs Insights as JSON with parsed messages": JSON.stringify([{ "@message": JSON.parse(first) }, JSON.parse(second)]),
  "CloudWatch's CSV": `timestamp,message\n1767225600000,${csv(first)}\n1767225600001,${csv(`${second}\n`)}\n`,
  "CSV of wrapped lines": `timestamp,message\n1767225600000,${csv(wrap(first))}\n1,${csv(wrap(second))}\n`,
  "sorted keys": `prefix ${sorted(first)}\n${sorted(second)}\n`,
  "sorted keys and no line ends": sorted(first) + sorted(second),
  "sorted keys, pretty-printed": `prefix ${pretty(sorted(first))}\n${pretty(sorted(second))}\n`,
  "sorted keys, wrapped": `${wrap(sorted(first))}\n${wrap(sorted(second))}\n`,
  "sorted keys, wrapped twice": `${wrap(wrap(sorted(first)))}\n${wrap(wrap(sorted(second)))}\n`,
  "sorted keys, pretty-printed and wrapped": `${wrap(pretty(sorted(first)))}\n${wrap(pretty(sorted(second)))}\n`,
  "sorted keys in CSV": `timestamp,message\n1,${csv(sorted(first))}\n2,${csv(sorted(second))}\n`,
  "sorted keys, pretty-printed in CSV": `timestamp,message\n1,${csv(pretty(sorted(first)))}\n2,${csv(pretty(sorted(second)))}\n`,
  "sorted keys, wrapped in CSV": `message\n${csv(wrap(sorted(first)))}\n${csv(wrap(sorted(second)))}\n`,
  "sorted keys as an object in another": `{"a":{"b":"{"},"message":${sorted(first)},"z":{}}\n[${sorted(second)}]`,
  "Logs Insights results of the command line": JSON.stringify(
    { results: [[{ field: "@message", value: first }], [{ field: "@message", value: sorted(second) }]] },
    null,
    4,
  ),
  "docker's log files": [first, second]
    .map((line) => `${JSON.stringify({ log: `${line}\n`, stream: "stdout" })}\n`)
    .join(""),
  "docker compose": `app-1  | ${first}\napp-1  | ${second}\n`,
  "Windows line ends, pretty-printed": windows(`${pretty(first)}\n${pretty(sorted(second))}\n`),
  "quotes written as numbers": `${numbered(first)}\n${numbered(sorted(second))}\n`,
  "quotes written as numbers, wrapped": `${wrap(numbered(first))}\n${wrap(numbered(second))}\n`,
  "YAML, folded": [first, sorted(second)].map((line) => `- message: ${folded(`${line}\n`)}\n  timestamp: 1\n`).join(""),
  "YAML, folded, with Windows line ends": windows(`- message: ${folded(first)}\n- message: ${folded(second)}\n`),
  "coloured, as jq and grep do": `${coloured(pretty(first))}\n${second.replaceAll("CacheHits", "\u001b[01;31m\u001b[KCacheHits\u001b[m\u001b[K")}\n`,
  "tab-separated text": `EVENTS\t1767225600000\t${first}\t1767225600001\nEVENTS\t2\t${second}\t3\n`,
  "a mark of byte order in the middle": `\ufeff${first}\n\ufeff${second}\n`,
  "the key as a value before": `{"note":"_aws","_aws":":"_aws"}\n${first} "_aws" ${second}`,
  "garbage around": `{ not json ]\n"_aws" {{{ \n\u0000\ufffd ${first} trailing } "\n{"_aws":1}\n${second}`,
  "a line cut off before the next": `${first}\n${first.slice(0, 300)}\n${second}\n`,
  "other EMF lines between": `${first}\n{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"Orders":1}\n${second}\n`,
};

describe("scanning a log", () => {
  test.each(Object.entries(FORMS))("%s", (_name, text) => {
    expect(hits(text)).toEqual([1, 2]);
  });

  test.each(Object.entries(FORMS))("%s, in pieces cut anywhere", (_name, text) => {
    for (const length of [1, 2, 3, 7, 64, 333, 1_021]) expect([length, hits(text, length)]).toEqual([length, [1, 2]]);
  });

  test("what a line says is taken over", () => {
    const text = metricLine({ TimeSaved: 12.5, KinesisLatency: 3.25, state: "stale", refreshFailures: 2, flushes: 1 });
    const [line] = scan(text).lines;
    expect(line).toMatchObject({
      ...{
        service: "users",
        functionName: "reader",
        logKind: "Kinesis",
        log: "changes",
        environment: "e1",
        state: "stale",
      },
      counts: { timeSavedMs: 12.5, kinesisLatencyMs: 3.25, refreshFailures: 2, flushes: 1, hits: 2 },
    });
  });

  test("a line of a log in DynamoDB is read as one, also without the time waited", () => {
    const [line] = scan(metricLine({ DynamoDBLatency: 4.5 }, "DynamoDB")).lines;
    expect(line).toMatchObject({
      ...{ logKind: "DynamoDB", log: "my-table/users" },
      counts: { kinesisLatencyMs: 0, dynamoDbLatencyMs: 4.5, timeSavedMs: 80, hits: 2 },
    });
    const kindOf = (fields: object) =>
      scan(metricLine({ DynamoDBLatency: undefined, ...fields }, "DynamoDB")).lines[0]?.logKind;
    expect([kindOf({}), kindOf({ log: undefined, stream: "s" })]).toEqual(["DynamoDB", "Kinesis"]);
    // A dimension of the user's own may be called so.
    expect(scan(metricLine({ log: "mine" })).lines[0]).toMatchObject({ logKind: "Kinesis", log: "changes" });
  });

  test("figures that are missing or no numbers count as nothing, and names are cleaned for terminals", () => {
    const text = metricLine({ TimeSaved: null, KinesisLatency: "12", service: "\u001b[31mred\u0007", function: 5 });
    const [line] = scan(text).lines;
    expect(line).toMatchObject({ service: "\ufffd[31mred\ufffd", functionName: "?" });
    expect(line?.counts).toMatchObject({ timeSavedMs: 0, kinesisLatencyMs: 0 });
  });

  test.each([
    ["a timestamp that is none", metricLine({ _aws: { Timestamp: "now" } })],
    ["a timestamp of another age", metricLine({ _aws: { Timestamp: 5 } })],
    ["a line cut in the middle", first.slice(0, 400)],
    ["a line with a hole", first.replace('"CacheMisses":', '"CacheMisses"')],
    ["a line cut before its key of metrics", sorted(first).slice(0, 120)],
    ["a line without its beginning", first.slice(300)],
    ["sorted, without its beginning", sorted(first).slice(10)],
    ["wrapped, without its beginning", wrap(first).slice(400)],
    ["sorted, cut in a string", wrap(sorted(first)).slice(0, 200)],
  ])("%s is counted as damaged", (_name, text) => {
    expect(scan(`${text}\n`)).toEqual({ lines: [], damaged: 1 });
  });

  test("of interleaved lines the whole one is read, and the torn one counted once", () => {
    for (const at of [10, 20, 35, 150, 400, first.length - 30]) {
      const text = `${first.slice(0, at)}${second}\n${first.slice(at)}\n${second}\n`;
      const { lines, damaged } = scan(text);
      expect([at, lines.map((line) => line.counts.hits), damaged]).toEqual([at, [2, 2], 1]);
    }
  });

  test("a figure that no invocation can have is left out, and the line says so", () => {
    for (const figure of ["1e308", "1e999", "-1", "1e13"]) {
      const { lines, damaged } = scan(metricLine({ TimeSaved: "?" }).replace('"?"', figure));
      expect([lines.length, lines[0]?.counts.timeSavedMs, lines[0]?.counts.hits, damaged]).toEqual([1, 0, 2, 1]);
    }
  });

  test("names hold nothing that turns a terminal's text around or cannot be seen", () => {
    const [line] = scan(metricLine({ service: "a\u202eb\u2066c\u200bd\ufeffe\u2028f\u061cg\u{e0041}h\ud800i" })).lines;
    expect(line?.service).toBe("a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\ufffdh\ufffdi");
    expect(scan(metricLine({ service: "Größe 日本 שלום" })).lines[0]?.service).toBe("Größe 日本 שלום");
  });

  test("garbage of every kind yields nothing and throws nothing", () => {
    const pieces = ['{"_aws"', "{", "}", '"', "\\", '\\"', "\n", "_aws", ",", ":", '""', "CacheHits", "\\n", "[", "é"];
    let seed = 7;
    const random = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    for (let round = 0; round < 2_000; round += 1) {
      const text = Array.from({ length: 60 }, () => pieces[Math.floor(random() * pieces.length)]).join("");
      expect(scan(text, 1 + Math.floor(random() * 50)).lines).toEqual([]);
    }
  });

  test.each([
    ["nested starts", '{"_aws":'],
    ["markers after one brace", '"_aws",'],
    ["markers after a brace, again and again", `{${'"_aws",'.repeat(8_000)}`],
    ["escaped starts", '{\\"_aws\\":\\"'],
    ["open strings", '{"_aws":"'],
  ])("hostile text costs no more than its length: %s", (_name, piece) => {
    const cpuMs = (length: number) => {
      const text = `{ ${piece.repeat(length / piece.length)}`;
      const before = process.cpuUsage();
      expect(scan(text, 65_536).lines).toEqual([]);
      return process.cpuUsage(before).user / 1_000;
    };
    // Eight times the text takes eight times as long; were it quadratic, sixty-four times.
    expect(cpuMs(2_000_000)).toBeLessThan(32 * (cpuMs(250_000) + 10));
  });

  test("a line without end does not fill the memory", async () => {
    const scanner = new LineScanner(() => {});
    const before = await heldBytes();
    const piece = "x".repeat(1_000_000);
    for (let n = 0; n < 500; n += 1) scanner.push(piece);
    expect((await heldBytes()) - before).toBeLessThan(10_000_000);
    // Used once more, so that the collection did not take it and what it holds.
    scanner.end();
  });
});
