/**
 * Failures as the package's own client really meets them: a server that answers nonsense, or hangs up. What the answer held
 * must not be told to anyone, since an answer holds data ids.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createStreamApi } from "../../../src/kinesis/api.js";
import { createKinesisClient } from "../../../src/kinesis/client.js";

const SECRET = "aWQ9NDImcz11c2Vycw";
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let client: KinesisClient;
let answer: Answer = (response) => response.end();
const variables = { ...process.env };

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.AWS_ENDPOINT_URL_KINESIS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.AWS_ACCESS_KEY_ID = "key";
  process.env.AWS_SECRET_ACCESS_KEY = "secret";
  client = createKinesisClient({ region: "eu-west-1" });
});
afterAll(() => {
  process.env = variables;
  client.destroy();
  server.closeAllConnections();
  server.close();
});

const { signal } = new AbortController();
const failureFor = (given: Answer): Promise<unknown> => {
  answer = given;
  return createStreamApi(client, { name: "users" })
    .getRecords("token", undefined, signal)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
};
const body =
  (status: number, text: string): Answer =>
  (response) => {
    response.writeHead(status);
    response.end(text);
  };

describe("an answer that is none of Kinesis's", () => {
  test.each([
    [
      "a page in HTML",
      body(200, `<html>${SECRET}</html>`),
      "unavailable",
      "the answer could not be read (HTTP status 200)",
    ],
    [
      "a gateway's page",
      body(502, `<html>${SECRET}</html>`),
      "unavailable",
      "the answer could not be read (HTTP status 502)",
    ],
    [
      "a firewall's page",
      body(403, `<html>${SECRET}</html>`),
      "refused",
      "the answer could not be read (HTTP status 403)",
    ],
    [
      "half an answer",
      body(200, `{"Records":[{"Data":"${SECRET}`),
      "unavailable",
      "the answer could not be read (HTTP status 200)",
    ],
    [
      "a field of another type",
      body(200, `{"Records":"${SECRET}","MillisBehindLatest":0}`),
      "unavailable",
      "the answer could not be read (HTTP status 200)",
    ],
    [
      "a time that is none",
      body(
        200,
        `{"Records":[{"Data":"","PartitionKey":"1","SequenceNumber":"1","ApproximateArrivalTimestamp":"${SECRET}"}]}`,
      ),
      "unavailable",
      "the answer could not be read (HTTP status 200)",
    ],
    [
      "no HTTP at all",
      (response: ServerResponse) => response.socket?.end(`${SECRET}\r\n\r\n`),
      "unavailable",
      "the answer could not be read",
    ],
    ["a refusal without a reason", body(407, ""), "refused", "no reason was given (HTTP status 407)"],
  ] as const)("%s: its kind, and nothing of what it held", async (_name, given, kind, message) => {
    const failure = await failureFor(given);
    expect(failure).toMatchObject({ kind, message, remedy: expect.stringMatching(/not Kinesis|proxy/) });
    expect(inspect(failure, { depth: 9 })).not.toContain(SECRET);
  });
});

test("an answer cut off by the connection is told by the connection's failure alone", async () => {
  const failure = await failureFor((response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write(`{"Records":[{"Data":"${SECRET}`);
    setTimeout(() => response.destroy(), 20);
  });
  expect(failure).toMatchObject({
    kind: "unavailable",
    message: "aborted",
    remedy: expect.stringContaining("reached"),
  });
  expect(inspect(failure, { depth: 9 })).not.toContain(SECRET);
});

test("W2: a clock that is off is told as what one repetition mends, and the repetition is signed with the right time", async () => {
  const dates: string[] = [];
  const hourAhead = new Date(Date.now() + 3_600_000);
  const given: Answer = (response, { headers }) => {
    dates.push(String(headers["x-amz-date"]));
    response.writeHead(400, { date: hourAhead.toUTCString() });
    response.end('{"__type":"InvalidSignatureException","message":"Signature expired: x is now earlier than y"}');
  };
  expect(await failureFor(given)).toMatchObject({ kind: "unavailable", remedy: expect.stringContaining("clock") });
  await failureFor(given);
  const [first = "", second = ""] = dates.map((date) => date.slice(9, 11));
  expect((Number(second) - Number(first) + 24) % 24).toBe(1);
});
