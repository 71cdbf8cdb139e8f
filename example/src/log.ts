/**
 * scache over the log of this deployment, a Kinesis stream or a table in DynamoDB. Only the one that is used is loaded, so
 * that no function starts with the client of the other.
 *
 * The example needs this file because it can be deployed on either. Code of your own knows its log, and imports the same
 * names from "scache" or from "scache/dynamodb".
 */
import { logIsTable } from "./environment.js";

export const { dataSource, PublishError, scache } = logIsTable
  ? await import("scache/dynamodb")
  : await import("scache");
