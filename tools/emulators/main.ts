/**
 * `npm run emulators`: Kinesis and DynamoDB on fixed ports (or those it is told), with the example's stream and table, until Ctrl-C.
 * They listen on 127.0.0.1 unless told; events/env.json is written for them. Anyone who can reach `--host` can use them.
 */
import { parseArgs } from "node:util";
import { whenEnded } from "../when-ended.js";
import { startDynamoDb } from "./dynamodb.js";
import { LOOPBACK, startKinesis } from "./kinesis.js";
import { createUsersStream, createUsersTable, STREAM_NAME, TABLE_NAME } from "./services.js";

const { values } = parseArgs({
  options: {
    shards: { type: "string", default: "1" },
    // For containers on Linux, which do not reach the host's loopback: the address of Docker's bridge.
    host: { type: "string", default: LOOPBACK },
    "kinesis-port": { type: "string", default: "4568" },
    "dynamodb-port": { type: "string", default: "8000" },
  },
});
const { host } = values;
const shards = number("shards", 1, 64);
const kinesisPort = number("kinesis-port", 0, 65_535);
const dynamoDbPort = number("dynamodb-port", 0, 65_535);

const dynamoDb = await startDynamoDb({ host, port: dynamoDbPort }).catch(explain("DynamoDB", dynamoDbPort));
const kinesis = await startKinesis({ host, port: kinesisPort }).catch(explain("Kinesis", kinesisPort));
await createUsersStream(kinesis, shards);
await createUsersTable(dynamoDb);

console.log(`Kinesis   ${kinesis.endpoint}   stream ${STREAM_NAME} (${shards} shard${shards === 1 ? "" : "s"})`);
console.log(`DynamoDB  ${dynamoDb.endpoint}   table ${TABLE_NAME} (with user 12345)`);
console.log(`both in memory${host === LOOPBACK ? ", for this machine only" : ""}. Ctrl-C stops them.`);

whenEnded(() => Promise.all([kinesis.stop(), dynamoDb.stop()]));

function number(name: "shards" | "kinesis-port" | "dynamodb-port", min: number, max: number): number {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < min || value > max) {
    console.error(`--${name} must be a whole number from ${min} to ${max}`);
    process.exit(1);
  }
  return value;
}

function explain(name: string, port: number): (error: Error) => never {
  return (error) => {
    console.error(`${name} could not start on port ${port}: ${error.message}`);
    process.exit(1);
  };
}
