/**
 * Requests and answers as the proxy sees them: whole texts of JSON, and the errors it answers in a service's place.
 */
import type { IncomingMessage } from "node:http";

/** A request or answer body: what the JSON holds. */
export type Body = Readonly<Record<string, unknown>>;

/** One call of a service, such as `GetRecords`. */
export interface Call {
  readonly operation: string;
  readonly body: Body;
}

/** An error as AWS's services answer it. */
export interface ServiceError {
  /** By AWS's name, e.g. `ProvisionedThroughputExceededException`. */
  readonly error: string;
  /** HTTP status; 400 unless told. */
  readonly status?: number;
  readonly message?: string;
  /** What its body says besides. */
  readonly fields?: Body;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

export function errorAnswer({ error, status, message, fields }: ServiceError): Answer {
  return {
    status: status ?? 400,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "added-by-the-proxy" },
    text: JSON.stringify({ __type: error, message: message ?? "added by the proxy", ...fields }),
  };
}

/** Headers that concern one hop, or a body that may have been rewritten, stay behind. */
export function forwarded(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  const { connection, "keep-alive": _, "transfer-encoding": __, "x-amz-crc32": ___, ...rest } = headers;
  return rest;
}

export async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

export function parse(text: string): Body {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Body) : {};
  } catch {
    return {};
  }
}
