/** The report on the terminal: it answers first whether the cache pays, then shows where and when. */
import { describe, expect, test } from "@jest/globals";
import { LogReader } from "../../../src/report/read-log.js";
import { Summary } from "../../../src/report/summary.js";
import { renderText } from "../../../src/report/text.js";
import { syntheticLines } from "../../../tools/synthetic-log.js";
import { metricLineAt } from "../../support/metric-lines.js";

const START = Date.UTC(2026, 0);

function textOf(lines: Iterable<string>, options = { width: 100, colour: false }): string {
  const reader = new LogReader();
  for (const line of lines) reader.add(`${line}\n`);
  reader.endOfLog();
  return renderText(reader.summary.result(), options);
}

const every100ms = (fields: Record<string, unknown>) =>
  Array.from({ length: 100 }, (_, n) => metricLineAt(START + n * 100, fields));

describe("the report on the terminal", () => {
  test("answers first: yes", () => {
    const [question, answer, bounds] = textOf(every100ms({ TimeSaved: 80, KinesisLatency: 12.5 })).split("\n");
    expect(question).toBe("Does the cache pay?");
    expect(answer).toBe(
      "Yes: 6.75 s of waiting saved, net (8.00 s saved − 1.25 s waited), 67.5 ms an invocation over 100 invocations, 66.7 % hits.",
    );
    expect(bounds).toMatch(
      /^It pays even when the log is read in every invocation .* With maxStalenessMs 1_000 the net/,
    );
  });

  test("answers first: no, and from what bound it would", () => {
    const [, answer, bounds] = textOf(every100ms({ TimeSaved: 4, KinesisLatency: 10 })).split("\n");
    expect(answer).toMatch(/^No: 600 ms lost \(400 ms saved − 1\.00 s waited\), 6\.00 ms an invocation/);
    expect(bounds).toBe("It would pay from maxStalenessMs 200 on, with 60.0 ms net.");
  });

  test("says when no bound would make it pay", () => {
    expect(textOf(every100ms({ TimeSaved: 0, KinesisLatency: 10 }))).toContain(
      "No staleness bound would make it pay: there were no hits that saved anything.",
    );
    expect(textOf([metricLineAt(START, { TimeSaved: 1, KinesisLatency: 10 })])).toContain(
      "No staleness bound tried would make it pay: at maxStalenessMs 900_000 it would still lose 9.00 ms.",
    );
  });

  test("tells of no bound where the lines are newest first, and what to do", () => {
    const lines = every100ms({ TimeSaved: 4, KinesisLatency: 10 });
    const text = textOf([...lines].reverse());
    expect(text.split("\n")[2]).toMatch(
      /^What another maxStalenessMs would bring is not told, since the lines are not in the order of their times: .*sort @timestamp asc/,
    );
    expect(text).toContain("lines not in order");
    expect(text).not.toMatch(/^staleness|net, replayed/m);
    const table = Array.from({ length: 100 }, (_, n) =>
      metricLineAt(START + n * 100, { TimeSaved: 4, DynamoDBLatency: 10 }, "DynamoDB"),
    );
    const both = textOf([...lines.reverse(), ...table]);
    expect(both.split("\n")[2]).toMatch(
      /^changes \(Kinesis\): 600 ms lost, lines not in order\. my-table\/users \(DynamoDB\): .* What another maxStalenessMs/,
    );
    expect(both).toMatch(/^staleness .*\nmy-table\/users \(DynamoDB\) .*\n\n/m);
  });

  test("says so when there is nothing to read", () => {
    expect(textOf(["hello"])).toBe("Does the cache pay?\nNo line of scache was found.\n");
  });

  test("speaks of each log by itself, and sums both", () => {
    const table = (fields: object) =>
      Array.from({ length: 100 }, (_, n) =>
        metricLineAt(START + n * 100, { ...fields, environment: "e2" }, "DynamoDB"),
      );
    const lines = [
      ...every100ms({ TimeSaved: 4, KinesisLatency: 10 }),
      ...table({ TimeSaved: 50, DynamoDBLatency: 5 }),
    ];
    const text = textOf(lines);
    const [, answer, bounds] = text.split("\n");
    expect(answer).toMatch(
      /^Yes: 3\.90 s of waiting saved, net \(5\.40 s saved − 1\.50 s waited\), .* over 200 invocations/,
    );
    expect(bounds).toBe(
      "changes (Kinesis): 600 ms lost, would pay from maxStalenessMs 200. " +
        "my-table/users (DynamoDB): 4.50 s saved, pays at any bound.",
    );
    expect(text).toContain("users · reader on my-table/users (DynamoDB)");
    expect(text).toMatch(/^changes \(Kinesis\) +−600 ms .*\nmy-table\/users \(DynamoDB\) +4\.50 s /m);
    expect(text).not.toContain("net, replayed");
  });

  test("names audited hits that were wrong as trouble, and what was audited beside it", () => {
    const lines = (inconsistentReads: number) => textOf(every100ms({ audits: 3, auditMs: 15, inconsistentReads }));
    expect(lines(2)).toMatch(
      /^Also: .*300 hits audited, 1\.50 s spent on audits\.\nTrouble: 200 inconsistent reads\.$/m,
    );
    expect(lines(0)).toMatch(/^Also: .*300 hits audited.*\nNo trouble: nothing failed\.$/m);
  });

  test("says what could not be read, and nothing where all was", () => {
    const summary = new Summary().result();
    const source = { names: ["a.log"], bytes: 1, damaged: 2, repeated: 1_200 };
    const unread = [
      { name: "a.log", damaged: 2, problems: ["its packed data ends early"] },
      { name: "b.zip", damaged: 0, problems: ["it is a zip archive: unpack it first"] },
    ];
    const [, headline, ...notes] = renderText(summary, { width: 100, colour: false }, { ...source, unread }).split(
      "\n",
    );
    expect(headline).toBe("No line of scache could be read.");
    expect(notes).toEqual([
      "Not all of a.log was read: its packed data ends early.",
      "Not all of b.zip was read: it is a zip archive: unpack it first.",
      "2 lines could not be read, or not in full (2 in a.log): cut off, mixed with others, or with figures that cannot " +
        "be. What they counted is missing here.",
      "1,200 lines repeated others, and count once.",
      "",
    ]);
    const clean = { names: ["a.log"], bytes: 1, damaged: 0, repeated: 0, unread: [] };
    expect(renderText(summary, { width: 100, colour: false }, clean)).toBe(
      "Does the cache pay?\nNo line of scache was found.\n",
    );
  });

  test("shows each function and stream, the course of time and the trouble", () => {
    const text = textOf(syntheticLines({ startMs: START, hours: 24, seed: 3, perHour: 400 }));
    for (const name of [
      "users · users-get on changes (Kinesis)",
      "shop · cart-price on changes (Kinesis)",
      "shop · product-page on changes (Kinesis)",
    ]) {
      expect(text).toContain(name);
    }
    expect(text).toMatch(/net saved {10}[▁▂▃▄▅▆▇█ ]{55} /);
    expect(text).toMatch(/hit rate {11}[▁▂▃▄▅▆▇█ ]{55} /);
    expect(text).toMatch(/waited for the log [▁▂▃▄▅▆▇█ ]{55} /);
    expect(text).toMatch(/Also: \d+ entries invalidated, [\d,]+ calls to the log\./);
    expect(text).toMatch(/Trouble: \d+ invocations bypassed the cache, \d+ refreshes failed, \d+ throttles\./);
    expect(
      Math.max(
        ...text
          .split("\n")
          .slice(4)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(100);
  });

  test("colours only where asked to", () => {
    const lines = every100ms({});
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
    const codes = /\u001b\[\d+m/g;
    expect(textOf(lines)).not.toMatch(codes);
    expect(textOf(lines, { width: 100, colour: true }).replace(codes, "")).toBe(textOf(lines));
    expect(textOf(lines, { width: 100, colour: true })).toMatch(codes);
  });
});
