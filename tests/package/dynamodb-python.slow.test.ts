/**
 * The Python of docs/dynamodb.md, run as it stands there against an embedded DynamoDB: what it appends is read by the log's own
 * reader, and the head stays small without any other writer.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { newNonce, systemClock, systemRandom } from "../../src/core/clock.js";
import { dataId } from "../../src/core/data-id.js";
import { createTableApi } from "../../src/dynamodb/api.js";
import { createTableLog } from "../../src/dynamodb/log.js";
import { headBytes } from "../../src/dynamodb/trimming.js";
import { createLogTable, startDynamoDb } from "../../tools/emulators/dynamodb.js";
import type { RunningEmulator } from "../../tools/emulators/kinesis.js";
import { TestReading } from "../contract/log-under-test.js";
import { headOf } from "../contract/table-under-test.js";
import { pythonOf } from "../support/python.js";

const python = pythonOf("dynamodb.md", 2);
afterAll(() => python.remove());

const { run } = python;
if (run === undefined) {
  test("left out: the Python of docs/dynamodb.md, since there is no Python 3 with boto3", () => {
    expect(python.text).toContain("def invalidate(");
  });
} else {
  describe("a producer in Python", () => {
    let emulator: RunningEmulator;
    let client: DynamoDBClient;
    beforeAll(async () => {
      emulator = await startDynamoDb();
      const { endpoint, region, credentials } = emulator;
      client = new DynamoDBClient({ endpoint, region, credentials });
      await createLogTable(emulator, "changes");
    });
    afterAll(async () => {
      client.destroy();
      await emulator.stop();
    });

    const append = (lines: string) => run(lines, emulator, "AWS_ENDPOINT_URL_DYNAMODB");

    test("names ids as scache does, and makes room for as many as it likes", async () => {
      const api = createTableApi(client, { name: "changes", log: "users" });
      const table = { name: "changes", log: "users" };
      const log = createTableLog({ api, table, clock: systemClock, random: systemRandom, newIncarnation: newNonce });
      const ids = ["1", "a b", "ä/€?&=+", "~-._!*'()"];
      await append('invalidate("changes", "users", [key("db.users.id", "first")])');
      const reader = log.open();
      await reader.read(new TestReading(0));
      expect(reader.isPlaced).toBe(true);
      await append(
        `for n in range(300):
    make_room("changes", "users", invalidate("changes", "users", [key("db.users.id", id) for id in ${JSON.stringify(ids)}]))
`,
      );
      const reading = new TestReading(0);
      await reader.read(reading);
      expect(reading.told).toEqual([]);
      const keys = ids.map((id) => String(dataId("db.users.id", id)));
      expect(reading.taken.map((record) => JSON.parse(record).keys)).toEqual(Array.from({ length: 300 }, () => keys));
      const head = await headOf(api);
      expect([head.first > 200, head.records.length < 100, headBytes(head) < 20_000]).toEqual([true, true, true]);
    });
  });
}
