/**
 * The reading function: GET /user/{userid}. It needs to read the stream and the table, and may write to neither.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import { scache } from "scache";
import { answerErrors } from "./answers.js";
import { required } from "./environment.js";
import { getUser, logger } from "./routes.js";

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(answerErrors(logger))
  .use(scache(required("STREAM_NAME"), { logger }))
  .handler(async (event, context) => getUser(event, context));
