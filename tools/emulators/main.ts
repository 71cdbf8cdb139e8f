/**
 * `npm run emulators`: Kinesis and DynamoDB on fixed ports, with the example's stream and table, until Ctrl-C.
 * They listen on 127.0.0.1 only; events/env.json is written for them.
 */
import { parseArgs } from "node:util";
import { whenEnded } from "../when-ended.js";
import { startDynamoDb } from "./dynamodb.js";
import { startKinesis } from "./kinesis.js";
import { createUsersStream, createUsersTable, STREAM_NAME, TABLE_NAME } from "./services.js";

const KINESIS_PORT = 4568;
const DYNAMODB_PORT = 8000;

const { values } = parseArgs({ options: { shards: { type: "string", default: "1" } } });
const shards = Number(values.shards);
if (!Number.isInteger(shards) || shards < 1 || shards > 64) throw new Error("--shards must be a number from 1 to 64");

const dynamoDb = await startDynamoDb({ port: DYNAMODB_PORT }).catch(explain("DynamoDB", DYNAMODB_PORT));
const kinesis = await startKinesis({ port: KINESIS_PORT }).catch(explain("Kinesis", KINESIS_PORT));
await createUsersStream(kinesis, shards);
await createUsersTable(dynamoDb);

console.log(`Kinesis   ${kinesis.endpoint}   stream ${STREAM_NAME} (${shards} shard${shards === 1 ? "" : "s"})`);
console.log(`DynamoDB  ${dynamoDb.endpoint}   table ${TABLE_NAME} (with user 12345)`);
console.log("both in memory, on this machine only. Ctrl-C stops them.");

whenEnded(() => Promise.all([kinesis.stop(), dynamoDb.stop()]));

function explain(name: string, port: number): (error: Error) => never {
  return (error) => {
    console.error(`${name} could not start on port ${port}: ${error.message}`);
    process.exit(1);
  };
}
