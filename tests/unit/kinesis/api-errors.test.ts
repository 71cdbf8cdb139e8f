/** Which kind of failure an error of the SDK is, and that a call ends with its signal. */
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "@jest/globals";
import { LogFailure } from "../../../src/core/log.js";
import { createStreamApi } from "../../../src/kinesis/api.js";

const { signal } = new AbortController();

function apiOver(send: (command: object, options: { abortSignal: AbortSignal }) => unknown) {
  return createStreamApi({ send } as unknown as KinesisClient, { name: "users" });
}

function failing(error: unknown) {
  return apiOver(() => Promise.reject(error));
}

function sdkError(name: string, fields: object = {}): Error {
  return Object.assign(new Error(`${name}!`), { name, ...fields });
}

describe("an error", () => {
  test.each([
    ["throttled", sdkError("ProvisionedThroughputExceededException", { $fault: "client" })],
    ["throttled", sdkError("LimitExceededException", { $fault: "client" })],
    ["throttled", sdkError("ThrottlingException")],
    ["throttled", sdkError("KMSThrottlingException", { $fault: "client" })],
    ["throttled", sdkError("SomethingNew", { $fault: "client", $metadata: { httpStatusCode: 429 } })],
    ["expired", sdkError("ExpiredIteratorException", { $fault: "client" })],
    ["lost", sdkError("InvalidArgumentException", { $fault: "client" })],
    ["lost", sdkError("ResourceNotFoundException", { $fault: "client" })],
    ["unavailable", sdkError("InternalFailureException", { $fault: "server" })],
    ["unavailable", sdkError("SomethingNew", { $fault: "server", $metadata: { httpStatusCode: 503 } })],
    ["unavailable", sdkError("AbortError")],
    ["unavailable", sdkError("TimeoutError")],
    ["unavailable", sdkError("Error", { code: "ECONNRESET" })],
    ["unavailable", "a text that was thrown"],
    ["unavailable", undefined],
    ["refused", sdkError("AccessDeniedException", { $fault: "client", $metadata: { httpStatusCode: 400 } })],
    ["refused", sdkError("KMSDisabledException", { $fault: "client" })],
    ["refused", sdkError("UnrecognizedClientException", { $metadata: { httpStatusCode: 400 } })],
    ["refused", sdkError("CredentialsProviderError")],
  ])("is %s when it is %p", async (kind, error) => {
    const failure = await failing(error)
      .getRecords("token", undefined, signal)
      .catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(LogFailure);
    expect(failure).toMatchObject({ kind, cause: error });
  });

  test("keeps its message, in every call", async () => {
    const api = failing(sdkError("AccessDeniedException"));
    const calls = [
      api.listShards({}, signal),
      api.getShardIterator("0", undefined, signal),
      api.getRecords("token", undefined, signal),
      api.putRecords([], signal),
    ];
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: "rejected", reason: { message: "AccessDeniedException!" } });
    }
  });

  test("of a client that throws instead of rejecting is the same", async () => {
    const api = apiOver(() => {
      throw sdkError("AccessDeniedException", { $fault: "client" });
    });
    await expect(api.getRecords("token", undefined, signal)).rejects.toMatchObject({ kind: "refused" });
  });
});

describe("W3: a client that made no request", () => {
  const nothing = apiOver(() => undefined);
  const odd = apiOver(() => ({ Records: "none", Shards: 5, MillisBehindLatest: 0 }));

  test.each([
    ["listShards", () => nothing.listShards({}, signal)],
    ["getShardIterator", () => nothing.getShardIterator("0", undefined, signal)],
    ["getRecords", () => nothing.getRecords("token", undefined, signal)],
    ["putRecords", () => nothing.putRecords([], signal)],
    ["getRecords, answered oddly", () => odd.getRecords("token", undefined, signal)],
    ["listShards, answered oddly", () => odd.listShards({}, signal)],
    ["putRecords, answered oddly", () => odd.putRecords([], signal)],
  ])("is a mistake in the set-up, which names the client: %s", async (_name, call) => {
    const failure = await call().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LogFailure);
    expect(failure).toMatchObject({ kind: "refused", remedy: expect.stringContaining("the option client") });
  });
});

test("an answer that lacks a field may be followed by one that has it, and the remedy names who may have answered", async () => {
  const failure = await apiOver(() => ({}))
    .getShardIterator("0", undefined, signal)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({
    kind: "unavailable",
    remedy: expect.stringContaining("a double given as the option client"),
  });
});

test("what is refused for a writer has a writer's remedy", async () => {
  const api = failing(sdkError("ProvisionedThroughputExceededException", { $fault: "client" }));
  await expect(api.putRecords([], signal)).rejects.toMatchObject({ remedy: expect.stringContaining("add shards") });
  await expect(api.getRecords("x", undefined, signal)).rejects.toMatchObject({
    remedy: expect.stringContaining("maxStalenessMs"),
  });
});

test("every call ends with its signal", async () => {
  const controller = new AbortController();
  const api = apiOver(
    (_command, { abortSignal }) =>
      new Promise((_resolve, reject) => {
        abortSignal.addEventListener("abort", () => reject(sdkError("AbortError")), { once: true });
      }),
  );
  const call = api.getRecords("token", undefined, controller.signal);
  controller.abort();
  await expect(call).rejects.toMatchObject({ kind: "unavailable" });
});
