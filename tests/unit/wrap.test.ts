/** A handler without Middy: what it returns and throws is passed on, and its invocation is ended either way. */
import { describe, expect, test } from "@jest/globals";
import type { InvocationReport } from "../../src/core/invocation/report.js";
import { dataId } from "../../src/index.js";
import { ManualClock, MemoryStream, testScache } from "../../src/testing/index.js";

const ONE = dataId<string>("users", "1");
const context = () => ({ awsRequestId: "r", getRemainingTimeInMillis: () => 30_000 });

function setUp() {
  const clock = new ManualClock();
  const reports: InvocationReport[] = [];
  const cache = testScache(new MemoryStream({ clock }), { clock, onReport: (report) => reports.push(report) });
  return { cache, reports };
}

describe("wrap", () => {
  test("gives the handler its event and a context with the cache, and hands on what it returns", async () => {
    const { cache, reports } = setUp();
    const handler = cache.wrap(async (event: { name: string }, { cache, awsRequestId }: Context) => {
      const value = await cache.getOrAdd(ONE, () => event.name);
      return `${awsRequestId} ${value}`;
    });
    expect(await handler({ name: "first" }, context())).toBe("r first");
    expect(await handler({ name: "second" }, context())).toBe("r first");
    expect(reports.map(({ hits, misses }) => [hits, misses])).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test("makes a context where there is none, as Middy does", async () => {
    const { cache } = setUp();
    const handler = cache.wrap(async (_event: object, { cache }: Context) => cache.getOrAdd(ONE, () => "one"));
    expect(await handler({}, undefined as never)).toBe("one");
  });

  test("hands on what it throws, and ends the invocation", async () => {
    const { cache, reports } = setUp();
    const handler = cache.wrap(async () => {
      throw new RangeError("of the handler");
    });
    await expect(handler({}, context() as never)).rejects.toThrow(RangeError);
    expect(reports).toHaveLength(1);
  });
});

type Context = {
  awsRequestId: string;
  getRemainingTimeInMillis(): number;
  cache: import("../../src/index.js").ContextCache;
};
