/**
 * Both routes in one function, so that the environment that writes a user also reads it. The demo runs this one;
 * `template.yaml` deploys the two functions apart, because then each needs only its own permissions.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import { answer, answerErrors } from "./answers.js";
import { LOG, maxStalenessMs } from "./environment.js";
import { scache } from "./log.js";
import { getUser, logger, postUser } from "./routes.js";

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(answerErrors(logger))
  .use(scache(LOG, { logger, maxStalenessMs: maxStalenessMs() }))
  .handler(async (event, context) => {
    const method = event.requestContext.http.method;
    if (method === "GET") return getUser(event, context);
    if (method === "POST") return postUser(event, context);
    return answer(405, { message: "only GET and POST are served here" }, { allow: "GET, POST" });
  });
