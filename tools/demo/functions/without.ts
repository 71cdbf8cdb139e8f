/** The example without any cache, for comparison: each read goes to the source, and nobody is told of a write. */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2 } from "aws-lambda";
import { answer, answerErrors, detailsOf, userIdOf } from "../../../example/src/answers.js";
import { required } from "../../../example/src/environment.js";
import { logger } from "../../../example/src/routes.js";
import { createUsers } from "../../../example/src/users.js";

const users = createUsers(required("TABLE_NAME"));

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(answerErrors(logger))
  .handler(async (event) => {
    const userid = userIdOf(event);
    const isRead = event.requestContext.http.method === "GET";
    const user = isRead ? await users.find(userid) : await users.save(userid, detailsOf(event));
    return user === null ? answer(404, { message: `there is no user ${userid}` }) : answer(200, user);
  });
