/**
 * The accounts agree all the way: what the invocations of a full run report, what their EMF lines say (each one valid in
 * CloudWatch's eyes), and what the report makes of those lines.
 */

import { describe, expect, test } from "@jest/globals";
import middy from "@middy/core";
import type { InvocationReport } from "../../src/core/invocation/report.js";
import { dataId } from "../../src/index.js";
import { createEmfSink } from "../../src/metrics/emf.js";
import { LogReader } from "../../src/report/read-log.js";
import { type CallPlan, ManualClock, MemoryStream, type StreamCall, testScache } from "../../src/testing/index.js";
import { emfProblems } from "../support/emf-validator.js";
import { captureStandardOutput } from "../support/standard-output.js";

interface Event {
  readonly id: string;
  readonly write?: boolean;
  readonly fail?: boolean;
}

/** Three environments of two functions, read from, written to, and for a while cut off from the stream. */
async function fullRun(reports: InvocationReport[]): Promise<void> {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, shards: 2 });
  let cutOff = false;
  const environment = (functionName: string) => {
    const sink = createEmfSink({ streamName: "memory", serviceName: "users", functionName });
    const onReport = (report: InvocationReport) => {
      reports.push(report);
      sink(report);
    };
    const policy = ({ operation }: StreamCall): CallPlan | undefined =>
      // What is refused is not tried again, for which the clock would have to be moved.
      cutOff ? { fail: operation === "putRecords" ? "refused" : "unavailable" } : undefined;
    return middy<Event, number>()
      .use(testScache(stream, { clock, policy, onReport }))
      .handler(async (event, context) => {
        const id = dataId<number>("db.rows.id", event.id);
        if (event.write === true) await context.cache.invalidate(id).catch(() => undefined);
        const value = await context.cache.getOrAdd(id, () => clock.now());
        if (event.fail === true) throw new Error("the handler's own");
        return value;
      });
  };
  const environments = ["reader", "reader", "writer"].map(environment);
  for (let n = 0; n < 300; n += 1) {
    cutOff = n > 200 && n < 230;
    const event = { id: String(n % 7), write: n % 11 === 0, fail: n % 31 === 0 };
    const handler = environments[n % 3];
    await handler?.(event, {} as never).catch(() => undefined);
    await clock.advance(250);
  }
}

describe("the accounts of a full run", () => {
  test("agree between invocations, EMF lines and report", async () => {
    const reports: InvocationReport[] = [];
    const { lines } = await captureStandardOutput(() => fullRun(reports));
    expect(lines).toHaveLength(300);
    for (const line of lines) expect(emfProblems(line, Date.now())).toEqual([]);

    const reader = new LogReader();
    for (const line of lines) reader.add(`${line}\n`);
    reader.endOfLog();
    const result = reader.summary.result();
    const sum = (name: keyof InvocationReport) => reports.reduce((total, report) => total + Number(report[name]), 0);
    expect(result.invocations).toBe(reports.length);
    for (const name of [
      "hits",
      "misses",
      "entriesInvalidated",
      "kinesisCalls",
      "refreshFailures",
      "publishFailures",
      "fillsRefused",
    ] as const) {
      expect([name, result[name]]).toEqual([name, sum(name)]);
    }
    for (const name of ["timeSavedMs", "kinesisLatencyMs", "publishLatencyMs"] as const) {
      expect(result[name]).toBeCloseTo(sum(name), 0);
    }
    const net = lines.reduce((total, line) => total + (JSON.parse(line) as { NetTimeSaved: number }).NetTimeSaved, 0);
    expect(result.netTimeSavedMs).toBeCloseTo(net, 6);
    expect(result.states).toMatchObject({ bypassed: reports.filter(({ state }) => state === "bypassed").length });
    expect(result.groups.map((group) => [group.functionName, group.invocations])).toEqual([
      ["reader", 200],
      ["writer", 100],
    ]);
    expect(sum("hits")).toBeGreaterThan(100);
    expect(sum("refreshFailures")).toBeGreaterThan(0);
    expect(sum("publishFailures")).toBeGreaterThan(0);
  });
});
