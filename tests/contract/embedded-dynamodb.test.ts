/** The real client, over HTTP on the embedded DynamoDB, held to the same suite as the table in memory. */
import { startDynamoDb } from "../../tools/emulators/dynamodb.js";
import { describeLog } from "./log.contract.js";
import { realTables } from "./real-table.js";
import { describeTableApi } from "./table-api.contract.js";

describeLog("in a table of the embedded DynamoDB", realTables(startDynamoDb));
describeTableApi("the embedded DynamoDB", realTables(startDynamoDb));
