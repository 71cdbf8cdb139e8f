/**
 * The writing function: POST /user/{userid}. It needs to write to the table and to publish, and never reads what others
 * publish: its cache stays empty, and an empty cache has nothing to refresh. Where a relay publishes, it needs no cache at all.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import { answerErrors } from "./answers.js";
import { LOG, relayPublishes } from "./environment.js";
import { scache } from "./log.js";
import { logger, postUser } from "./routes.js";

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(answerErrors(logger))
  .use(relayPublishes() ? [] : [scache(LOG, { logger })])
  .handler(async (event, context) => postUser(event, context));
