/** How invocations begin and end with Middy's hooks, whichever of them run. */
import { describe, expect, test } from "@jest/globals";
import type { InvocationReport } from "../../src/core/invocation/report.js";
import { RefreshError } from "../../src/errors.js";
import { type CacheContext, createHooks, type ScacheRequest } from "../../src/middleware.js";
import type { ScacheOptions } from "../../src/options.js";
import { Rig, userId } from "./support/rig.js";

function request(fields: Partial<CacheContext> = {}): ScacheRequest {
  const context = { getRemainingTimeInMillis: () => 30_000, ...fields } as CacheContext;
  return { event: {}, context, response: undefined, error: undefined, internal: {} };
}

function setUp({ oneAtATime = false, ...options }: ScacheOptions & { oneAtATime?: boolean } = {}) {
  const rig = new Rig(options);
  const reports: InvocationReport[] = [];
  const hooks = createHooks(rig.environment, (report) => reports.push(report), oneAtATime);
  return { rig, hooks, reports, reported: () => reports.splice(0).map(({ requestId }) => requestId) };
}

describe("before", () => {
  test("puts a cache into the context and answers nothing, which Middy would take for the result", async () => {
    const { hooks } = setUp();
    const { context, ...rest } = request();
    expect(await hooks.before({ context, ...rest })).toBeUndefined();
    expect(context.cache.freshness.state).toBe("empty");
    expect(context.cache.add(userId("1"), "one")).toBe(true);
  });

  test("the cache is there before the stream has been read, and misses until it has", async () => {
    const { rig, hooks } = setUp();
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 50 };
    const one = request();
    const done = hooks.before(one);
    expect(one.context.cache.get(userId("1"))).toBeUndefined();
    await rig.clock.advance(50);
    await done;
    expect(one.context.cache.get(userId("1"))).toBe("one");
  });

  test("used twice for one handler it is one cache: read once, reported once", async () => {
    const { rig, hooks, reports } = setUp();
    await rig.warm({ 1: "one" });
    const one = request();
    await hooks.before(one);
    const { cache } = one.context;
    await hooks.before(one);
    expect(one.context.cache).toBe(cache);
    expect(rig.forgetCalls()).toEqual(["getRecords"]);
    hooks.after(one);
    hooks.after(one);
    expect(reports).toHaveLength(1);
  });

  test("a second request with the same context is a new invocation, and ends the first", async () => {
    const { hooks, reports } = setUp();
    const first = request();
    await hooks.before(first);
    const { cache } = first.context;
    await hooks.before({ ...first });
    expect(first.context.cache).not.toBe(cache);
    expect(reports).toHaveLength(1);
  });

  test("the same request after its end is a new invocation: nothing of the first is kept", async () => {
    const { hooks, reports } = setUp();
    const one = request();
    for (let round = 1; round <= 3; round++) {
      await hooks.before(one);
      hooks.after(one);
      expect(reports).toHaveLength(round);
    }
  });

  test("rejects when the policy is to throw, and the invocation is still accounted for", async () => {
    const { rig, hooks, reports } = setUp({ onRefreshError: "throw" });
    await rig.warm({ 1: "one" });
    rig.plan = { fail: "unavailable" };
    const one = request();
    await expect(hooks.before(one)).rejects.toThrow(RefreshError);
    hooks.onError(one);
    expect(reports).toMatchObject([{ refreshFailures: 1, state: "bypassed" }]);
  });
});

describe("after and onError", () => {
  test("report the invocation under its own id, and answer nothing", async () => {
    const { hooks, reported } = setUp();
    const [good, bad] = [request({ awsRequestId: "good" }), request({ awsRequestId: "bad" })];
    await hooks.before(good);
    await hooks.before(bad);
    expect(hooks.onError(bad)).toBeUndefined();
    expect(hooks.after(good)).toBeUndefined();
    expect(reported()).toEqual(["bad", "good"]);
  });

  test("report once, whichever of them run", async () => {
    const { hooks, reports } = setUp();
    const one = request();
    await hooks.before(one);
    hooks.after(one);
    hooks.onError(one);
    await hooks.before(request());
    expect(reports).toHaveLength(1);
  });

  test("without a before there is nothing to report", () => {
    const { hooks, reports } = setUp();
    hooks.after(request());
    hooks.onError(request());
    expect(reports).toEqual([]);
  });
});

describe("an invocation whose hooks never came", () => {
  test("is reported at the next before, exactly once, where only one runs at a time", async () => {
    const { hooks, reported } = setUp({ oneAtATime: true });
    await hooks.before(request({ awsRequestId: "left" }));
    expect(reported()).toEqual([]);
    const next = request({ awsRequestId: "next" });
    await hooks.before(next);
    expect(reported()).toEqual(["left"]);
    hooks.after(next);
    expect(reported()).toEqual(["next"]);
  });

  test("does not make the next one wait for what it had not read", async () => {
    const { rig, hooks } = setUp({ oneAtATime: true });
    await rig.warm({ 1: "one" });
    rig.plan = { hang: true };
    const left = hooks.before(request());
    await rig.clock.advance(1_000);
    await left;
    rig.plan = {};
    const next = request();
    await hooks.before(next);
    expect(next.context.cache.get(userId("1"))).toBe("one");
  });

  test("is let be where several run at once, until its own time is up", async () => {
    const { rig, hooks, reported } = setUp();
    await hooks.before(request({ awsRequestId: "left", getRemainingTimeInMillis: () => 1_000 }));
    await hooks.before(request({ awsRequestId: "second" }));
    expect(reported()).toEqual([]);
    await rig.clock.advance(1_001);
    await hooks.before(request({ awsRequestId: "third" }));
    expect(reported()).toEqual(["left"]);
  });

  test("is over where several run at once as soon as a later before has answered for it", async () => {
    const { hooks, reported } = setUp();
    const answered = request({ awsRequestId: "answered" });
    await hooks.before(answered);
    answered.earlyResponse = null;
    await hooks.before(request({ awsRequestId: "next" }));
    expect(reported()).toEqual(["answered"]);
  });

  test("that was reported at the next before is not when its hooks come after all", async () => {
    const { hooks, reported } = setUp({ oneAtATime: true });
    const late = request({ awsRequestId: "late" });
    await hooks.before(late);
    await hooks.before(request({ awsRequestId: "next" }));
    hooks.after(late);
    expect(reported()).toEqual(["late"]);
  });
});

describe("W6: what the handler did not await", () => {
  const invoked = async (work: (cache: CacheContext["cache"]) => unknown, end: "after" | "onError" = "after") => {
    const { rig, hooks } = setUp();
    rig.plan = { answerMs: 20 };
    for (let round = 0; round < 3; round++) {
      const one = request();
      await hooks.before(one);
      work(one.context.cache);
      await rig.clock.advance(0);
      hooks[end](one);
      await rig.clock.advance(1_000);
    }
    return rig.notices.advice;
  };

  test.each([
    ["invalidate", (cache: CacheContext["cache"]) => cache.invalidate(userId("1"))],
    ["invalidateSource", (cache: CacheContext["cache"]) => cache.invalidateSource("db.users.id")],
    ["invalidateAll", (cache: CacheContext["cache"]) => cache.invalidateAll()],
  ])("%s is named by a warning, once", async (call, work) => {
    expect(await invoked(work)).toEqual([
      [
        expect.stringMatching(`context\\.cache\\.${call}\\(\\) was not awaited.*To do: await it`),
        { call, underWay: 1 },
      ],
    ]);
  });

  test("is no id: of several calls the last is named, and how many there are", async () => {
    const advice = await invoked((cache) => {
      cache.invalidateAll();
      cache.invalidate(userId("secret"));
    });
    expect(advice).toEqual([[expect.stringContaining("invalidate()"), { call: "invalidate", underWay: 2 }]]);
    expect(JSON.stringify(advice)).not.toContain("secret");
  });

  test("nothing is said of a handler that failed meanwhile: it may have awaited it", async () => {
    expect(await invoked((cache) => cache.invalidate(userId("1")), "onError")).toEqual([]);
  });

  test("nothing is said of what was awaited, whether it succeeded or not", async () => {
    const { rig, hooks } = setUp();
    for (const plan of [{}, { fail: "refused" as const }]) {
      rig.plan = plan;
      const one = request();
      await hooks.before(one);
      await one.context.cache.invalidate(userId("1")).catch(() => undefined);
      hooks.after(one);
    }
    expect(rig.notices.advice).toEqual([]);
  });
});

describe("a context with the cache in it", () => {
  test("can be written as JSON", async () => {
    const { hooks } = setUp();
    const one = request({ awsRequestId: "1" });
    await hooks.before(one);
    expect(JSON.parse(JSON.stringify(one.context))).toMatchObject({ awsRequestId: "1" });
  });

  test("may be replaced by a copy, and its invocation is ended all the same", async () => {
    const { hooks, reported } = setUp();
    for (const hook of ["after", "onError"] as const) {
      const one = request({ awsRequestId: hook });
      await hooks.before(one);
      await hooks[hook]({ ...one, context: { ...one.context } });
    }
    expect(reported()).toEqual(["after", "onError"]);
  });
});

describe("the time that is left", () => {
  test("is what bounds the wait for the stream: half of it", async () => {
    const { rig, hooks } = setUp({ refreshTimeoutMs: 10_000 });
    await rig.warm({ 1: "one" });
    rig.plan = { hang: true };
    const startedAtMs = rig.clock.now();
    let doneAfterMs = 0;
    const before = hooks.before(request({ getRemainingTimeInMillis: () => 800 })).then(() => {
      doneAfterMs = rig.clock.now() - startedAtMs;
    });
    await rig.clock.advance(10_000);
    await before;
    expect(doneAfterMs).toBe(400);
  });

  test.each([
    ["is no number", () => Number.NaN],
    ["is not said", undefined],
    ["is nothing", () => undefined as unknown as number],
    ["is without end", () => Number.POSITIVE_INFINITY],
    ["is longer than any timer of Node's", () => 2 ** 32],
  ])("that %s is as long as an invocation can be", async (_what, getRemainingTimeInMillis) => {
    const { rig, hooks, reported } = setUp({ refreshTimeoutMs: 2_000 });
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 1_900 };
    const one = request({ awsRequestId: "1", getRemainingTimeInMillis } as Partial<CacheContext>);
    const before = hooks.before(one);
    await rig.clock.advance(2_000);
    await before;
    expect(one.context.cache.get(userId("1"))).toBe("one");
    await rig.clock.advance(14 * 60_000);
    rig.plan = { fail: "unavailable" };
    await hooks.before(request());
    expect(reported()).toEqual([]);
    await rig.clock.advance(60_000);
    await hooks.before(request());
    expect(reported()).toContain("1");
  });

  test("that is over lets the invocation go on without the cache", async () => {
    const { rig, hooks } = setUp();
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 1 };
    const one = request({ getRemainingTimeInMillis: () => -5 });
    const before = hooks.before(one);
    await rig.clock.advance(0);
    await before;
    expect(one.context.cache.get(userId("1"))).toBeUndefined();
  });
});
