/**
 * The Python of docs/dynamodb.md, run as it stands there against an embedded DynamoDB: what it appends is read by the log's own
 * reader, and the head stays small without any other writer. It needs Python 3 with boto3; in CI that is installed into a
 * folder of its own if it is missing. Where it cannot be had, that is said.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
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

const work = mkdtempSync(join(tmpdir(), "scache-python-"));
const python = pythonWithBoto3();

function pythonWithBoto3(): string | undefined {
  const runs = (command: string, ...args: string[]) => spawnSync(command, args, { timeout: 180_000 }).status === 0;
  if (runs("python3", "-c", "import boto3")) return "python3";
  if (process.env.CI === undefined || !runs("python3", "-m", "venv", join(work, "venv"))) return undefined;
  const own = join(work, "venv/bin/python");
  return runs(own, "-m", "pip", "install", "--quiet", "boto3") ? own : undefined;
}

function pythonOfThePage(): string {
  const page = readFileSync(new URL("../../docs/dynamodb.md", import.meta.url), "utf8");
  return [...page.matchAll(/^```python\n([\s\S]*?)^```/gm)].map(([, block]) => block).join("\n");
}

afterAll(() => rmSync(work, { recursive: true, force: true }));

if (python === undefined) {
  test("left out: the Python of docs/dynamodb.md, since there is no Python 3 with boto3", () => {
    expect(pythonOfThePage()).toContain("def invalidate(");
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

    /** Runs these lines below those of the page. Not in this thread: the table is. */
    const run = async (lines: string) => {
      const file = join(work, "producer.py");
      writeFileSync(file, `${pythonOfThePage()}\n${lines}\n`);
      const { endpoint, region, credentials } = emulator;
      const { accessKeyId, secretAccessKey } = credentials;
      const env = {
        ...process.env,
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        AWS_DEFAULT_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      };
      await promisify(execFile)(python, [file], { env, timeout: 100_000 });
    };

    test("names ids as scache does, and makes room for as many as it likes", async () => {
      const api = createTableApi(client, { name: "changes", log: "users" });
      const table = { name: "changes", log: "users" };
      const log = createTableLog({ api, table, clock: systemClock, random: systemRandom, newIncarnation: newNonce });
      const ids = ["1", "a b", "ä/€?&=+", "~-._!*'()"];
      await run('invalidate("changes", "users", [key("db.users.id", "first")])');
      const reader = log.open();
      await reader.read(new TestReading(0));
      expect(reader.isPlaced).toBe(true);
      await run(
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
