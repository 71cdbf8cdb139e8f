/** A DynamoDB that answers over HTTP, as the contract suites need it: through the real SDK and the adapter that ships. */
import { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { systemClock, systemRandom } from "../../src/core/clock.js";
import { createTableApi } from "../../src/dynamodb/api.js";
import { createTableLog } from "../../src/dynamodb/log.js";
import type { TableApi } from "../../src/dynamodb/table-api.js";
import { createLogTable, deleteTable } from "../../tools/emulators/dynamodb.js";
import type { RunningEmulator } from "../../tools/emulators/kinesis.js";
import type { LogService } from "./log-under-test.js";
import { incarnations, type TableService, type TableUnderTest } from "./table-under-test.js";

export function realTables(startEmulator: () => Promise<RunningEmulator>): TableService & LogService {
  let emulator: RunningEmulator | undefined;
  let client: DynamoDBClient | undefined;
  let tables = 0;
  async function newTable() {
    if (emulator === undefined || client === undefined) throw new Error("the emulator was not started");
    const name = `contract-${++tables}`;
    await createLogTable(emulator, name);
    return tableUnderTest(emulator, client, name);
  }
  return {
    start: async () => {
      emulator = await startEmulator();
      const { endpoint, region, credentials } = emulator;
      client = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1 });
    },
    stop: async () => {
      client?.destroy();
      await emulator?.stop();
    },
    createTable: newTable,
    createLog: async () => {
      const { connect, missing, recreate } = await newTable();
      const newIncarnation = incarnations();
      const logOver = (api: TableApi) =>
        createTableLog({
          api,
          table: { name: "contract", log: "users" },
          clock: systemClock,
          random: systemRandom,
          newIncarnation,
        });
      return { connect: () => logOver(connect("users")), missing: logOver(missing), recreate, nowMs: systemClock.now };
    },
  };
}

function tableUnderTest(emulator: RunningEmulator, client: DynamoDBClient, name: string): TableUnderTest {
  return {
    connect: (log) => createTableApi(client, { name, log }),
    missing: createTableApi(client, { name: `${name}-missing`, log: "users" }),
    async setVersion(log, version) {
      await client.send(
        new UpdateItemCommand({
          TableName: name,
          Key: { pk: { S: log }, sk: { N: "-1" } },
          UpdateExpression: "SET v = :v",
          ExpressionAttributeValues: { ":v": { N: String(version) } },
        }),
      );
    },
    async recreate() {
      await deleteTable(emulator, name);
      await createLogTable(emulator, name);
    },
  };
}
