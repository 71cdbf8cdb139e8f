/**
 * What a service that speaks AWS JSON says when it refuses, as the error that the SDK would make of it: whoever tells
 * errors apart need not know which way a call was made.
 */
import type { HttpResponse } from "./http-handler.js";
import { parseObject } from "./json.js";

export interface ServiceError extends Error {
  readonly $fault: "client" | "server";
  readonly $metadata: ResponseMetadata;
}

export interface ResponseMetadata {
  readonly httpStatusCode: number;
  readonly requestId: string | undefined;
}

/** The SDK's word for it. */
const NO_REASON = "UnknownError";

/** All that is taken of an answer: it may hold anything, and an error's own fields decide what is done about it. */
interface Refusal {
  readonly __type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly Message?: unknown;
  /** Of DynamoDB: which limit was met. In either spelling, as with the SDK. */
  readonly ThrottlingReasons?: unknown;
  readonly throttlingReasons?: unknown;
}

export function toServiceError(response: HttpResponse): Error {
  const { statusCode, headers, body } = response;
  const refusal = body.length === 0 ? {} : parseObject(body);
  if (!refusal) return unreadable(response);
  const { __type, code, message, Message, ThrottlingReasons, throttlingReasons } = refusal as Refusal;
  const error = new Error(firstText(message, Message) ?? NO_REASON);
  const serviceError: ServiceError = Object.assign(error, {
    ...(ThrottlingReasons !== undefined && { ThrottlingReasons }),
    ...(throttlingReasons !== undefined && { throttlingReasons }),
    name: nameOf(firstText(headers["x-amzn-errortype"], code, __type)),
    $fault: statusCode < 500 ? ("client" as const) : ("server" as const),
    $metadata: metadataOf(response),
  });
  return serviceError;
}

/** What answered does not speak as the service does. What it says instead is not ours to quote. */
export function unreadable(response: HttpResponse): Error {
  return Object.assign(new SyntaxError("the answer cannot be read"), { $metadata: metadataOf(response) });
}

export function metadataOf({ statusCode, headers }: HttpResponse): ResponseMetadata {
  return { httpStatusCode: statusCode, requestId: headers["x-amzn-requestid"] };
}

function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value) => typeof value === "string");
}

/** `com.amazonaws.kinesis.v20131202#ExpiredIteratorException:http://…` is an `ExpiredIteratorException`. */
function nameOf(type = ""): string {
  const [name = ""] = type.split(/[:,]/);
  return name.slice(name.indexOf("#") + 1) || NO_REASON;
}
