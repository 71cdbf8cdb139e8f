/** The lines that are written when no logger was given: those of a Powertools Logger without settings. */
import { Logger } from "@aws-lambda-powertools/logger";
import { expect, test } from "@jest/globals";
import { createLineLogger } from "../../src/log-line.js";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const DETAIL = { scache: { stream: "users", reason: 'a "quoted"\nline' } };

/** What is written to the process's streams, chunk by chunk. */
function written(run: () => void): string[] {
  const chunks: string[] = [];
  const streams = [process.stdout, process.stderr];
  const originals = streams.map((stream) => stream.write);
  for (const stream of streams) stream.write = ((chunk: string) => chunks.push(chunk) > 0) as typeof stream.write;
  try {
    run();
  } finally {
    for (const [index, stream] of streams.entries()) stream.write = originals[index] ?? stream.write;
  }
  return chunks;
}

const logger = (level?: string) => createLineLogger({ serviceName: "shop", level, now: () => AT });

test("a line is what Powertools would write, in one piece", () => {
  const ours = written(() => logger().warn("scache: hello", DETAIL));
  const theirs = written(() => new Logger({ serviceName: "shop" }).warn("scache: hello", DETAIL));
  expect(ours).toHaveLength(1);
  expect(ours[0]).toMatch(/^\{.*\}\n$/);
  const { timestamp, ...line } = JSON.parse(ours[0] ?? "") as Record<string, unknown>;
  const {
    timestamp: theirTime,
    sampling_rate: _,
    ...theirLine
  } = JSON.parse(theirs[0] ?? "") as Record<string, unknown>;
  expect(line).toEqual(theirLine);
  expect(timestamp).toBe("2026-01-02T03:04:05.678Z");
  expect(String(theirTime)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test.each([
  [undefined, ["INFO", "WARN"]],
  ["nonsense", ["INFO", "WARN"]],
  ["info", ["INFO", "WARN"]],
  ["TRACE", ["DEBUG", "INFO", "WARN"]],
  ["DEBUG", ["DEBUG", "INFO", "WARN"]],
  ["Warn", ["WARN"]],
  ["ERROR", []],
  ["CRITICAL", []],
  ["FATAL", []],
  ["SILENT", []],
])("at level %s these are written: %p", (level, expected) => {
  const lines = written(() => {
    const { debug, info, warn } = logger(level);
    for (const write of [debug, info, warn]) write("x", {});
  });
  expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
});
