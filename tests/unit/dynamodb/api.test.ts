/** How the port's calls become the SDK's, and the SDK's answers the port's. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { createTableApi } from "../../../src/dynamodb/api.js";

const ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/changes";
const { signal } = new AbortController();
const KEY = { pk: { S: "users" }, sk: { N: "-1" } };
const bytes = (...values: number[]) => Uint8Array.from(values);

interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** A client that keeps what it is sent and answers as told. */
function apiWith(answer: object | (() => unknown) = {}, arn?: string) {
  const sent: Sent[] = [];
  const client = {
    async send(command: { input: Record<string, unknown> }) {
      sent.push({ name: command.constructor.name, input: command.input });
      return typeof answer === "function" ? answer() : answer;
    },
  } as unknown as DynamoDBClient;
  return { api: createTableApi(client, { name: "changes", log: "users", arn }), sent };
}

const item = (fields: object = {}) => ({
  ...KEY,
  i: { S: "a" },
  b: { N: "3" },
  r: { L: [{ B: bytes(1) }] },
  ...fields,
});

describe("the head", () => {
  test("is read strongly unless told otherwise, by the table's name or ARN", async () => {
    const { api, sent } = apiWith();
    await api.getHead("strong", signal);
    await api.getHead("eventual", signal);
    const byArn = apiWith({}, ARN);
    await byArn.api.getHead("strong", signal);
    expect([...sent, ...byArn.sent]).toEqual([
      { name: "GetItemCommand", input: { TableName: "changes", Key: KEY, ConsistentRead: true } },
      { name: "GetItemCommand", input: { TableName: "changes", Key: KEY, ConsistentRead: false } },
      { name: "GetItemCommand", input: { TableName: ARN, Key: KEY, ConsistentRead: true } },
    ]);
  });

  test("is its incarnation, where it begins, and its records, written as bytes or as text", async () => {
    const { api } = apiWith({ Item: item({ r: { L: [{ B: bytes(1, 2) }, { S: "{}" }, { N: "7" }] } }) });
    expect(await api.getHead("strong", signal)).toEqual({
      incarnation: "a",
      first: 3,
      // What is neither is a record without content, which nobody understands.
      records: [bytes(1, 2), new TextEncoder().encode("{}"), bytes()],
    });
  });

  test.each([
    ["no incarnation", { i: undefined }, /incarnation/],
    ["an empty incarnation", { i: { S: "" } }, /incarnation/],
    ["an incarnation that is no text", { i: { N: "1" } }, /incarnation/],
    ["no beginning", { b: undefined }, /begins/],
    ["a beginning before the first", { b: { N: "-1" } }, /begins/],
    ["half a beginning", { b: { N: "1.5" } }, /begins/],
    ["a beginning that is no number", { b: { S: "1" } }, /begins/],
    ["a beginning too large to count on", { b: { N: "1e30" } }, /begins/],
    ["no list", { r: undefined }, /list/],
    ["a list that is none", { r: { S: "[]" } }, /list/],
    ["a later version", { v: { N: "2" } }, /version is 2/],
    ["a version that is no number", { v: { S: "1" } }, /version/],
  ])("with %s cannot be read", async (_what, fields, why) => {
    const { api } = apiWith({ Item: item(fields) });
    expect(await api.getHead("strong", signal)).toEqual({ unreadable: expect.stringMatching(why) });
  });

  test("of version 1, said or not, can", async () => {
    const { api } = apiWith({ Item: item({ v: { N: "1" } }) });
    expect(await api.getHead("strong", signal)).toMatchObject({ first: 3 });
  });
});

describe("append", () => {
  test("is one update without a condition that makes what is missing, and answers with the whole head", async () => {
    const { api, sent } = apiWith({ Attributes: item() });
    expect(await api.append([bytes(1), bytes(2)], "fresh", signal)).toEqual({
      incarnation: "a",
      first: 3,
      records: [bytes(1)],
    });
    expect(sent).toEqual([
      {
        name: "UpdateItemCommand",
        input: {
          TableName: "changes",
          Key: KEY,
          UpdateExpression:
            "SET r = list_append(if_not_exists(r, :e), :n), b = if_not_exists(b, :z), i = if_not_exists(i, :i)",
          ExpressionAttributeValues: {
            ":e": { L: [] },
            ":n": { L: [{ B: bytes(1) }, { B: bytes(2) }] },
            ":z": { N: "0" },
            ":i": { S: "fresh" },
          },
          ConditionExpression: undefined,
          ReturnValues: "ALL_NEW",
        },
      },
    ]);
  });

  test("to an item that is full says so", async () => {
    const { api } = apiWith(() => {
      throw Object.assign(new Error("Item size to update has exceeded the maximum allowed size"), {
        name: "ValidationException",
      });
    });
    expect(await api.append([bytes(1)], "fresh", signal)).toBe("full");
  });

  test("an answer without a head is not taken for one", async () => {
    expect(await apiWith({}).api.append([bytes(1)], "fresh", signal)).toHaveProperty("unreadable");
  });
});

describe("segments", () => {
  test("are asked for by a strong query, between two numbers", async () => {
    const { api, sent } = apiWith({ Items: [] });
    await api.querySegments({ incarnation: "a", from: 5, before: 40 }, signal);
    expect(sent).toEqual([
      {
        name: "QueryCommand",
        input: {
          TableName: "changes",
          KeyConditionExpression: "pk = :p AND sk BETWEEN :a AND :b",
          ExpressionAttributeValues: { ":p": { S: "users#a" }, ":a": { N: "5" }, ":b": { N: "39" } },
          ConsistentRead: true,
          Limit: 128,
        },
      },
    ]);
  });

  test("are told with where to read on; what is no segment is left out", async () => {
    const records = (count: number) => ({ L: Array.from({ length: count }, (_, index) => ({ B: bytes(index) })) });
    const { api } = apiWith({
      Items: [
        { sk: { N: "5" }, r: records(2) },
        { sk: { N: "7" }, r: records(0) },
        { sk: { N: "8" } },
        { sk: { N: "9" }, r: records(101) },
        { r: records(1) },
        { sk: { N: "20" }, r: records(1) },
      ],
      LastEvaluatedKey: { pk: { S: "users#a" }, sk: { N: "20" } },
    });
    expect(await api.querySegments({ incarnation: "a", from: 5, before: 40 }, signal)).toEqual({
      segments: [
        { first: 5, records: [bytes(0), bytes(1)] },
        { first: 20, records: [bytes(0)] },
      ],
      next: 21,
    });
    expect(await apiWith({}).api.querySegments({ incarnation: "a", from: 5, before: 40 }, signal)).toEqual({
      segments: [],
      next: undefined,
    });
  });

  test("are put once, with the second in which they expire", async () => {
    const { api, sent } = apiWith();
    expect(await api.putSegment("a", { first: 5, records: [bytes(1)] }, 1_234_567, signal)).toBe("put");
    expect(sent).toEqual([
      {
        name: "PutItemCommand",
        input: {
          TableName: "changes",
          Item: { pk: { S: "users#a" }, sk: { N: "5" }, r: { L: [{ B: bytes(1) }] }, ttl: { N: "1234" } },
          ConditionExpression: "attribute_not_exists(pk)",
        },
      },
    ]);
  });
});

describe("making room", () => {
  test("takes the records out from the last to the first, on condition that it is still that head", async () => {
    const { api, sent } = apiWith({ Attributes: item() });
    expect(await api.trim({ incarnation: "a", first: 3 }, 3, signal)).toMatchObject({ first: 3 });
    expect(sent[0]?.input).toEqual({
      TableName: "changes",
      Key: KEY,
      UpdateExpression: "REMOVE r[2], r[1], r[0] SET b = b + :k",
      ExpressionAttributeValues: { ":i": { S: "a" }, ":b": { N: "3" }, ":k": { N: "3" }, ":v": { N: "1" } },
      ConditionExpression: "b = :b AND i = :i AND (attribute_not_exists(v) OR v = :v)",
      ReturnValues: "ALL_NEW",
    });
  });

  test("beginning anew gives another incarnation, on condition that it still has the one that was seen", async () => {
    const { api, sent } = apiWith({ Attributes: item() });
    expect(await api.reset("seen", "fresh", signal)).toBe("reset");
    expect(sent[0]?.input).toMatchObject({
      UpdateExpression: "SET r = :e, b = :z, i = :f",
      ExpressionAttributeValues: {
        ":e": { L: [] },
        ":z": { N: "0" },
        ":f": { S: "fresh" },
        ":i": { S: "seen" },
        ":v": { N: "1" },
      },
      ConditionExpression: "i = :i AND (attribute_not_exists(v) OR v = :v)",
    });
  });

  test("a hundred records at once stay within the 4 KB that an expression may have", async () => {
    const { api, sent } = apiWith({ Attributes: item() });
    await api.trim({ incarnation: "a", first: 3 }, 100, signal);
    expect(String(sent[0]?.input.UpdateExpression).length).toBeLessThan(4_096);
  });

  test("a condition that does not hold is no failure", async () => {
    const { api } = apiWith(() => {
      throw Object.assign(new Error("The conditional request failed"), { name: "ConditionalCheckFailedException" });
    });
    expect(await api.trim({ incarnation: "a", first: 3 }, 1, signal)).toBe("changed");
    expect(await api.reset("a", "b", signal)).toBe("changed");
    expect(await api.putSegment("a", { first: 5, records: [bytes(1)] }, 0, signal)).toBe("exists");
  });
});

describe("every call", () => {
  const all = (api: ReturnType<typeof apiWith>["api"], abort: AbortSignal = signal) => [
    api.getHead("strong", abort),
    api.append([bytes(1)], "fresh", abort),
    api.querySegments({ incarnation: "a", from: 0, before: 1 }, abort),
    api.getSegment("a", 0, abort),
    api.putSegment("a", { first: 0, records: [bytes(1)] }, 0, abort),
    api.trim({ incarnation: "a", first: 0 }, 1, abort),
    api.reset("a", "b", abort),
  ];

  test("names no attribute by a word that DynamoDB keeps for itself", async () => {
    const { api, sent } = apiWith({ Attributes: item() });
    await Promise.all(all(api));
    const expressions = sent.flatMap(({ input }) =>
      ["UpdateExpression", "ConditionExpression", "KeyConditionExpression"].map((name) => input[name] ?? ""),
    );
    const words = expressions.join(" ").match(/\b[a-z]\w*\b/g) ?? [];
    const functions = ["list_append", "if_not_exists", "attribute_not_exists"];
    expect([...new Set(words)].filter((word) => !functions.includes(word)).sort()).toEqual(
      // After a colon are placeholders, which may be called anything.
      ["a", "b", "e", "f", "i", "k", "n", "p", "pk", "r", "sk", "v", "z"],
    );
  });

  test("tells a failure in the words of the port, even of a client that throws", async () => {
    const client = {
      send() {
        throw Object.assign(new Error("no"), { name: "AccessDeniedException", $fault: "client" });
      },
    } as unknown as DynamoDBClient;
    const results = await Promise.allSettled(all(createTableApi(client, { name: "changes", log: "users" })));
    for (const result of results) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { name: "LogFailure", kind: "refused", message: "no" },
      });
    }
    expect(results).toHaveLength(7);
  });

  test.each([
    ["nothing", undefined, "refused"],
    ["what cannot be read, from a service", { $metadata: { httpStatusCode: 200 }, Items: 7, Item: 7 }, "unavailable"],
  ])("that is answered with %s has failed", async (_what, answer, kind) => {
    const { api } = apiWith(() => answer);
    await expect(api.querySegments({ incarnation: "a", from: 0, before: 1 }, signal)).rejects.toMatchObject({ kind });
  });

  test("ends with its signal", async () => {
    const controller = new AbortController();
    const client = {
      send: (_command: object, { abortSignal }: { abortSignal: AbortSignal }) =>
        new Promise((_resolve, reject) => abortSignal.addEventListener("abort", () => reject(new Error("aborted")))),
    } as unknown as DynamoDBClient;
    const calls = all(createTableApi(client, { name: "changes", log: "users" }), controller.signal);
    controller.abort();
    for (const result of await Promise.allSettled(calls)) {
      expect(result).toMatchObject({ status: "rejected", reason: { kind: "unavailable" } });
    }
  });
});

describe("W3: a client that gives no answer", () => {
  const { api } = apiWith(() => undefined);
  const head = { incarnation: "a", first: 3 };
  const segment = { first: 0, records: [bytes(1)] };

  test.each([
    ["getHead", () => api.getHead("strong", signal)],
    ["append", () => api.append([bytes(1)], "a", signal)],
    ["querySegments", () => api.querySegments({ incarnation: "a", from: 0, before: 3 }, signal)],
    ["getSegment", () => api.getSegment("a", 0, signal)],
    ["putSegment", () => api.putSegment("a", segment, 0, signal)],
    ["trim", () => api.trim(head, 1, signal)],
    ["reset", () => api.reset("a", "b", signal)],
  ])("is a mistake in the set-up, told once, and never taken for an answer: %s", async (_name, call: () => unknown) => {
    await expect(call()).rejects.toMatchObject({
      name: "LogFailure",
      kind: "refused",
      remedy: expect.stringContaining("the option client"),
    });
  });
});
