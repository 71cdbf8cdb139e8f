/** `testScache()`: the middleware as users' tests hold it, over a stream in memory. */
import { describe, expect, test } from "@jest/globals";
import { dataId, InvalidOptionError } from "../../../src/index.js";
import {
  type InvocationReport,
  ManualClock,
  MemoryStream,
  type TestScacheOptions,
  testScache,
} from "../../../src/testing/index.js";

const ID = dataId<string>("db.users.id", "1");

function environmentOn(stream: MemoryStream, options: TestScacheOptions) {
  const hooks = testScache(stream, options);
  return async <R>(work: (cache: Parameters<typeof hooks.before>[0]["context"]["cache"]) => R | Promise<R>) => {
    const context = { awsRequestId: "1" } as Parameters<typeof hooks.before>[0]["context"];
    const request = { event: {}, context, response: undefined, error: undefined, internal: {} };
    await hooks.before(request);
    const result = await work(context.cache);
    hooks.after(request);
    return result;
  };
}

describe("testScache", () => {
  test("two on one stream are two environments, coherent with each other", async () => {
    const clock = new ManualClock();
    const stream = new MemoryStream({ clock });
    const [one, other] = [environmentOn(stream, { clock }), environmentOn(stream, { clock })];
    await one((cache) => cache.add(ID, "old"));
    expect(await other((cache) => cache.get(ID))).toBeUndefined();
    await other((cache) => cache.invalidate(ID));
    expect(await one((cache) => cache.get(ID))).toBeUndefined();
  });

  test("takes the options of scache(), asks the test about every call, and reports each invocation once", async () => {
    const clock = new ManualClock();
    const reports: InvocationReport[] = [];
    const calls: string[] = [];
    const invoke = environmentOn(new MemoryStream({ clock }), {
      clock,
      ttlMs: 1_000,
      onReport: (report) => reports.push(report),
      policy: ({ operation }) => {
        calls.push(operation);
        return { fail: "refused" };
      },
    });
    await invoke((cache) => cache.add(ID, "one"));
    expect(await invoke((cache) => [cache.get(ID), cache.freshness.state])).toEqual([undefined, "bypassed"]);
    await clock.advance(1_001);
    await invoke(() => undefined);
    expect(calls).toEqual(["listShards"]);
    expect(reports.map(({ state }) => state)).toEqual(["empty", "bypassed", "empty"]);
  });

  test.each([
    ["a stream's name", "users", {}, 'option "stream" must be a MemoryStream, but got "users"'],
    ["no options", undefined, undefined, 'option "options" must be an object, but got undefined'],
    ["no clock", undefined, {}, 'option "clock" must be a clock, such as new ManualClock(), but got undefined'],
    ["no such clock", undefined, { clock: Date }, 'option "clock" must be a clock, such as new ManualClock(), but'],
    ["no function", undefined, { clock: new ManualClock(), onReport: [] }, 'option "onReport" must be a function'],
  ])("says what is wrong with %s", (_, stream, options, message) => {
    const create = () =>
      testScache((stream ?? new MemoryStream({ clock: new ManualClock() })) as never, options as never);
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(message);
  });

  test("names the options there are, and none that a test cannot give", () => {
    const clock = new ManualClock();
    const wrong = { clock, client: {} } as never;
    const create = () => testScache(new MemoryStream({ clock }), wrong);
    expect(create).toThrow(
      /unknown option "client"; the options are clock, random, policy, onReport, ttlMs, .*decode$/,
    );
    expect(create).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/logger|metrics|client,/) }));
  });

  test("refuses what scache() refuses", () => {
    const clock = new ManualClock();
    const wrong = { clock, ttlMs: 0 };
    expect(() => testScache(new MemoryStream({ clock }), wrong)).toThrow(InvalidOptionError);
  });
});
