/** The sums behind the report: over time, by function and stream, and what other staleness bounds would cost. */
import { describe, expect, test } from "@jest/globals";
import { BoundReplay, breakEvenMs } from "../../../src/report/bound-replay.js";
import { type MetricLine, noCounts } from "../../../src/report/metric-line.js";
import { Summary } from "../../../src/report/summary.js";
import { TimeSeries } from "../../../src/report/time-series.js";
import { verdictOn } from "../../../src/report/verdict.js";

const START = Date.UTC(2026, 0);

function line(
  fields: { atMs?: number; state?: string; environment?: string | undefined; name?: string; log?: string } = {},
  counts = {},
): MetricLine {
  const { atMs = 0, state = "fresh", name = "reader", log = "changes" } = fields;
  const environment = "environment" in fields ? fields.environment : "e1";
  return {
    ...{ timestampMs: START + atMs, service: "users", functionName: name, state },
    ...{ logKind: "Kinesis", log },
    ...(environment === undefined ? {} : { environment }),
    counts: { ...noCounts(), kinesisLatencyMs: 10, timeSavedMs: 4, hits: 1, ...counts },
  };
}

describe("the course of time", () => {
  test("however long it is and in whatever order it comes, buckets are few and nothing is lost", () => {
    const series = new TimeSeries();
    let seed = 1;
    for (let n = 0; n < 20_000; n += 1) {
      seed = (seed * 48_271) % 2_147_483_647;
      series.add(line({ atMs: (seed / 2_147_483_647) * 400 * 86_400_000 }));
    }
    const points = series.points();
    expect(points.length).toBeLessThanOrEqual(240);
    expect(points.length).toBeGreaterThan(100);
    expect(points.reduce((sum, point) => sum + point.invocations, 0)).toBe(20_000);
    expect(points.reduce((sum, point) => sum + point.hits, 0)).toBe(20_000);
    expect(points.map((point) => point.startMs)).toEqual(points.map((point) => point.startMs).sort((a, b) => a - b));
    expect(points.every((point) => point.startMs % series.widthMs === 0)).toBe(true);
  });

  test("a line lies in the bucket of its time, also after buckets were merged", () => {
    const series = new TimeSeries();
    series.add(line({ atMs: 0 }, { hits: 7 }));
    series.add(line({ atMs: 10_000 }, { hits: 1 }));
    expect(series.widthMs).toBe(50);
    series.add(line({ atMs: 7 * 86_400_000 }, { hits: 3 }));
    const points = series.points();
    expect(series.widthMs).toBe(3_600_000);
    expect(points.map((point) => [point.startMs - START, point.hits])).toEqual([
      [0, 8],
      [7 * 86_400_000, 3],
    ]);
  });

  test("fewer buckets can be had, and the many stay as they are", () => {
    const series = new TimeSeries();
    for (let n = 0; n < 100; n += 1) series.add(line({ atMs: n * 100 }));
    const few = series.atMost(24);
    expect([few.widthMs, few.points().length, series.widthMs, series.points().length]).toEqual([500, 20, 50, 100]);
    expect(few.points().every(({ hits }) => hits === 5)).toBe(true);
    expect(series.points().every(({ hits }) => hits === 1)).toBe(true);
  });

  test("invocations that waited for nothing do not make the wait look short", () => {
    const series = new TimeSeries();
    for (let n = 0; n < 10; n += 1) series.add(line({}, { kinesisLatencyMs: n === 0 ? 100 : 0 }));
    const [point] = series.points();
    expect(point?.waits).toBe(1);
    expect(point?.waitP50Ms).toBeGreaterThan(90);
  });
});

describe("the replay under other bounds", () => {
  const net = (lines: readonly MetricLine[]) => {
    const replay = new BoundReplay();
    for (const each of lines) replay.add(each);
    const outcomes = replay.outcomes();
    return (boundMs: number) => outcomes.find(({ maxStalenessMs }) => maxStalenessMs === boundMs);
  };

  test("a cache used every 100 ms reads each time at 0, every other time at 100 and every 11th at 1,000", () => {
    const at = net(Array.from({ length: 110 }, (_, n) => line({ atMs: n * 100 })));
    expect(at(0)).toEqual({ maxStalenessMs: 0, waits: 110, waitedMs: 1_100, netTimeSavedMs: 440 - 1_100 });
    expect(at(100)?.waits).toBe(55);
    expect(at(1_000)).toEqual({ maxStalenessMs: 1_000, waits: 10, waitedMs: 100, netTimeSavedMs: 340 });
  });

  test("it breaks even at the first bound under which as much is saved as waited", () => {
    const replay = new BoundReplay();
    for (let n = 0; n < 100; n += 1) replay.add(line({ atMs: n * 100 }));
    expect(breakEvenMs(replay.outcomes(), 400)).toBe(200);
    expect(breakEvenMs(replay.outcomes(), 0)).toBeUndefined();
  });

  test("each cache is replayed by itself", () => {
    const lines = Array.from({ length: 100 }, (_, n) => line({ atMs: n * 100, environment: `e${n % 10}` }));
    expect(net(lines)(500)?.waits).toBe(100);
    expect(net(lines)(1_000)?.waits).toBe(50);
  });

  test("a log made with a bound tells what less of it would cost, by the waits it does know", () => {
    const lines = Array.from({ length: 100 }, (_, n) =>
      line({ atMs: n * 100 }, { kinesisLatencyMs: n % 10 === 0 ? 30 : 0 }),
    );
    expect(net(lines)(0)).toMatchObject({ waits: 100, waitedMs: 3_000 });
  });

  test("an empty cache waits for nothing and proves itself; a bypassed invocation waits and proves nothing", () => {
    const empty = [line({ state: "empty" }, { kinesisLatencyMs: 0 }), line({ atMs: 50 })];
    expect(net(empty)(100)?.waits).toBe(0);
    expect(net(empty)(0)?.waits).toBe(1);
    const bypassed = [line({ state: "bypassed" }), line({ atMs: 50 }), line({ atMs: 90 })];
    expect(net(bypassed)(100)?.waits).toBe(2);
  });

  test("lines that name no cache count as they were, under every bound", () => {
    const lines = [line({ environment: undefined }), line({ environment: undefined }, { kinesisLatencyMs: 0 })];
    expect(net(lines)(0)?.waits).toBe(1);
    expect(net(lines)(900_000)?.waits).toBe(1);
  });

  const ofOneCache = Array.from({ length: 200 }, (_, n) => line({ atMs: n * 100 }));
  const inOrder = (lines: readonly MetricLine[]) => {
    const summary = new Summary();
    for (const each of lines) summary.add(each);
    const { isInOrder, bounds, breakEvenMs, groups, logs } = summary.result();
    const told = [isInOrder, bounds.length > 0, breakEvenMs !== null];
    for (const each of [...groups, ...logs]) {
      expect([each.isInOrder, each.bounds.length > 0, each.breakEvenMs !== null]).toEqual(told);
    }
    return told;
  };

  test.each<[string, readonly MetricLine[]]>([
    ["newest first", ofOneCache.toReversed()],
    ["shuffled", ofOneCache.map((_, n) => ofOneCache[(n * 77) % 200] ?? line())],
    ["of two files, the newer one first", [...ofOneCache.slice(100), ...ofOneCache.slice(0, 100)]],
  ])("lines that are out of order tell of no bound, and it is said that they are: %s", (_name, lines) => {
    expect(inOrder(ofOneCache)).toEqual([true, true, true]);
    expect(inOrder(lines)).toEqual([false, false, false]);
  });

  test("a clock that was set back a little, or once, and caches beside each other make no disorder", () => {
    const jittered = ofOneCache.map((each, n) => (n % 2 === 0 ? each : line({ atMs: n * 100 - 190 })));
    expect(inOrder(jittered)).toEqual([true, true, true]);
    expect(inOrder([...ofOneCache, line({ atMs: 18_000 })])).toEqual([true, true, true]);
    const later = ofOneCache.map(({ timestampMs }) => line({ atMs: timestampMs - START + 1e6, environment: "e2" }));
    expect(inOrder([...later, ...ofOneCache])).toEqual([true, true, true]);
  });

  test("more caches than are remembered do not grow the memory, and cost at most a wait each", () => {
    const replay = new BoundReplay();
    for (let n = 0; n < 50_000; n += 1) replay.add(line({ atMs: n, environment: `e${n}` }));
    expect(replay.outcomes().every(({ waits }) => waits === 50_000)).toBe(true);
  });
});

describe("the summary", () => {
  test("adds up the whole, and each function and stream", () => {
    const summary = new Summary();
    for (let n = 0; n < 10; n += 1) summary.add(line({ atMs: n, name: "a" }, { misses: 3, timeSavedMs: 30 }));
    summary.add(line({ atMs: 20, name: "b", state: "bypassed" }, { hits: 0, timeSavedMs: 0, refreshFailures: 2 }));
    const result = summary.result();
    expect(result).toMatchObject({
      ...{ pays: true, invocations: 11, hits: 10, misses: 30, hitRate: 0.25, refreshFailures: 2 },
      ...{ timeSavedMs: 300, kinesisLatencyMs: 110, netTimeSavedMs: 190, waits: 11 },
      ...{ firstMs: START, lastMs: START + 20, states: { fresh: 10, bypassed: 1, empty: 0, stale: 0 } },
    });
    expect(result.groups.map((group) => [group.functionName, group.invocations, group.netTimeSavedMs])).toEqual([
      ["a", 10, 200],
      ["b", 1, -10],
    ]);
    expect(result.groups[1]).toMatchObject({ hitRate: null, breakEvenMs: null });
  });

  test("what another bound would cost in all is the sum over the groups", () => {
    const summary = new Summary();
    for (let n = 0; n < 60; n += 1) {
      summary.add(line({ atMs: n * 100, name: n % 2 === 0 ? "a" : "b", environment: `e${n % 2}` }));
    }
    const { bounds, groups } = summary.result();
    for (const [step, bound] of bounds.entries()) {
      const sum = groups.reduce((total, group) => total + (group.bounds[step]?.netTimeSavedMs ?? Number.NaN), 0);
      expect(bound.netTimeSavedMs).toBeCloseTo(sum, 6);
    }
  });

  test("two logs are summed under one heading, and keep their bounds apart", () => {
    const summary = new Summary();
    for (let n = 0; n < 100; n += 1) {
      summary.add(line({ atMs: n * 100 }, { timeSavedMs: 4 }));
      const table = { logKind: "DynamoDB", log: "my-table/users" } as const;
      const counts = { kinesisLatencyMs: 0, dynamoDbLatencyMs: 5, timeSavedMs: 8 };
      // The same environment: a function may have a cache on each.
      summary.add({ ...line({ atMs: n * 100 }, counts), ...table });
    }
    const result = summary.result();
    expect(result).toMatchObject({
      ...{ invocations: 200, waits: 200, waitedMs: 1_500, timeSavedMs: 1_200, netTimeSavedMs: -300, pays: false },
      ...{ kinesisLatencyMs: 1_000, dynamoDbLatencyMs: 500, bounds: [], breakEvenMs: null },
    });
    expect(result.groups.map(({ functionName, logKind, log }) => [functionName, logKind, log])).toEqual([
      ["reader", "Kinesis", "changes"],
      ["reader", "DynamoDB", "my-table/users"],
    ]);
    const logs = result.logs.map(({ log, waitedMs, netTimeSavedMs, breakEvenMs }) => [
      log,
      waitedMs,
      netTimeSavedMs,
      breakEvenMs,
    ]);
    expect(logs).toEqual([
      ["changes", 1_000, -600, 200],
      ["my-table/users", 500, 300, 0],
    ]);
    expect(result.series.reduce((sum, { waitedMs }) => sum + waitedMs, 0)).toBe(1_500);
    // At a bound of a second, either is read every eleventh time, and a wait is as long as its own log's.
    expect(result.logs.map(({ bounds }) => bounds.find(({ maxStalenessMs }) => maxStalenessMs === 1_000))).toEqual([
      { maxStalenessMs: 1_000, waits: 10, waitedMs: 100, netTimeSavedMs: 300 },
      { maxStalenessMs: 1_000, waits: 10, waitedMs: 50, netTimeSavedMs: 750 },
    ]);
  });

  test("too many functions of several logs are put together by log", () => {
    const summary = new Summary();
    for (let n = 0; n < 1_000; n += 1) summary.add(line({ name: `f${n}`, log: `log-${n % 3}` }));
    const others = summary.result().groups.filter(({ functionName }) => functionName === "others");
    expect(others.map(({ log }) => log).sort()).toEqual(["log-0", "log-1", "log-2"]);
    const many = new Summary();
    for (let n = 0; n < 1_000; n += 1) many.add(line({ name: `f${n}`, log: `log-${n}` }));
    const { groups } = many.result();
    expect(groups.length).toBeLessThanOrEqual(62);
    expect(groups.reduce((sum, group) => sum + group.invocations, 0)).toBe(1_000);
  });

  test("too many functions are put together, and nothing is lost", () => {
    const summary = new Summary();
    for (let n = 0; n < 1_000; n += 1) summary.add(line({ name: `f${n}` }));
    const result = summary.result();
    expect(result.groups.length).toBeLessThanOrEqual(41);
    expect(result.groups.reduce((sum, group) => sum + group.invocations, 0)).toBe(1_000);
    expect(result.groupsMerged).toBe(960);
    expect(result.groups.some((group) => group.functionName === "others")).toBe(true);
  });

  test("nothing found is no division by zero", () => {
    expect(new Summary().result()).toMatchObject({
      pays: false,
      invocations: 0,
      hitRate: null,
      firstMs: 0,
      series: [],
    });
    expect(JSON.stringify(new Summary().result())).not.toContain("NaN");
  });
});

describe("reading the log at another moment", () => {
  const outcome = (lines: readonly MetricLine[]) => {
    const summary = new Summary();
    for (const each of lines) summary.add(each);
    return summary.result();
  };
  const times = (count: number, each: MetricLine) => Array.from({ length: count }, () => each);

  test("from lines of before: what finds nothing waits for nothing, and what costs less than the wait is loaded", () => {
    const summary = outcome([
      ...times(10, line({}, { timeSavedMs: 0, hits: 0, misses: 1 })),
      ...times(10, line({}, { timeSavedMs: 4 })),
      ...times(10, line({}, { timeSavedMs: 90 })),
      ...times(5, line({ state: "empty" }, { kinesisLatencyMs: 0, timeSavedMs: 0, hits: 0, misses: 1 })),
    ]);
    expect(summary.groups[0]?.reading).toEqual({ was: "before", costMs: 300, otherMs: 140 });
    expect(verdictOn(summary).reading).toBe(
      'With refreshWhen "alongside" about 160 ms less would have been waited, or better, for more loads of the source.',
    );
  });

  test("a log that could not be read would have been waited for all the same", () => {
    const failed = line({ state: "bypassed" }, { timeSavedMs: 0, hits: 0, refreshFailures: 1 });
    const summary = outcome(times(20, failed));
    expect(summary.groups[0]?.reading).toEqual({ was: "before", costMs: 200, otherMs: 200 });
    expect(verdictOn(summary).reading).toBe(
      'With refreshWhen "alongside" it would have waited no longer; how much less, these lines do not tell.',
    );
  });

  test("from lines of alongside or used: each that would have read the log waits for a whole reading", () => {
    const idle = { kinesisLatencyMs: 0, timeSavedMs: 0, hits: 0, misses: 1 };
    const summary = outcome([
      ...times(20, line({}, { kinesisCalls: 1 })),
      ...times(10, line({ state: "unread" }, { ...idle, loadsPreferred: 1, preferredMs: 3 })),
      ...times(10, line({}, { ...idle, kinesisCalls: 1 })),
      ...times(10, line({}, { ...idle, misses: 0, hits: 1 })),
      ...times(5, line({ state: "empty" }, idle)),
    ]);
    expect(summary.groups[0]?.reading).toEqual({ was: "beside", costMs: 230, otherMs: expect.closeTo(400, -1) });
    expect(verdictOn(summary).reading).toMatch(
      /^With refreshWhen "before" about \d+ ms or more would have been waited; now it is 230 ms, loads in place of waiting included\.$/,
    );
  });

  test("says nothing by a few waits, and names the function where there are several", () => {
    expect(verdictOn(outcome(times(19, line()))).reading).toBe("");
    const summary = outcome([...times(20, line({ name: "a" })), ...times(20, line({ name: "b" }))]);
    expect(verdictOn(summary).reading).toMatch(/^a: With .* b: With /);
  });
});
