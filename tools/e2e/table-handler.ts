/** The function that the end-to-end run deploys, with its log in a DynamoDB table. */
import { scache } from "scache/dynamodb";
import { logger, serveWatched } from "./served.js";

export const handler = serveWatched(scache(process.env.LOG_TABLE_NAME ?? "", { logger }));
