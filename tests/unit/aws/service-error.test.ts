/** What a service's refusal comes to: an answer may hold anything, and none of it but what is known gets into the error. */
import { expect, test } from "@jest/globals";
import { toServiceError } from "../../../src/aws/service-error.js";
import { failureOf } from "../../../src/dynamodb/failures.js";

const errorOf = (body: string, statusCode = 503) =>
  toServiceError({ statusCode, headers: {}, body: new TextEncoder().encode(body) });

test.each([
  ["a prototype of its own", '{"__proto__":{"name":"Hidden"},"message":"slow"}', "UnknownError", "slow"],
  ["a message that is none", '{"message":{"toString":1,"valueOf":1}}', "UnknownError", "UnknownError"],
  ["a type that is none", '{"__type":{"toString":1}}', "UnknownError", "UnknownError"],
  ["the errors it sums up", '{"message":"slow","errors":["id=secret"]}', "UnknownError", "slow"],
  ["what the SDK says of retries", '{"$retryable":{"throttling":true}}', "UnknownError", "UnknownError"],
  ["reasons that are none", '{"ThrottlingReasons":5,"throttlingReasons":[null]}', "UnknownError", "UnknownError"],
])("an answer with %s is an ordinary error", (_what, body, name, message) => {
  const error = errorOf(body);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name, message, $fault: "server", $metadata: { httpStatusCode: 503 } });
  const failure = failureOf(error, "read", "log");
  expect(failure.kind).toBe("unavailable");
  expect(failure.message).not.toContain("secret");
});

test("which limit was met is kept, in either spelling", () => {
  for (const name of ["ThrottlingReasons", "throttlingReasons"]) {
    const error = errorOf(
      JSON.stringify({ __type: "ThrottlingException", [name]: [{ reason: "TableReadKeyRangeThroughputExceeded" }] }),
      400,
    );
    expect(failureOf(error, "read", "log")).toMatchObject({
      kind: "throttled",
      remedy: expect.stringContaining("3,000 reads a second"),
    });
  }
});
