/** How a stream may be named. */
import { describe, expect, test } from "@jest/globals";
import { InvalidOptionError } from "../../../src/errors.js";
import { resolveStream } from "../../../src/kinesis/stream-ref.js";

const ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/users";

describe("resolveStream", () => {
  test.each(["users", "a", "A-Z_0.9", "x".repeat(128), "arn"])("%s is a name", (name) => {
    expect(resolveStream(name)).toEqual({ name });
  });

  test("an ARN has the name and the region in it", () => {
    expect(resolveStream(ARN)).toEqual({ name: "users", arn: ARN, region: "eu-west-1" });
  });

  test.each([
    ["aws", "us-east-1"],
    ["aws", "il-central-1"],
    ["aws", "local"],
    ["aws-cn", "cn-north-1"],
    ["aws-us-gov", "us-gov-west-1"],
    ["aws-eusc", "eusc-de-east-1"],
    ["aws-iso", "us-iso-east-1"],
    ["aws-iso-b", "us-isob-east-1"],
    ["aws-iso-e", "eu-isoe-west-1"],
    ["aws-iso-f", "us-isof-south-1"],
  ])("an ARN may be of the partition %s, in %s", (partition, region) => {
    const arn = `arn:${partition}:kinesis:${region}:123456789012:stream/users`;
    expect(resolveStream(arn)).toEqual({ name: "users", arn, region });
  });

  test.each([
    ["arn:aws:kinesis::123456789012:stream/users", "an ARN that names the stream's region"],
    ["arn:aws:kinesis: :123456789012:stream/users", "an ARN that names the stream's region"],
    ["arn:aws:kinesis:EU-WEST-1:123456789012:stream/users", "an ARN that names the stream's region"],
    ["arn:aws:kinesis:*:123456789012:stream/users", "an ARN that names the stream's region"],
    ["arn:aws:kinesis:$REGION:123456789012:stream/users", "an ARN that names the stream's region"],
    ["arn:aws:kinesis:cn-north-1:123456789012:stream/users", "an ARN of cn-north-1's partition (arn:aws-cn:…)"],
    ["arn:aws-cn:kinesis:eu-west-1:123456789012:stream/users", "an ARN of eu-west-1's partition (arn:aws:…)"],
    ["arn:aws:kinesis:us-gov-east-1:123456789012:stream/users", "(arn:aws-us-gov:…)"],
    ["arn:aws-us-gov:kinesis:us-east-1:123456789012:stream/users", "(arn:aws:…)"],
    ["arn::kinesis:eu-west-1:123456789012:stream/users", "(arn:aws:…)"],
    ["arn:amazon:kinesis:eu-west-1:123456789012:stream/users", "(arn:aws:…)"],
    ["arn:AWS:kinesis:eu-west-1:123456789012:stream/users", "(arn:aws:…)"],
    ["arn:aws-iso:kinesis:us-isob-east-1:123456789012:stream/users", "(arn:aws-iso-b:…)"],
  ])("W8: %s could never work, and is refused at once: it must be %s", (arn, expected) => {
    expect(() => resolveStream(arn)).toThrow(InvalidOptionError);
    expect(() => resolveStream(arn)).toThrow(expected);
  });

  test.each([
    "",
    " users",
    "users\n",
    "users/1",
    "üser",
    "x".repeat(129),
    ARN.replace("kinesis", "sqs"),
    ARN.replace("123456789012", "12345"),
    ARN.replace("stream/", "stream:"),
    `${ARN}/consumer/reader:1`,
    `${ARN}\n`,
    `x${ARN}`,
  ])("%j is neither", (stream) => {
    expect(() => resolveStream(stream)).toThrow(InvalidOptionError);
  });

  test.each([[undefined], [null], [5], [{}], [["users"]]])("%p is refused in words", (stream) => {
    expect(() => resolveStream(stream as unknown as string)).toThrow(
      /option "stream" must be a stream's name.*but got/,
    );
  });
});
