/**
 * The middleware in Middy's hands, with both its majors: whatever the other hooks do, a handler's result and error are
 * its own, and every invocation is accounted for once, at the next one if Middy never came back to say that it ended.
 */
import { readFileSync } from "node:fs";
import { Logger } from "@aws-lambda-powertools/logger";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import middy6 from "@middy/core";
import middy7 from "middy7";
import { dataId, PublishError, RefreshError, type ScacheOptions, scache } from "../../src/index.js";
import { type Middy, MiddyHandler, requestIdsOf } from "../support/middy-handler.js";
import { captureStandardOutput } from "../support/standard-output.js";

const versionOf = (name: string) =>
  (JSON.parse(readFileSync(new URL("package.json", import.meta.resolve(name)), "utf8")) as { version: string }).version;
// With MIDDY=7 both names lead to Middy 7: one of them is enough then.
const majors: readonly (readonly [string, Middy])[] = [
  [versionOf("@middy/core"), middy6],
  [versionOf("middy7"), middy7 as unknown as Middy],
].filter(([version], index, all) => all.findIndex(([other]) => other === version) === index) as [string, Middy][];

const user = dataId<{ name: string }>("users", "1");
const never = () => new Promise<never>(() => undefined);

/** A logger that keeps what it is told to itself. */
function quiet(options: ScacheOptions = {}): { options: ScacheOptions } {
  return { options: { ...options, logger: new Logger({ logLevel: "SILENT" }) } };
}

/** Built as where Lambda runs many invocations in one process. */
function overlapping(build: () => MiddyHandler): MiddyHandler {
  process.env.AWS_LAMBDA_MAX_CONCURRENCY = "64";
  try {
    return build();
  } finally {
    delete process.env.AWS_LAMBDA_MAX_CONCURRENCY;
  }
}

// In Lambda, where the runtime's address is set, an environment that is not multi-concurrent has one invocation at a time.
beforeAll(() => {
  process.env.AWS_LAMBDA_RUNTIME_API = "127.0.0.1:1";
});
afterAll(() => {
  delete process.env.AWS_LAMBDA_RUNTIME_API;
});

describe.each(majors)("Middy %s", (_, middy) => {
  describe("an ordinary invocation", () => {
    test("gives the handler a cache, returns what it returned, and writes one line", async () => {
      const response = { statusCode: 200 };
      const handler = new MiddyHandler(middy, async (_event, context) => {
        await context.cache.getOrAdd(user, async () => ({ name: "Ann" }));
        return response;
      });
      const first = await handler.invoke("a");
      expect(first.result).toBe(response);
      expect(first.reported).toEqual(["a"]);
      expect((await handler.invoke("b")).reported).toEqual(["b"]);
      expect(handler.kinesis.calls).toEqual(["ListShards", "GetShardIterator", "GetRecords"]);
    });

    test("an error of the handler is thrown as it is, and written up once", async () => {
      const failure = new Error("the handler's own");
      const handler = new MiddyHandler(middy, async () => Promise.reject(failure));
      const outcome = await handler.invoke("a");
      expect(outcome.error).toBe(failure);
      expect(outcome.reported).toEqual(["a"]);
      expect((await handler.invoke("b")).reported).toEqual(["b"]);
    });

    test("a handler that returns nothing returns nothing", async () => {
      const handler = new MiddyHandler(middy, async () => undefined);
      expect(await handler.invoke("a")).toEqual({ result: undefined, reported: ["a"] });
    });

    test("overlapping invocations are each accounted for when they end, under their own id", async () => {
      const arrived: (() => void)[] = [];
      const handler = overlapping(
        () =>
          new MiddyHandler(middy, async (event, context) => {
            await new Promise<void>((resolve) => arrived.push(resolve));
            context.cache.get(user);
            return event;
          }),
      );
      const { result, lines } = await captureStandardOutput(async () => {
        const outcomes = Promise.all([handler.invokeRaw("a", 1), handler.invokeRaw("b", 2)]);
        while (arrived.length < 2) await new Promise((resolve) => setImmediate(resolve));
        for (const proceed of arrived.reverse()) proceed();
        return outcomes;
      });
      expect(result).toEqual([1, 2]);
      expect(requestIdsOf(lines).sort()).toEqual(["a", "b"]);
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ CacheMisses: 1 });
    });
  });

  describe("an early return", () => {
    test("of a later `before` is answered as it stands, and the line comes with the next invocation", async () => {
      let early: unknown = "early";
      const handler = new MiddyHandler(middy, async () => "handler", { later: { before: async () => early } });
      expect(await handler.invoke("a")).toEqual({ result: "early", reported: [] });
      expect(await handler.invoke("b")).toEqual({ result: "early", reported: ["a"] });
      early = undefined;
      expect(await handler.invoke("c")).toEqual({ result: "handler", reported: ["b", "c"] });
      expect(await handler.invoke("d")).toEqual({ result: "handler", reported: ["d"] });
    });

    test("of a later `before` is also accounted for where invocations may overlap", async () => {
      let early: unknown = "early";
      const later = { before: async () => early };
      const handler = overlapping(() => new MiddyHandler(middy, async () => "handler", { later }));
      expect(await handler.invoke("a")).toEqual({ result: "early", reported: [] });
      early = undefined;
      expect(await handler.invoke("b")).toEqual({ result: "handler", reported: ["a", "b"] });
    });

    test("of an earlier `before` never reaches the cache", async () => {
      const handler = new MiddyHandler(middy, async () => "handler", { earlier: { before: async () => "early" } });
      for (const id of ["a", "b"]) expect(await handler.invoke(id)).toEqual({ result: "early", reported: [] });
      expect(handler.kinesis.calls).toEqual([]);
    });
  });

  describe("an error in another hook is that hook's, and the invocation is written up once", () => {
    const failure = new Error("another hook's own");
    const fail = async () => Promise.reject(failure);

    test("an earlier `before`: there was no invocation to account for", async () => {
      const handler = new MiddyHandler(middy, async () => "handler", { earlier: { before: fail } });
      expect(await handler.invoke("a")).toEqual({ error: failure, reported: [] });
      expect(await handler.invoke("b")).toEqual({ error: failure, reported: [] });
    });

    test.each([
      ["a later `before`", { later: { before: fail } }],
      ["a later `after`, which keeps ours from running", { later: { after: fail } }],
      ["an earlier `after`, when ours has run", { earlier: { after: fail } }],
    ])("%s", async (_name, setup) => {
      const handler = new MiddyHandler(middy, async () => "handler", setup);
      expect(await handler.invoke("a")).toEqual({ error: failure, reported: ["a"] });
      expect(await handler.invoke("b")).toEqual({ error: failure, reported: ["b"] });
    });

    test("a later `onError`, which keeps ours from running: with the next invocation", async () => {
      const handler = new MiddyHandler(middy, async () => Promise.reject(new Error("first")), {
        later: { onError: fail },
      });
      expect(await handler.invoke("a")).toEqual({ error: failure, reported: [] });
      expect(await handler.invoke("b")).toEqual({ error: failure, reported: ["a"] });
    });

    test("a later `onError` that answers, which keeps ours from running: with the next invocation", async () => {
      const handler = new MiddyHandler(middy, fail, { later: { onError: async () => "answered" } });
      expect(await handler.invoke("a")).toEqual({ result: "answered", reported: [] });
      expect(await handler.invoke("b")).toEqual({ result: "answered", reported: ["a"] });
    });

    test("an earlier `onError` that answers, after ours", async () => {
      const answering = { onError: async () => "answered" };
      const handler = new MiddyHandler(middy, fail, { earlier: answering });
      expect(await handler.invoke("a")).toEqual({ result: "answered", reported: ["a"] });
    });
  });

  describe("an invocation that Middy never ends", () => {
    test("is accounted for at the next one (a suspended or timed-out handler)", async () => {
      let hang = true;
      const handler = new MiddyHandler(middy, async () => (hang ? never() : "done"));
      await captureStandardOutput(() => handler.abandon("a"));
      hang = false;
      expect(await handler.invoke("a")).toEqual({ result: "done", reported: ["a", "a"] });
      expect(await handler.invoke("b")).toEqual({ result: "done", reported: ["b"] });
    });

    test("ends early by Middy's own time-out: the error is Middy's, the line is written, the signal aborted", async () => {
      let late: (() => unknown) | undefined;
      let aborted = false;
      const handler = new MiddyHandler(
        middy,
        async (_event, context, { signal }) => {
          signal.addEventListener("abort", () => {
            aborted = true;
          });
          late = () => [context.cache.get(user), context.cache.add(user, { name: "Late" })];
          return never();
        },
        { plugin: { timeoutEarlyInMillis: 5 } },
      );
      const outcome = await handler.invoke("a", {}, 25);
      expect(outcome.error).toMatchObject({ name: "TimeoutError" });
      expect(outcome.reported).toEqual(["a"]);
      expect(aborted).toBe(true);
      // The handler is still running, and may still use its cache: that changes nothing and is counted nowhere.
      const { lines } = await captureStandardOutput(() => late?.());
      expect(lines).toEqual([]);
      expect((await handler.invoke("b", {}, 25)).reported).toEqual(["b"]);
    });
  });

  describe("trouble of ours", () => {
    test("a stream that cannot be read leaves the handler as it was: the cache misses", async () => {
      const seen: unknown[] = [];
      const handler = new MiddyHandler(
        middy,
        async (_event, context) => {
          seen.push(context.cache.get(user)?.name);
          context.cache.add(user, { name: "Ann" });
          return "handler";
        },
        quiet(),
      );
      await handler.invoke("a");
      handler.kinesis.failure = new Error("no stream today");
      expect(await handler.invoke("b")).toEqual({ result: "handler", reported: ["b"] });
      expect(seen).toEqual([undefined, undefined]);
      handler.kinesis.failure = undefined;
      await handler.invoke("c");
    });

    test('with onRefreshError "throw" the handler does not run, and the invocation is written up', async () => {
      let runs = 0;
      const handler = new MiddyHandler(
        middy,
        async (_event, context) => {
          runs += 1;
          context.cache.add(user, { name: "Ann" });
        },
        quiet({ onRefreshError: "throw" }),
      );
      await handler.invoke("a");
      handler.kinesis.failure = new Error("no stream today");
      const outcome = await handler.invoke("b");
      expect(outcome.error).toBeInstanceOf(RefreshError);
      expect(outcome.reported).toEqual(["b"]);
      expect(runs).toBe(1);
    });

    test("an invalidation that cannot be published is the handler's to know", async () => {
      const handler = new MiddyHandler(middy, async (_event, context) => context.cache.invalidate(user), quiet());
      handler.kinesis.failure = new Error("no stream today");
      const outcome = await handler.invoke("a", {}, 400);
      expect(outcome.error).toBeInstanceOf(PublishError);
      expect(outcome.reported).toEqual(["a"]);
    });

    test("metrics that cannot be written change nothing", async () => {
      const broken = {
        singleMetric: () => {
          throw new Error("no metrics today");
        },
      };
      const handler = new MiddyHandler(middy, async () => "handler", quiet({ metrics: broken }));
      for (const id of ["a", "b"]) expect(await handler.invoke(id)).toEqual({ result: "handler", reported: [] });
    });
  });

  test("each hook returns nothing: Middy would take anything else for an early answer", async () => {
    const { before, after, onError } = scache("stream", { metrics: false });
    const request = { event: {}, context: {}, response: undefined, error: null, internal: {} } as never;
    expect(await before(request)).toBeUndefined();
    expect(after(request)).toBeUndefined();
    expect(onError(request)).toBeUndefined();
  });
});
