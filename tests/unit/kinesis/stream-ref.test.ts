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

  test("an ARN may be of another partition, or without a region", () => {
    const china = "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/users";
    expect(resolveStream(china)).toEqual({ name: "users", arn: china, region: "cn-north-1" });
    const nowhere = "arn:aws:kinesis::123456789012:stream/users";
    expect(resolveStream(nowhere)).toEqual({ name: "users", arn: nowhere });
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
