/** Promises about reading the stream: read to its end, whatever is in the way, or nothing is served. */
import { setTimeout as sleep } from "node:timers/promises";
import { Metrics } from "@aws-lambda-powertools/metrics";

import { expect } from "@jest/globals";
import { mergeShards, openShardIds, splitShard } from "../../../tools/emulators/streams.js";
import { type Body, type FaultRule, throttle } from "../../../tools/proxy.js";
import { GARBAGE } from "../../support/garbage.js";
import { moveClock } from "../../support/moved-clock.js";
import { nextMillisecond, rowId, type Stage } from "../../support/stage.js";
import { captureStandardOutput } from "../../support/standard-output.js";
import { until } from "../../support/until.js";

export async function unreadMeansMissed(stage: Stage): Promise<void> {
  const current = (id: string) => stage.rows.get(id) ?? 1;
  const faults: FaultRule[] = [
    { hang: true },
    { delayMs: 5_000 },
    { reset: true },
    { error: "InternalFailure", status: 500 },
    { error: "ServiceUnavailable", status: 503 },
    { error: "AccessDeniedException" },
    throttle,
    { rewriteAnswer: () => ({}) },
    {
      rewriteAnswer: (_, { ShardIterator }: Body) => ({
        NextShardIterator: ShardIterator,
        MillisBehindLatest: 1,
        Records: [],
      }),
    },
  ];
  const environment = await stage.environment({ refreshTimeoutMs: 250 }).settle("1");
  for (const fault of faults) {
    stage.proxy.fault("*", fault);
    const beganMs = performance.now();
    const read = await environment.read("1");
    expect(read).toMatchObject({ hit: false, version: current("1") });
    expect(read.freshness.state).not.toBe("fresh");
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    await stage.change("1");
    expect(await environment.read("1")).toMatchObject({ hit: false, version: current("1") });
    stage.proxy.clear();
    await until("the cache serves again", async () => (await environment.read("1")).hit);
    expect((await environment.read("1")).version).toBe(current("1"));
  }
}

export async function nothingIsSkipped(stage: Stage): Promise<void> {
  const current = (id: string) => stage.rows.get(id) ?? 1;
  const [first = "", ...rest] = Array.from({ length: 6 }, (_, n) => String(n));
  const ids = [first, ...rest];
  const change = async () => {
    for (const id of ids) {
      await nextMillisecond();
      await stage.change(id);
    }
  };
  const clock = moveClock();
  const emptyPage = (_: Body, request: Body) => ({
    Records: [],
    NextShardIterator: request.ShardIterator,
    MillisBehindLatest: 9,
  });
  const reshard = async () => {
    const [first = ""] = await openShardIds(stage.direct, stage.streamName);
    await splitShard(stage.direct, stage.streamName, first);
    await change();
    const [, left = "", right = ""] = await openShardIds(stage.direct, stage.streamName);
    await mergeShards(stage.direct, stage.streamName, left, right);
  };
  const adversities: Record<string, () => unknown> = {
    "empty pages": () => stage.proxy.fault("GetRecords", { rewriteAnswer: emptyPage }, 6),
    "pages of one record": () =>
      stage.proxy.fault("GetRecords", { rewriteRequest: (request) => ({ ...request, Limit: 1 }) }),
    resharding: reshard,
    "expired iterators": () => stage.proxy.fault("GetRecords", { error: "ExpiredIteratorException" }, 2),
    freeze: () => clock.advance(10 * 60_000),
    "long gap": () => clock.advance(16 * 60_000),
    "all of it": async () => {
      await reshard();
      stage.proxy.fault("GetRecords", { error: "ExpiredIteratorException" }, 2);
      stage.proxy.fault("GetRecords", { rewriteAnswer: emptyPage }, 6);
      clock.advance(10 * 60_000);
    },
  };
  for (const adversity of Object.values(adversities)) {
    await stage.newStream(2);
    const environment = await stage.environment({ refreshTimeoutMs: 5_000 }).settle(first, ...rest);
    await change();
    await adversity();
    await change();
    for (const id of [...ids, ...ids]) expect((await environment.read(id)).version).toBe(current(id));
    for (const id of ids) expect(await environment.read(id)).toMatchObject({ hit: true, version: current(id) });
  }
}

export async function garbageIsSurvived(stage: Stage): Promise<void> {
  const current = (id: string) => stage.rows.get(id) ?? 1;
  const { lines } = await captureStandardOutput(async () => {
    const environment = await stage.environment({ metrics: new Metrics({ namespace: "scenario" }) }).settle("1", "2");
    for (const data of Object.values(GARBAGE)) {
      // What the record meant to say cannot be known, so it may have been this.
      stage.write("1");
      await stage.put(data);
      await stage.change("2");
      expect((await environment.read("1")).version).toBe(current("1"));
      expect(await environment.read("2")).toMatchObject({ hit: false, version: current("2") });
      expect(await environment.read("2")).toMatchObject({ hit: true, version: current("2") });
      await stage.change("2");
      expect((await environment.read("2")).version).toBe(current("2"));
    }
  });
  const reports = lines.map((line) => JSON.parse(line) as { recordsSkipped: number; flushes: number });
  const counted = (name: "recordsSkipped" | "flushes") => reports.reduce((sum, report) => sum + report[name], 0);
  expect(counted("recordsSkipped")).toBe(Object.keys(GARBAGE).length);
  expect(counted("flushes")).toBe(Object.keys(GARBAGE).length);
}

export async function waitsAreBounded(stage: Stage): Promise<void> {
  const id = rowId("1");
  for (const refreshWhen of ["alongside", "used"] as const) {
    const environment = stage.environment({ refreshWhen });
    let loads = 0;
    const read = () =>
      environment.invoke(async (cache) => {
        const beganMs = performance.now();
        const load = async () => {
          loads += 1;
          await sleep(LOAD_MS);
          return stage.load("1");
        };
        // As if it had taken a second before: that is worth waiting for.
        const { version } = await cache.getOrAdd(id, load, { savedMs: 1_000 });
        return { version, tookMs: performance.now() - beganMs };
      });
    const isHit = async () => {
      const before = loads;
      await read();
      return loads === before;
    };
    await until(`${refreshWhen}: an entry was waited for and served`, isHit);
    stage.proxy.fault("*", { hang: true });
    const [hung, before] = [await read(), loads];
    expect(hung.version).toBe(stage.rows.get("1") ?? 1);
    // What was expected is some ten milliseconds; the time-out is five seconds.
    expect(hung.tookMs).toBeLessThan(LOAD_MS + 1_000);
    stage.proxy.clear();
    await stage.change("1");
    expect((await read()).version).toBe(stage.rows.get("1"));
    expect(loads).toBeGreaterThan(before);
  }
}

const LOAD_MS = 100;
