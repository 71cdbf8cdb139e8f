/**
 * `npm run emulators`: Kinesis and DynamoDB on fixed ports (or those it is told), with the example's stream and table, until Ctrl-C.
 * They listen on 127.0.0.1 unless told; events/env.json is written for them. Anyone who can reach `--host` can use them.
 */
import { readArguments, wholeNumber } from "../arguments.js";
import { whenEnded } from "../when-ended.js";
import { startDynamoDb } from "./dynamodb.js";
import { LOOPBACK, startKinesis } from "./kinesis.js";
import { createUsersStream, createUsersTable, STREAM_NAME, TABLE_NAME } from "./services.js";

const USAGE = `usage: npm run emulators -- [options]

Kinesis and DynamoDB in memory, with the example's stream and table, until Ctrl-C.

  --shards N          of the stream, 1 to 64 (1)
  --host ADDRESS      where to listen; who can reach it can use them (${LOOPBACK})
  --kinesis-port N    0 takes any that is free (4568)
  --dynamodb-port N   0 takes any that is free (8000)
  --help              prints this`;

const { host, shards, kinesisPort, dynamoDbPort } = readArguments({
  usage: USAGE,
  options: {
    shards: { type: "string", default: "1" },
    // For containers on Linux, which do not reach the host's loopback: the address of Docker's bridge.
    host: { type: "string", default: LOOPBACK },
    "kinesis-port": { type: "string", default: "4568" },
    "dynamodb-port": { type: "string", default: "8000" },
  },
  read: (values) => ({
    host: values.host,
    shards: wholeNumber("shards", values.shards, 1, 64),
    kinesisPort: wholeNumber("kinesis-port", values["kinesis-port"], 0, 65_535),
    dynamoDbPort: wholeNumber("dynamodb-port", values["dynamodb-port"], 0, 65_535),
  }),
});

const dynamoDb = await startDynamoDb({ host, port: dynamoDbPort }).catch(
  explain("DynamoDB", dynamoDbPort, "--dynamodb-port"),
);
const kinesis = await startKinesis({ host, port: kinesisPort }).catch(
  explain("Kinesis", kinesisPort, "--kinesis-port"),
);
await createUsersStream(kinesis, shards);
await createUsersTable(dynamoDb);

console.log(`Kinesis   ${kinesis.endpoint}   stream ${STREAM_NAME} (${shards} shard${shards === 1 ? "" : "s"})`);
console.log(`DynamoDB  ${dynamoDb.endpoint}   table ${TABLE_NAME} (with user 12345)`);
console.log(`both in memory${host === LOOPBACK ? ", for this machine only" : ""}. Ctrl-C stops them.`);

whenEnded(() => Promise.all([kinesis.stop(), dynamoDb.stop()]));

function explain(name: string, port: number, option: string): (error: Error) => never {
  return (error) => {
    // Of another host, another port is no better.
    const isPort = /EADDRINUSE|EACCES/.test(error.message);
    const hint = isPort ? `. ${option} N takes another port, ${option} 0 any that is free` : "";
    console.error(`${name} could not start on port ${port}: ${error.message}${hint}`);
    process.exit(1);
  };
}
