/**
 * The example's two routes behind scache, on the log that its environment names, with the staleness that the demo asks for.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import { answerErrors } from "../../../example/src/answers.js";
import { LOG, maxStalenessMs } from "../../../example/src/environment.js";
import { scache } from "../../../example/src/log.js";
import { getUser, logger, postUser } from "../../../example/src/routes.js";

const options = {
  maxStalenessMs: maxStalenessMs(),
  // Longer than one would want it: what makes a log late here is the emulator on a busy machine, and how often that is given
  // up is nothing to learn from.
  refreshTimeoutMs: 5_000,
  logger,
};

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(answerErrors(logger))
  .use(scache(LOG, options))
  .handler(async (event, context) =>
    event.requestContext.http.method === "GET" ? getUser(event, context) : postUser(event, context),
  );
