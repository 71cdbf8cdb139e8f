/** The relay that the end-to-end run deploys: from the changes of the table of users to the log in DynamoDB. */
import { fromDynamoDb, relay } from "scache/cdc";
import { createPublisher } from "scache/dynamodb";
import { required } from "../../example/src/environment.js";

const decode = fromDynamoDb({ [required("TABLE_NAME")]: { byKey: { "db.users.id": "userid" } } });

export const handler = relay(decode, createPublisher(process.env.LOG_TABLE_NAME ?? ""));
