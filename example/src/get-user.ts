/**
 * The reading function: GET /user/{userid}. It needs to read the log and the table, and may write to neither.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import { answerErrors } from "./answers.js";
import { LOG, maxStalenessMs } from "./environment.js";
import { scache } from "./log.js";
import { getUser, logger } from "./routes.js";

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(answerErrors(logger))
  .use(scache(LOG, { logger, maxStalenessMs: maxStalenessMs() }))
  .handler(async (event, context) => getUser(event, context));
