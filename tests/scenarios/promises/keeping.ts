/** Promises to those who write, to the process's memory and to the handler. */
import { Metrics } from "@aws-lambda-powertools/metrics";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { expect } from "@jest/globals";
import { type DecodedRecord, dataId, PublishError, type ScacheOptions } from "../../../src/index.js";
import type { Logger } from "../../../src/logging.js";
import { type Body, type FaultRule, throttle } from "../../../tools/proxy.js";
import { heldBytes } from "../../support/heap.js";
import { publishedKeys } from "../../support/published.js";
import { rowId, type Stage } from "../../support/stage.js";
import { captureStandardOutput } from "../../support/standard-output.js";

const MIB = 1024 * 1024;

const times = <T>(count: number, work: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => work(i));

export async function acknowledgedMeansHeld(stage: Stage): Promise<void> {
  const ids = times(1_200, (n) => rowId(`a datum with a rather long name, number ${n}`));
  const missing = (published: ReadonlySet<string>) => ids.map(String).filter((key) => !published.has(key));
  /** Caches all ids, publishes them while Kinesis has this fault, and resolves to those that are named. */
  const unpublished = async (fault: FaultRule, calls: number, remainingMs?: number): Promise<readonly string[]> => {
    await stage.newStream(2);
    const environment = stage.environment();
    await environment.invoke((cache) => {
      for (const id of ids) cache.add(id, { version: 1 });
    });
    const added = stage.proxy.fault("PutRecords", fault, calls);
    const named = await environment.invoke(async (cache) => {
      const failure = await cache.invalidate(...ids).then(
        () => undefined,
        (error: unknown) => error as PublishError,
      );
      for (const id of ids) expect(cache.get(id)).toBeUndefined();
      if (failure !== undefined) expect(failure).toBeInstanceOf(PublishError);
      return failure?.ids ?? [];
    }, remainingMs);
    expect(added.used).toBeGreaterThan(0);
    added.remove();
    return named;
  };
  // One record of several is refused, in an answer of 200 that says so.
  const tooLarge = Buffer.alloc(MIB + 1).toString("base64");
  const refuseSecond: FaultRule = {
    rewriteRequest: ({ Records, ...request }) => ({
      ...request,
      Records: (Records as Body[]).map((record, at) =>
        at === Math.min(1, (Records as Body[]).length - 1) ? { ...record, Data: tooLarge } : record,
      ),
    }),
  };
  for (const fault of [refuseSecond, throttle, { loseAnswer: "reset" }, { reset: true }] as const) {
    expect(await unpublished(fault, 1)).toEqual([]);
    expect(missing(new Set(await publishedKeys(stage)))).toEqual([]);
  }
  for (const fault of [
    refuseSecond,
    { error: "AccessDeniedException" },
    { error: "InternalFailure", status: 500 },
  ] as const) {
    const named = await unpublished(fault, 100, 2_500);
    expect(named.length).toBeGreaterThan(0);
    expect(missing(new Set([...named, ...(await publishedKeys(stage))]))).toEqual([]);
  }
}

export async function memoryIsBounded(stage: Stage): Promise<void> {
  const maxBytes = 8 * MIB;
  const maxEntries = 3_000;
  const environment = stage.environment({ maxBytes, maxEntries, metrics: new Metrics({ namespace: "scenario" }) });
  /** Adds values, 250 in an invocation, and resolves to what the last of these said of the cache. */
  const fill = async (count: number, valueFor: (n: number) => unknown) => {
    const { lines } = await captureStandardOutput(async () => {
      for (let first = 0; first < count; first += 250) {
        await environment.invoke((cache) => {
          for (let n = first; n < first + 250; n += 1)
            cache.add(dataId("db.documents.id", `${count}/${n}`), valueFor(n));
        });
      }
    });
    return JSON.parse(lines.at(-1) ?? "") as { entries: number; bytes: number; evictions: number };
  };
  const before = await heldBytes();
  const large = await fill(1_500, (n) => Buffer.alloc(40_000, n));
  expect(large.bytes).toBeLessThanOrEqual(maxBytes);
  expect(large.bytes).toBeGreaterThan(0.9 * maxBytes);
  expect((await heldBytes()) - before).toBeLessThan(1.25 * maxBytes);
  const small = await fill(8_000, (n) => ({ n, tags: ["a", "b"] }));
  expect(small.entries).toBe(maxEntries);
  expect(small.bytes).toBeLessThanOrEqual(maxBytes);
  expect((await heldBytes()) - before).toBeLessThan(1.25 * maxBytes);
  // A value too large for the whole cache is not stored, and drives nothing out.
  await captureStandardOutput(() =>
    environment.invoke((cache) => {
      expect(cache.add(dataId("db.documents.id", "huge"), Buffer.alloc(maxBytes + 1))).toBe(false);
      expect(cache.get(dataId("db.documents.id", "8000/7999"))).toEqual({ n: 7_999, tags: ["a", "b"] });
    }),
  );
}

export async function handlerIsUntouched(stage: Stage): Promise<void> {
  const fails = () => {
    throw new Error("it fails");
  };
  const failing = new Proxy({}, { get: () => fails });
  const faults: readonly FaultRule[] = [
    { hang: true },
    { reset: true },
    throttle,
    { error: "AccessDeniedException" },
    { rewriteAnswer: () => ({ Shards: 5, Records: "x" }) },
  ];
  const brokenOptions: readonly ScacheOptions[] = [
    { client: { send: fails, config: {} } as unknown as KinesisClient },
    { client: { send: () => undefined, config: {} } as unknown as KinesisClient },
    { logger: failing as Logger },
    { metrics: failing as unknown as Metrics },
    { sizeOf: fails },
    { sizeOf: () => Number.NaN },
    { decode: fails },
    { decode: () => null as unknown as DecodedRecord },
  ];
  const play = async (options: ScacheOptions) => {
    const environment = stage.environment({ refreshTimeoutMs: 100, ...options });
    const result = { body: "the handler's own" };
    const error = new Error("the handler's own");
    for (let invocation = 0; invocation < 3; invocation += 1) {
      await stage.put("not understood");
      const returned = await environment.invoke(async (cache) => {
        await environment.readIn(cache, "1");
        cache.add(rowId("2"), {
          get version() {
            return fails();
          },
        } as never);
        return result;
      });
      expect(returned).toBe(result);
      const thrown = environment.invoke(async (cache) => {
        await environment.readIn(cache, "1");
        throw error;
      });
      expect(await thrown.catch((reason: unknown) => reason)).toBe(error);
    }
  };
  await captureStandardOutput(async () => {
    for (const options of brokenOptions) await play(options);
    for (const fault of faults) {
      stage.proxy.fault("*", fault);
      await play({});
      await play({ onRefreshError: "serve" });
      stage.proxy.clear();
    }
  });
}
