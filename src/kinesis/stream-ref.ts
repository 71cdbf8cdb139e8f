/**
 * How a user names a stream: by its name or its ARN. Checked when the middleware or publisher is built, since an ARN that
 * cannot be right would only fail in production, as a refusal of the SDK's that names neither the option nor the mistake.
 */
import { InvalidOptionError } from "../errors.js";

const NAME = /^[\w.-]{1,128}$/;
const ARN = /^arn:([^:]*):kinesis:([^:]*):\d{12}:stream\/([\w.-]{1,128})$/;
const REGION = /^[a-z\d]+(-[a-z\d]+)*$/;

/** Which partition a region is in, by the beginning of its name. All others are in `aws`. */
const PARTITIONS: readonly (readonly [regions: string, partition: string])[] = [
  ["cn-", "aws-cn"],
  ["us-gov-", "aws-us-gov"],
  ["eusc-", "aws-eusc"],
  ["us-iso-", "aws-iso"],
  ["us-isob-", "aws-iso-b"],
  ["eu-isoe-", "aws-iso-e"],
  ["us-isof-", "aws-iso-f"],
  ["eu-isof-", "aws-iso-f"],
];

/** A stream as the AWS API wants it named. */
export interface StreamRef {
  readonly name: string;
  readonly arn?: string | undefined;
  /** The region of the ARN. */
  readonly region?: string | undefined;
}

/** @throws InvalidOptionError unless it is a stream's name or ARN */
export function resolveStream(stream: string): StreamRef {
  const isText = typeof stream === "string";
  if (isText && NAME.test(stream)) return { name: stream };
  const [, partition, region = "", name] = (isText && ARN.exec(stream)) || [];
  const mustBe = (expected: string) => new InvalidOptionError("stream", expected, stream);
  if (name === undefined) throw mustBe("a stream's name (of a-z A-Z 0-9 _ . -) or its ARN (arn:…:stream/name)");
  if (!REGION.test(region)) throw mustBe("an ARN that names the stream's region (arn:aws:kinesis:eu-west-1:…)");
  const [, ofRegion = "aws"] = PARTITIONS.find(([regions]) => region.startsWith(regions)) ?? [];
  if (partition !== ofRegion) throw mustBe(`an ARN of ${region}'s partition (arn:${ofRegion}:…)`);
  return { name, arn: stream, region };
}
