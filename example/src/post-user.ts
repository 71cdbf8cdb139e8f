/**
 * The writing function: POST /user/{userid}. It needs to write to the table and the stream, and never reads the stream:
 * its cache stays empty, and an empty cache has nothing to refresh.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import { scache } from "scache";
import { answerErrors } from "./answers.js";
import { required } from "./environment.js";
import { logger, postUser } from "./routes.js";

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(answerErrors(logger))
  .use(scache(required("STREAM_NAME"), { logger }))
  .handler(async (event, context) => postUser(event, context));
