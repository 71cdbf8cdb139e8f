/**
 * How a user names a stream: by its name or its ARN. Checked when the middleware or publisher is built.
 */
import { InvalidOptionError } from "./errors.js";

const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const STREAM_ARN = /^arn:[^:]+:kinesis:([^:]*):\d{12}:stream\/([a-zA-Z0-9_.-]{1,128})$/;

/** A stream as the AWS API wants it named. */
export interface StreamRef {
  readonly name: string;
  readonly arn?: string;
  /** The region of the ARN. */
  readonly region?: string;
}

/** @throws InvalidOptionError unless it is a stream's name or ARN */
export function resolveStream(stream: string): StreamRef {
  if (typeof stream === "string") {
    if (STREAM_NAME.test(stream)) return { name: stream };
    const [, region, name] = STREAM_ARN.exec(stream) ?? [];
    if (name !== undefined) return { name, arn: stream, ...(region ? { region } : {}) };
  }
  throw new InvalidOptionError("stream", "a stream's name (1 to 128 of a-z A-Z 0-9 _ . -) or its ARN", stream);
}
