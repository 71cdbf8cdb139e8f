/**
 * Many invocations at once in one environment: shared refreshes, the fence that keeps old loads out, and shared loads.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { kinesisClient, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import type { Body } from "../../tools/proxy.js";
import { openStage, type Row, rowId, SOURCE, type Stage } from "../support/stage.js";
import type { TestEnvironment } from "../support/test-environment.js";
import { gate, until } from "../support/until.js";

const SHARDS = 2;

let kinesis: RunningEmulator;
let stage: Stage;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  stage = await openStage(kinesis, SHARDS);
});
afterEach(() => stage.close());

/** An environment past its first refresh, with datum 1 cached. */
async function steady(): Promise<TestEnvironment> {
  const environment = await stage.environment().settle("1");
  stage.proxy.resetCounts();
  return environment;
}

const times = <T>(count: number, work: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => work(i));

describe("sharing refreshes", () => {
  test("64 concurrent invocations cost at most 2 refreshes", async () => {
    const environment = await steady();
    stage.proxy.latencyMs = 20;
    const reads = await Promise.all(times(64, () => environment.read("1")));
    expect(reads.every(({ hit }) => hit)).toBe(true);
    expect(stage.proxy.totalCalls).toBeLessThanOrEqual(2 * SHARDS);
    expect(stage.proxy.maxInFlight).toBe(SHARDS);
  });

  test("64 concurrent invocations of a cache that was never read cost at most 2 refreshes", async () => {
    const environment = stage.environment();
    await environment.warm("1");
    stage.proxy.resetCounts();
    await Promise.all(times(64, () => environment.read("1")));
    expect(stage.proxy.calls.ListShards).toBe(1);
    expect(stage.proxy.calls.GetRecords).toBeLessThanOrEqual(2 * SHARDS);
  });

  test("each refresh runs in the asynchronous context of the invocation that it was begun for, queued or not", async () => {
    const context = new AsyncLocalStorage<string>();
    const { credentials, proxy } = stage;
    const client = kinesisClient({ ...kinesis, endpoint: proxy.endpoint, credentials });
    const seen: (string | undefined)[] = [];
    const send = client.send.bind(client) as (...args: unknown[]) => unknown;
    client.send = ((...args: unknown[]) => {
      seen.push(context.getStore());
      return send(...args);
    }) as typeof client.send;
    const environment = await stage.environment({ client }).settle("1");
    seen.length = 0;
    proxy.latencyMs = 50;
    const early = context.run("early", () => environment.read("1"));
    await until("the refresh is under way", () => proxy.inFlight === SHARDS);
    const late = context.run("late", () => environment.read("1"));
    await Promise.all([early, late]);
    // As X-Ray and OpenTelemetry attribute calls to requests.
    expect(seen).toEqual(["early", "early", "late", "late"]);
    client.destroy();
  });

  test("an invocation does not join a refresh that began before it", async () => {
    const environment = await steady();
    stage.proxy.fault("GetRecords", { delayMs: 150 }, SHARDS);
    const early = environment.read("1");
    await until("the refresh is under way", () => stage.proxy.inFlight === SHARDS);
    // The answers are on hold before the service, so the refresh under way will see this change; it may not be relied on.
    await stage.change("1");
    const late = environment.read("1");
    await Promise.all([early, late]);
    expect((await late).version).toBe(2);
    expect(stage.proxy.calls.GetRecords).toBe(2 * SHARDS);
  });

  test("an invocation whose own refresh would read too early a page still sees the change", async () => {
    const environment = await steady();
    let passedOn = 0;
    const count = (request: Body) => {
      passedOn += 1;
      return request;
    };
    stage.proxy.fault("GetRecords", { rewriteRequest: count }, SHARDS);
    stage.proxy.latencyMs = 200;
    const early = environment.read("1");
    await until("both pages are being read, and half the latency is left", () => passedOn === SHARDS);
    await stage.change("1");
    const late = await environment.read("1");
    await early;
    expect(late.version).toBe(2);
    expect(stage.proxy.calls.GetRecords).toBe(2 * SHARDS);
  });

  test("those that come while one refresh is under way and one queued share the queued one", async () => {
    const environment = await steady();
    stage.proxy.latencyMs = 60;
    const reads = [environment.read("1")];
    for (let group = 0; group < 4; group += 1) {
      await until("a refresh is under way", () => stage.proxy.inFlight > 0);
      reads.push(...times(8, () => environment.read("1")));
    }
    await Promise.all(reads);
    expect(stage.proxy.calls.GetRecords).toBe(2 * SHARDS);
  });

  test("an aborted refresh of one does not fail another's", async () => {
    const environment = await steady();
    // The first calls and those made once more at half the time.
    stage.proxy.fault("GetRecords", { delayMs: 200 }, 2 * SHARDS);
    // With 100 ms left it may wait for 50.
    const hurried = environment.invoke((cache) => cache.freshness.state, 100);
    await until("the refresh is under way", () => stage.proxy.inFlight > 0);
    const patient = environment.read("1");
    expect(await hurried).toBe("bypassed");
    expect(await patient).toMatchObject({ version: 1, hit: true });
  });
});

describe("the fill fence", () => {
  /** An invocation that has missed, read the old row, and is held up before `finish`. */
  function slowInvocation(
    environment: TestEnvironment,
    id: string,
  ): { finish(): Promise<boolean>; loaded: Promise<void> } {
    const hold = gate();
    const loaded = gate();
    const result = environment.invoke(async (cache) => {
      cache.get(rowId(id));
      const row = await stage.load(id);
      loaded.open();
      await hold.opened;
      return cache.add(rowId(id), row);
    });
    return {
      loaded: loaded.opened,
      finish: () => {
        hold.open();
        return result;
      },
    };
  }

  const CHANGES: Record<string, (environment: TestEnvironment) => Promise<unknown>> = {
    "read from the stream by another invocation": async (environment) => {
      await stage.change("2");
      await environment.read("1");
    },
    "of its source, read from the stream by another invocation": async (environment) => {
      stage.write("2");
      await stage.publisher.invalidateSource(SOURCE);
      await environment.invoke(() => undefined);
    },
    "of everything, read from the stream by another invocation": async (environment) => {
      stage.write("2");
      await stage.publisher.invalidateAll();
      await environment.invoke(() => undefined);
    },
    "in a record that nobody understands": async (environment) => {
      stage.write("2");
      await stage.put("not understood");
      await environment.invoke(() => undefined);
    },
    "made by another invocation of the same environment": async (environment) => {
      stage.write("2");
      await environment.invoke((cache) => cache.invalidate(rowId("2")));
    },
    "made by another invocation, but not published": async (environment) => {
      stage.write("2");
      stage.proxy.fault("PutRecords", { error: "AccessDeniedException" }, 1);
      await expect(environment.invoke((cache) => cache.invalidate(rowId("2")))).rejects.toThrow("could not confirm");
    },
  };

  test.each(Object.entries(CHANGES))("refuses a value loaded before an invalidation %s", async (_, change) => {
    const environment = await steady();
    const slow = slowInvocation(environment, "2");
    await slow.loaded;
    await change(environment);
    expect(await slow.finish()).toBe(false);
    expect((await environment.read("2")).version).toBe(2);
  });

  test("takes a value loaded while others are invalidated", async () => {
    const environment = await steady();
    const slow = slowInvocation(environment, "2");
    await slow.loaded;
    await stage.change("1", "3");
    await environment.read("1");
    expect(await slow.finish()).toBe(true);
    expect(await environment.read("2")).toMatchObject({ version: 1, hit: true });
  });

  test("an older load does not replace a newer one's value", async () => {
    const environment = await steady();
    const slow = slowInvocation(environment, "2");
    await slow.loaded;
    // Nobody publishes this one, so nothing forbids the old value; but the newer one is there.
    stage.write("2");
    await environment.read("2");
    expect(await slow.finish()).toBe(false);
    expect(await environment.read("2")).toMatchObject({ version: 2, hit: true });
  });

  test("many invocations loading and writing at random never leave a stale entry", async () => {
    const environment = await steady();
    const worker = async (seed: number) => {
      for (let round = 0; round < 12; round += 1) {
        const id = String((seed + round) % 3);
        const acknowledged = stage.rows.get(`${id} acknowledged`) ?? 1;
        if ((seed + round) % 4 === 0) {
          const version = stage.write(id);
          await environment.invoke((cache) => cache.invalidate(rowId(id)));
          stage.rows.set(`${id} acknowledged`, Math.max(version, stage.rows.get(`${id} acknowledged`) ?? 1));
        } else expect((await environment.read(id)).version).toBeGreaterThanOrEqual(acknowledged);
      }
    };
    await Promise.all(times(16, worker));
  });
});

describe("sharing loads", () => {
  test("getOrAdd loads an id once at a time, however many ask for it", async () => {
    const environment = await steady();
    const hold = gate();
    let loads = 0;
    const load = async (): Promise<Row> => {
      loads += 1;
      await hold.opened;
      return { version: 7 };
    };
    const asking = times(32, () => environment.invoke((cache) => cache.getOrAdd(rowId("2"), load)));
    await until("somebody loads", () => loads > 0);
    await Promise.all(times(4, () => environment.invoke(() => undefined)));
    hold.open();
    expect(new Set(await Promise.all(asking))).toEqual(new Set([{ version: 7 }]));
    expect(loads).toBe(1);
  });

  test("getOrAdd does not hand on a load that began before an invalidation", async () => {
    const environment = await steady();
    const hold = gate();
    const old = environment.invoke((cache) =>
      cache.getOrAdd(rowId("2"), async () => {
        const row = await stage.load("2");
        await hold.opened;
        return row;
      }),
    );
    await until("the old row was read", () => stage.loads === 2);
    await stage.change("2");
    const next = await environment.invoke((cache) => cache.getOrAdd(rowId("2"), () => stage.load("2")));
    hold.open();
    expect(next.version).toBe(2);
    expect((await old).version).toBe(1);
    expect(await environment.read("2")).toMatchObject({ version: 2, hit: true });
  });

  test("a load that fails fails for all who share it, and the next one loads anew", async () => {
    const environment = await steady();
    const hold = gate();
    const failure = new Error("the source is down");
    const asking = times(3, () =>
      environment.invoke((cache) =>
        cache.getOrAdd(rowId("2"), async () => {
          await hold.opened;
          throw failure;
        }),
      ),
    );
    const outcomes = Promise.allSettled(asking);
    hold.open();
    for (const outcome of await outcomes) expect(outcome).toEqual({ status: "rejected", reason: failure });
    expect(await environment.invoke((cache) => cache.getOrAdd(rowId("2"), () => stage.load("2")))).toEqual({
      version: 1,
    });
  });

  test("loads of two ids at once are not mixed up", async () => {
    const environment = await steady();
    const load = (version: number) => async () => ({ version });
    const [first, second] = await environment.invoke((cache) =>
      Promise.all([cache.getOrAdd(rowId("a"), load(1)), cache.getOrAdd(rowId("b"), load(2))]),
    );
    expect([first, second]).toEqual([{ version: 1 }, { version: 2 }]);
  });
});
