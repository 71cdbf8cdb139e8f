/**
 * The HTTP side of the example: answers in JSON, the fields read from a request, and one answer for what goes wrong.
 * It keeps the routes short; it must never put an error's inner text into an answer.
 */
import type { Logger } from "@aws-lambda-powertools/logger";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import type { UserDetails } from "./users.js";

/** A request that cannot be served as it stands; the message is meant for its sender. */
export class BadRequest extends Error {}

export function answer(
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

export function userIdOf(event: APIGatewayProxyEventV2): string {
  const userid = event.pathParameters?.userid ?? "";
  // Half of a surrogate pair has no UTF-8 form: the table would keep it as another id.
  if (userid === "" || userid.length > 128 || !userid.isWellFormed())
    throw new BadRequest("the path must be /user/ and an id of 1 to 128 characters");
  return userid;
}

export function detailsOf(event: APIGatewayProxyEventV2): UserDetails {
  const body = jsonOf(event);
  const { name, email } = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  if (typeof name !== "string" || name.trim() === "" || name.length > 200) {
    throw new BadRequest('the body must have a "name" of 1 to 200 characters');
  }
  if (typeof email !== "string" || !/^[^@\s]+@[^@\s]+$/.test(email) || email.length > 320) {
    throw new BadRequest('the body must have an "email", such as ann@example.com');
  }
  return { name, email };
}

function jsonOf(event: APIGatewayProxyEventV2): unknown {
  const text = event.isBase64Encoded ? Buffer.from(event.body ?? "", "base64").toString("utf8") : (event.body ?? "");
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('the body must be JSON, such as {"name":"Ann","email":"ann@example.com"}');
  }
}

/**
 * Answers 400 to a bad request and 500 to anything else, which is logged. Middy asks `onError` hooks last to first and
 * stops at the first that answers: use this before `scache`, so that the cache's accounts are written first.
 */
export function answerErrors(logger: Logger) {
  return {
    onError(request: { error: Error | null; context: Context; response: unknown }): void {
      if (request.error instanceof BadRequest) {
        request.response = answer(400, { message: request.error.message });
        return;
      }
      logger.error("request failed", { error: request.error, requestId: request.context.awsRequestId });
      request.response = answer(500, { message: "something went wrong here" });
    },
  };
}
