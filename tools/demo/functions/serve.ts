/**
 * What the demo's functions with a cache have in common: the example's two routes behind one middleware. Which log it reads
 * is the only difference between them.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import type { ScacheMiddleware } from "scache";
import { answerErrors } from "../../../example/src/answers.js";
import { getUser, logger, postUser } from "../../../example/src/routes.js";

export function serve(cache: ScacheMiddleware) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
    .use(answerErrors(logger))
    .use(cache)
    .handler(async (event, context) =>
      event.requestContext.http.method === "GET" ? getUser(event, context) : postUser(event, context),
    );
}

/**
 * The time-out is longer than one would want it: what makes a log late here is the emulator on a busy machine, and how often that
 * is given up is nothing to learn from.
 */
export const options = {
  maxStalenessMs: Number(process.env.MAX_STALENESS_MS ?? 0),
  refreshTimeoutMs: 5_000,
  logger,
};
