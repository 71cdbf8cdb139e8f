/**
 * The example's function as the end-to-end run deploys it: its routes and its middleware, and around them what tells the
 * runner, in headers, how fresh the answer is and what the invocation has left running.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { RefreshWhen } from "scache";
import { answerErrors } from "../../example/src/answers.js";
import { LOG } from "../../example/src/environment.js";
import { scache } from "../../example/src/log.js";
import { getUser, logger, postUser } from "../../example/src/routes.js";
import { watched } from "./left-behind.js";

const served = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
  .use(answerErrors(logger))
  .use(scache(LOG, { logger, refreshWhen: process.env.REFRESH_WHEN as RefreshWhen }))
  .handler(async (event, context) => {
    const route = event.requestContext.http.method === "GET" ? getUser : postUser;
    const answer = await route(event, context);
    return { ...answer, headers: { ...answer.headers, "x-freshness": context.cache.freshness.state } };
  });

export const handler = async (event: APIGatewayProxyEventV2, context: Parameters<typeof served>[1]) => {
  const { outcome, left } = await watched(() => served(event, context));
  if ("error" in outcome) throw outcome.error;
  return { ...outcome.result, headers: { ...outcome.result.headers, "x-left-running": left } };
};
