/**
 * How a user names a stream: by its name or its ARN. Checked when the middleware or publisher is built.
 */
import { InvalidOptionError } from "../errors.js";

/** Its name, or its ARN, which ends with the name. */
const STREAM = /^(arn:[^:]+:kinesis:([^:]+)?:\d{12}:stream\/)?([\w.-]{1,128})$/;

/** A stream as the AWS API wants it named. */
export interface StreamRef {
  readonly name: string;
  readonly arn?: string | undefined;
  /** The region of the ARN. */
  readonly region?: string | undefined;
}

/** @throws InvalidOptionError unless it is a stream's name or ARN */
export function resolveStream(stream: string): StreamRef {
  const [, prefix, region, name] = (typeof stream === "string" && STREAM.exec(stream)) || [];
  if (name !== undefined) return { name, arn: prefix && stream, region };
  throw new InvalidOptionError("stream", "a stream's name (of a-z A-Z 0-9 _ . -) or its ARN", stream);
}
