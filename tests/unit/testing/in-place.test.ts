/** `scache/testing` in the place of the modules that production code imports. */

import { afterEach, describe, expect, jest, test } from "@jest/globals";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import * as table from "../../../src/dynamodb/index.js";
import * as stream from "../../../src/index.js";
import type { CacheContext } from "../../../src/middleware.js";
import * as publisher from "../../../src/publisher.js";
import * as testing from "../../../src/testing/index.js";

const { createPublisher, dataId, InvalidOptionError, MemoryStream, scache, testClock, testContext, testStream } =
  testing;

let names = 0;
let source = "";
afterEach(() => {
  jest.useRealTimers();
  source = "";
});

/** An environment that reads one datum of `source`, and whether it had to. */
function environment(name: string, options: object = {}) {
  return middy<unknown, string>()
    .use(scache(name, options))
    .handler(async (_event, context) => context.cache.getOrAdd(dataId<string>("s", "1"), () => source));
}

test.each([
  ["scache", stream],
  ["scache/dynamodb", table],
  ["scache/publisher", publisher],
])("has every name that %s has", (_name, module) => {
  const missing = Object.keys(module).filter((name) => !(name in testing));
  expect(missing).toEqual([]);
  const same = (name: string) => Reflect.get(module, name) === Reflect.get(testing, name);
  // Only what opens a log is another.
  expect(
    Object.keys(module)
      .filter((name) => !same(name))
      .sort(),
  ).toEqual(["createPublisher", "scache"].filter((name) => name in module));
});

describe("what is built under one name", () => {
  test("shares a stream, which a test gets hold of; under another name it is another", async () => {
    const name = `shared-${++names}`;
    const [a, b, elsewhere] = [environment(name), environment(name), environment(`${name}-other`)];
    source = "old";
    for (const handler of [a, b, elsewhere]) expect(await handler({}, testContext())).toBe("old");
    source = "new";
    await testClock.advance(60_000);
    await createPublisher(name).invalidate(dataId("s", "1"));
    expect([await a({}, testContext()), await b({}, testContext())]).toEqual(["new", "new"]);
    expect(await elsewhere({}, testContext())).toBe("old");
    expect(testStream(name)).toBeInstanceOf(MemoryStream);
    expect(testStream(name).shard("shardId-000000000000").read(0, 10)).toHaveLength(1);
    expect(testStream(`${name}-other`).shard("shardId-000000000000").read(0, 10)).toEqual([]);
  });

  test("is the same by name and by ARN, and another for another log in a table", () => {
    const name = `named-${++names}`;
    expect(testStream(`arn:aws:kinesis:eu-west-1:123456789012:stream/${name}`)).toBe(testStream(name));
    expect(testStream(name, "users")).not.toBe(testStream(name));
    expect(testStream(`arn:aws:dynamodb:eu-west-1:123456789012:table/${name}`, "users")).toBe(
      testStream(name, "users"),
    );
    expect(() => createPublisher(name, { log: "users" })).not.toThrow();
  });

  test("takes the options of production, and refuses what is none", async () => {
    const reports: unknown[] = [];
    const send = () => {
      throw new Error("nobody calls a client here");
    };
    const options = {
      client: { send },
      metrics: false,
      maxStalenessMs: 5_000,
      onReport: (report: object) => reports.push(report),
    };
    source = "value";
    expect(await environment(`options-${++names}`, options)({}, testContext())).toBe("value");
    expect(reports).toHaveLength(1);
    expect(() => scache("name", { maxEntires: 1 } as object)).toThrow(InvalidOptionError);
    expect(() => createPublisher("name", { timeout: 1 } as object)).toThrow(InvalidOptionError);
    for (const wrong of ["", "two words", 5, undefined]) {
      expect(() => testStream(wrong as string)).toThrow(InvalidOptionError);
    }
  });
});

test("works in its own time where the test runner's fake timers stand still", async () => {
  jest.useFakeTimers();
  const name = `faked-${++names}`;
  const handler = environment(name);
  source = "old";
  expect(await handler({}, testContext())).toBe("old");
  source = "new";
  await testClock.advance(60_000);
  expect(await handler({}, testContext())).toBe("old");
  await createPublisher(name).invalidate(dataId("s", "1"));
  expect(await handler({}, testContext())).toBe("new");
}, 5_000);

describe("testContext", () => {
  test("is a context as Lambda gives one, each with an id of its own", () => {
    const [one, other]: Context[] = [testContext(), testContext()];
    expect(one?.awsRequestId).not.toBe(other?.awsRequestId);
    expect(one?.getRemainingTimeInMillis()).toBeGreaterThan(0);
    expect([one?.done(), one?.fail(""), one?.succeed("")]).toEqual([undefined, undefined, undefined]);
  });

  test("differs where a test says so", () => {
    const context = testContext<Context & CacheContext>({ functionName: "users", getRemainingTimeInMillis: () => 7 });
    expect([context.functionName, context.getRemainingTimeInMillis()]).toEqual(["users", 7]);
    expect(() => testContext(5 as never)).toThrow(InvalidOptionError);
  });
});
