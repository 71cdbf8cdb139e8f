/** What `scache/dynamodb` is told: what a table's log has beside the options of every log, and that the rest is refused. */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { expect, test } from "@jest/globals";
import { createPublisher, scache } from "../../../src/dynamodb/index.js";

const kinesis = new KinesisClient({ region: "eu-west-1" });
const double = { send: () => undefined };

test.each([
  ["a client of another service", { client: kinesis }, 'option "client" must be a client of DynamoDB, but got {'],
  ["what is no client", { client: {} }, 'option "client" must be an object with send(), but got {}'],
  ["a name of its own that is misspelt", { logs: "users" }, 'unknown option "logs"; did you mean "log"?'],
])("refuses %s, as a publisher does", (_what, options, message) => {
  for (const create of [scache, createPublisher]) {
    expect(() => create("changes", options as never)).toThrow(`scache: ${message}`);
  }
});

test("names its own options, too, where nothing was meant that there is", () => {
  expect(() => scache("changes", { partition: 1 } as never)).toThrow(/the options are log, client, ttlMs/);
});

test("takes a double, and a log's name", () => {
  expect(scache("changes", { client: double, log: "users", metrics: false })).toHaveProperty("before");
});
