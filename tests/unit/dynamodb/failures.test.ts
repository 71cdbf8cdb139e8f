/** What an error means to the protocol, and what a person is told to do about it. */
import { describe, expect, test } from "@jest/globals";
import type { Use } from "../../../src/aws/failures.js";
import { LogFailure } from "../../../src/core/log.js";
import { failureOf, isConditionFailure, isItemTooLarge } from "../../../src/dynamodb/failures.js";

function error(name: string, message = "said by the service", fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

const client = { $fault: "client", $metadata: { httpStatusCode: 400 } };
const toLogFailure = (cause: unknown, log: string, use: Use = "read") => failureOf(cause, use, log);
const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
const system = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe("an error is", () => {
  test.each([
    ["throttled", error("ProvisionedThroughputExceededException", "slow down", client)],
    ["throttled", error("RequestLimitExceeded", "slow down", client)],
    ["throttled", error("ThrottlingException", "slow down", client)],
    ["throttled", error("KMSThrottlingException", "slow down", client)],
    ["throttled", error("SomethingNew", "", status(429))],
    ["lost", error("ResourceNotFoundException", "Requested resource not found", client)],
    ["unavailable", error("ResourceInUseException", "", client)],
    ["unavailable", error("InternalServerError", "", { $fault: "server", ...status(500) })],
    ["unavailable", error("ServiceUnavailable", "", status(503))],
    ["unavailable", error("ReplicatedWriteConflictException", "", client)],
    ["unavailable", error("TransactionConflictException", "", client)],
    ["unavailable", error("AbortError", "aborted")],
    ["unavailable", error("TimeoutError", "timed out")],
    ["unavailable", system("ECONNRESET")],
    ["unavailable", system("ENOTFOUND")],
    ["unavailable", "a text that was thrown"],
    ["unavailable", undefined],
    ["refused", error("AccessDeniedException", "User: x is not authorized", client)],
    ["refused", error("AccessDeniedException", "KMS key access denied error: no", client)],
    ["refused", error("UnrecognizedClientException", "", status(400))],
    ["refused", error("ExpiredTokenException", "", client)],
    ["refused", error("InvalidSignatureException", "", client)],
    ["refused", error("MissingAuthenticationTokenException", "", client)],
    ["refused", error("CredentialsProviderError", "none")],
    ["refused", error("Error", "Region is missing")],
    ["refused", error("ValidationException", "The provided key element does not match the schema", client)],
    ["refused", error("ValidationException", "Query condition missed key schema element: id", client)],
    ["refused", error("ValidationException", "something else", client)],
    ["refused", error("SomethingNew", "", status(400))],
  ])("%s when it is %p", (kind, cause) => {
    const failure = toLogFailure(cause, "users");
    expect(failure).toBeInstanceOf(LogFailure);
    expect(failure).toMatchObject({ kind, cause });
  });

  test("known by its cause, too, when the SDK has wrapped it", () => {
    const wrapped = new Error("the request failed", { cause: system("EAI_AGAIN") });
    expect(toLogFailure(wrapped, "users")).toMatchObject({ kind: "unavailable", message: "the request failed" });
    expect(toLogFailure(wrapped, "users").remedy).toMatch(/VPC/);
  });
});

describe("what helps", () => {
  const throttled = (name: string, reason: string) => {
    const reasons = [{ reason, resource: "arn:aws:dynamodb:eu-west-1:123456789012:table/t" }];
    const field = name === "ThrottlingException" ? "throttlingReasons" : "ThrottlingReasons";
    return toLogFailure(error(name, "slow down", { [field]: reasons }), "users").remedy;
  };

  test.each([
    ["TableReadKeyRangeThroughputExceeded", /raise maxStalenessMs/],
    ["TableWriteKeyRangeThroughputExceeded", /more ids at a time/],
    ["TableWriteMaxOnDemandThroughputExceeded", /maximum on-demand/],
    ["TableReadAccountLimitExceeded", /quota/],
    ["TableReadProvisionedThroughputExceeded", /capacity.*on-demand/],
    ["SomethingNew", /raise maxStalenessMs/],
  ])("%s says which limit it is, whatever the error is called", (reason, expected) => {
    for (const name of ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"]) {
      expect(throttled(name, reason)).toMatch(expected);
    }
  });

  test.each([
    [
      "an action that is denied",
      error("AccessDeniedException", "User: u is not authorized to perform: dynamodb:Query on r"),
      /^allow the function's role dynamodb:Query; it needs/,
    ],
    [
      "access that is denied without a name",
      error("AccessDeniedException", "no"),
      /dynamodb:GetItem and dynamodb:Query to read, dynamodb:UpdateItem, dynamodb:PutItem and dynamodb:GetItem to invalidate/,
    ],
    [
      "a condition on keys",
      error("AccessDeniedException", "no"),
      /dynamodb:LeadingKeys has to match "users" and "users#\*"/,
    ],
    ["a key that may not be used", error("AccessDeniedException", "KMS key access denied error: x"), /kms:Decrypt/],
    ["a key switched off", error("KMSDisabledException"), /state and the policy of the table's KMS key/],
    ["a missing table", error("ResourceNotFoundException"), /name \(or ARN\), account and region.*ACTIVE/],
    ["a table in the making", error("ResourceInUseException"), /ACTIVE/],
    [
      "a table with other keys",
      error("ValidationException", "Query condition missed key schema element: id"),
      /partition key pk.*sort key sk/,
    ],
    ["no region", error("Error", "Region is missing"), /AWS_REGION/],
    ["no credentials", error("CredentialsProviderError"), /give the function a role/],
    ["a throttled key", error("KMSThrottlingException"), /KMS request quota/],
    ["a wrong region", system("ENOTFOUND"), /check the region/],
  ])("for %s", (_what, cause, remedy) => {
    expect(toLogFailure(cause, "users").remedy).toMatch(remedy);
  });

  test("is not invented for what nobody knows", () => {
    expect(toLogFailure(error("SomethingNew", "", status(400)), "users").remedy).toBeUndefined();
  });

  test("names no keys where AWS says which policy it is", () => {
    const because = ["with an explicit deny in an identity-based policy", "because no permissions boundary allows it"];
    for (const reason of because) {
      const denied = error("AccessDeniedException", `not authorized to perform: dynamodb:GetItem ${reason}`, client);
      expect(toLogFailure(denied, "users").remedy).not.toContain("LeadingKeys");
    }
  });

  test("depends on whether it was read or written", () => {
    const slow = error("ThrottlingException", "slow down", client);
    expect(toLogFailure(slow, "users", "read").remedy).toContain("raise maxStalenessMs");
    expect(toLogFailure(slow, "users", "publish").remedy).toContain("invalidate more ids at a time");
  });
});

test("a condition that did not hold and an item that is full are no failures", () => {
  expect(isConditionFailure(error("ConditionalCheckFailedException"))).toBe(true);
  expect(isConditionFailure(error("ValidationException"))).toBe(false);
  expect(
    isItemTooLarge(error("ValidationException", "Item size to update has exceeded the maximum allowed size")),
  ).toBe(true);
  expect(isItemTooLarge(error("ValidationException", "The provided key element does not match the schema"))).toBe(
    false,
  );
  expect([isConditionFailure("text"), isItemTooLarge(undefined)]).toEqual([false, false]);
});
