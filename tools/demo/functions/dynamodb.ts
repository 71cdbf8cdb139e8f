/** The example's routes with the log of invalidations in a DynamoDB table. */
import { scache } from "scache/dynamodb";
import { logger, maxStalenessMs, serve } from "./serve.js";

const options = { log: "users", maxStalenessMs: maxStalenessMs(), logger };

export const handler = serve(scache(process.env.LOG_TABLE_NAME ?? "", options));
