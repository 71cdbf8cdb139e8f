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

interface Refusal {
  readonly __type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly Message?: unknown;
}

export function toServiceError(response: HttpResponse): ServiceError {
  const { statusCode, headers, body } = response;
  const { __type, code, message, Message, ...fields } = (parseObject(body) ?? {}) as Refusal;
  const error = new Error(String(message ?? Message ?? `the service answered with status ${statusCode}`));
  return Object.assign(error, fields, {
    name: nameOf(headers["x-amzn-errortype"] ?? code ?? __type),
    $fault: statusCode < 500 ? ("client" as const) : ("server" as const),
    $metadata: metadataOf(response),
  });
}

export function metadataOf({ statusCode, headers }: HttpResponse): ResponseMetadata {
  return { httpStatusCode: statusCode, requestId: headers["x-amzn-requestid"] };
}

/** `com.amazonaws.kinesis.v20131202#ExpiredIteratorException:http://…` is an `ExpiredIteratorException`. */
function nameOf(type: unknown): string {
  const [name = ""] = String(type ?? "").split(/[:,]/);
  return name.slice(name.indexOf("#") + 1) || "UnknownError";
}
