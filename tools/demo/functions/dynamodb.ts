/** The example's routes with the log of invalidations in a DynamoDB table. */
import { scache } from "scache/dynamodb";
import { options, serve } from "./serve.js";

export const handler = serve(scache(process.env.LOG_TABLE_NAME ?? "", { ...options, log: "users" }));
