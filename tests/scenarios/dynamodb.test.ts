/**
 * The cache and the publisher of `scache/dynamodb`, through Middy and the real SDK, over HTTP against an embedded DynamoDB: the
 * same promises as on a stream, in the same words. Each environment has a middleware of its own.
 */
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import middy from "@middy/core";
import {
  type CacheContext,
  createPublisher,
  dataId,
  InvalidOptionError,
  PublishError,
  type ScacheOptions,
  scache,
} from "../../src/dynamodb/index.js";
import { createLogTable, startDynamoDb } from "../../tools/emulators/dynamodb.js";
import type { RunningEmulator } from "../../tools/emulators/kinesis.js";
import { until } from "../support/until.js";

let emulator: RunningEmulator;
let client: DynamoDBClient;
let table = "";
let tables = 0;
const user = dataId<number>("db.users.id", "1");
const order = dataId<number>("db.orders.id", "1");

beforeAll(async () => {
  emulator = await startDynamoDb();
  const { endpoint, region, credentials } = emulator;
  client = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await emulator.stop();
});
beforeEach(async () => {
  table = `scenario-${++tables}`;
  await createLogTable(emulator, table);
});

type Handler = (context: CacheContext) => unknown;

/** An environment with a source of its own to count loads by. */
function environment(options: ScacheOptions = {}) {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message) };
  const cache = scache(table, { client, metrics: false, logger, ...options });
  let handle: Handler = () => undefined;
  const handler = middy()
    .use(cache)
    .handler(async (_event, context) => handle(context as unknown as CacheContext));
  const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 30_000 };
  return {
    warnings,
    invoke: async <T>(work: (context: CacheContext) => T): Promise<Awaited<T>> => {
      handle = work;
      return (await handler({}, context as never)) as Awaited<T>;
    },
  };
}

/** What an invocation of this environment is served, while the source says `value`. */
const served = (one: ReturnType<typeof environment>, value: number, id = user) =>
  one.invoke(({ cache }) => cache.getOrAdd(id, () => value));

describe("two environments on one table", () => {
  test("serve what they have loaded until either says that it has changed, and never after that", async () => {
    const [a, b] = [environment(), environment()];
    // There is a log: what was cached before it came to be would be dropped when it does.
    await createPublisher(table, { client }).invalidate(dataId("other", "1"));
    expect([await served(a, 1), await served(b, 1)]).toEqual([1, 1]);
    expect([await served(a, 2), await served(b, 2)]).toEqual([1, 1]);
    await b.invoke(({ cache }) => cache.invalidate(user));
    expect([await served(a, 2), await served(b, 2)]).toEqual([2, 2]);
    expect([await served(a, 3), await served(b, 3)]).toEqual([2, 2]);
    expect([...a.warnings, ...b.warnings]).toEqual([]);
  });

  test("keep what is loaded in the very first invocation", async () => {
    const a = environment();
    expect([await served(a, 1), await served(a, 2)]).toEqual([1, 1]);
  });

  test("drop a source, and everything", async () => {
    const a = environment();
    const publisher = createPublisher(table, { client });
    await publisher.invalidate(dataId("other", "1"));
    await served(a, 1);
    await served(a, 1, order);
    await publisher.invalidateSource("db.users.id");
    expect([await served(a, 2), await served(a, 2, order)]).toEqual([2, 1]);
    await publisher.invalidateAll();
    expect([await served(a, 3), await served(a, 3, order)]).toEqual([3, 3]);
  });

  test("know only their own log of the table", async () => {
    const [users, orders] = [environment({ log: "users" }), environment({ log: "orders" })];
    const publisher = createPublisher(table, { client, log: "users" });
    await publisher.invalidate(dataId("other", "1"));
    await createPublisher(table, { client, log: "orders" }).invalidate(dataId("other", "1"));
    await served(users, 1);
    await served(orders, 1);
    await publisher.invalidate(user);
    expect([await served(users, 2), await served(orders, 2)]).toEqual([2, 1]);
  });

  test("miss, and say once what to do, when a later version has changed the log; and are right again after it", async () => {
    const a = environment();
    await createPublisher(table, { client }).invalidate(user);
    await served(a, 1);
    const setVersion = (version: string) =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk: { S: "scache" }, sk: { N: "-1" } },
          UpdateExpression: "SET v = :v",
          ExpressionAttributeValues: { ":v": { N: version } },
        }),
      );
    await setVersion("2");
    expect([await served(a, 2), await served(a, 3)]).toEqual([2, 3]);
    expect(a.warnings.join()).toMatch(/version is 2/);
    await setVersion("1");
    // After a failure it leaves the log alone for a while.
    let value = 4;
    await until("a hit", async () => (await served(a, value)) === (await served(a, ++value)));
  });
});

describe("a table that is not there", () => {
  test("makes every get miss and every invalidate reject, and says which table it is", async () => {
    const existing = table;
    table = "missing";
    const a = environment();
    expect([await served(a, 1), await served(a, 2)]).toEqual([1, 2]);
    const error = await createPublisher(table, { client })
      .invalidate(user)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PublishError);
    expect(error).toMatchObject({ ids: [String(user)], message: expect.stringContaining("missing/scache") });
    table = existing;
  });
});

describe("what is written", () => {
  test("is one item with the records that Kinesis would have", async () => {
    await createPublisher(table, { client }).invalidate(user);
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: { pk: { S: "scache" }, sk: { N: "-1" } } }),
    );
    expect(Object.keys(Item ?? {}).sort()).toEqual(["b", "i", "pk", "r", "sk"]);
    expect(Item?.i?.S).toMatch(/^[0-9a-f]{16,}$/);
    const [record] = Item?.r?.L ?? [];
    expect(JSON.parse(new TextDecoder().decode(record?.B))).toMatchObject({ keys: [String(user)] });
  });
});

describe("arguments", () => {
  test.each([
    ["x", {}, "table"],
    ["users", { log: "a#b" }, "log"],
    ["users", { client: {} }, "client"],
    ["users", { client: null }, "client"],
    ["users", { maxStalenessMs: -1 }, "maxStalenessMs"],
    ["users", { stream: "x" }, "stream"],
    ["users", null, "options"],
    ["users", [], "options"],
    ["users", "x", "options"],
  ])("%j, %j are refused, naming %s", (name, options, option) => {
    const refusal = expect.objectContaining({ option });
    expect(() => scache(name, options as ScacheOptions)).toThrow(InvalidOptionError);
    expect(() => scache(name, options as ScacheOptions)).toThrow(refusal);
  });

  test.each([
    ["x", {}, "table"],
    ["users", { log: "" }, "log"],
    ["users", { publishTimeoutMs: 0 }, "publishTimeoutMs"],
    ["users", { client: 1 }, "client"],
    ["users", null, "options"],
  ])("of the publisher, too: %j, %j, naming %s", (name, options, option) => {
    expect(() => createPublisher(name, options as object)).toThrow(expect.objectContaining({ option }));
  });

  test("make no call by themselves", () => {
    const send = () => {
      throw new Error("a call was made");
    };
    const quiet = { send } as unknown as DynamoDBClient;
    scache("users", { client: quiet });
    createPublisher("users", { client: quiet });
  });
});
