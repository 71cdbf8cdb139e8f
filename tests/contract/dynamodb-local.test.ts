/**
 * The real client on DynamoDB Local, AWS's own emulator, held to the same suites as the table in memory and the embedded
 * DynamoDB. It is a Java program, and runs only where SCACHE_DYNAMODB_LOCAL asks for it; where not, that is said.
 */
import { expect, test } from "@jest/globals";
import { dynamoDbLocal, startDynamoDbLocal } from "../../tools/emulators/dynamodb-local.js";
import { describeLog } from "./log.contract.js";
import { realTables } from "./real-table.js";
import { describeTableApi } from "./table-api.contract.js";

const jars = dynamoDbLocal();

if (jars === undefined) {
  test("left out: DynamoDB Local was not asked for (SCACHE_DYNAMODB_LOCAL=1, with Java and Maven)", () => {
    expect(process.env.SCACHE_DYNAMODB_LOCAL ?? "").toBe("");
  });
} else {
  const service = () => realTables(() => startDynamoDbLocal(jars));
  describeTableApi("DynamoDB Local", service());
  describeLog("in a table of DynamoDB Local", service());
}
