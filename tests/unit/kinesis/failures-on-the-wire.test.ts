/**
 * Failures as the package's own client really meets them: a server that answers nonsense, or hangs up. What the answer held
 * must not be told to anyone, since an answer holds data ids.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { createStreamApi } from "../../../src/kinesis/api.js";
import { createKinesisClient } from "../../../src/kinesis/client.js";

const SECRET = "aWQ9NDImcz11c2Vycw";
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let answer: Answer;
const variables = { ...process.env };
const CLIENTS = {
  "our own client": () => createKinesisClient({ region: "eu-west-1" }),
  "a client of the SDK": () =>
    new KinesisClient({ region: "eu-west-1", maxAttempts: 1, requestHandler: new NodeHttpHandler() }),
};

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.env.AWS_ENDPOINT_URL_KINESIS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.AWS_ACCESS_KEY_ID = "key";
  process.env.AWS_SECRET_ACCESS_KEY = "secret";
});
afterAll(() => {
  process.env = variables;
  server.closeAllConnections();
  server.close();
});

const { signal } = new AbortController();

/** What calls reject with that are answered so, one after the other, once one was answered well: from then on our client
 * does without the SDK. */
async function failuresOf(make: () => KinesisClient, given: Answer, calls = 1): Promise<unknown[]> {
  const client = make();
  const api = createStreamApi(client, { name: "users" });
  answer = (response) => response.end('{"Records":[],"MillisBehindLatest":0}');
  await api.getRecords("token", undefined, signal);
  answer = given;
  const failures = [];
  for (let call = 0; call < calls; call++) {
    failures.push(await api.getRecords("token", undefined, signal).catch((error: unknown) => error));
  }
  client.destroy();
  return failures;
}

const body =
  (status: number, text: string): Answer =>
  (response) => {
    response.writeHead(status);
    response.end(text);
  };

const NOT_READ = /^(the answer could not be read|the service answered with status \d+|no reason was given)/;

describe.each(Object.entries(CLIENTS))("by %s, an answer that is none of Kinesis's", (_by, make) => {
  test.each([
    ["a page in HTML", body(200, `<html>${SECRET}</html>`), "unavailable"],
    ["a gateway's page", body(502, `<html>${SECRET}</html>`), "unavailable"],
    ["a firewall's page", body(403, `<html>${SECRET}</html>`), "refused"],
    ["half an answer", body(200, `{"Records":[{"Data":"${SECRET}`), "unavailable"],
    ["a field of another type", body(200, `{"Records":"${SECRET}","MillisBehindLatest":0}`), "unavailable"],
    [
      "a member of another type",
      body(200, `{"Records":[null],"NextToken":"${SECRET}","MillisBehindLatest":0}`),
      "unavailable",
    ],
    ["no HTTP at all", (response: ServerResponse) => response.socket?.end(`${SECRET}\r\n\r\n`), "unavailable"],
    ["a refusal without a reason", body(407, ""), "refused"],
  ] as const)("%s: its kind, who may have answered, and nothing of what it held", async (_name, given, kind) => {
    const [failure] = await failuresOf(make, given);
    expect(failure).toMatchObject({
      kind,
      message: expect.stringMatching(NOT_READ),
      remedy: expect.stringMatching(/not Kinesis|proxy/),
    });
    expect(inspect(failure, { depth: 9 })).not.toContain(SECRET);
  });

  test("is cut off: it is told by the connection's failure alone", async () => {
    const [failure] = await failuresOf(make, (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write(`{"Records":[{"Data":"${SECRET}`);
      setTimeout(() => response.destroy(), 20);
    });
    expect(failure).toMatchObject({
      kind: "unavailable",
      remedy: expect.stringMatching(/can be reached|idle connections/),
    });
    expect(inspect(failure, { depth: 9 })).not.toContain(SECRET);
  });

  test("W2: is dated otherwise: one repetition mends it, signed with the right time", async () => {
    const dates: string[] = [];
    const hourAhead = new Date(Date.now() + 3_600_000);
    const given: Answer = (response, { headers }) => {
      dates.push(String(headers["x-amz-date"]));
      response.writeHead(400, { date: hourAhead.toUTCString() });
      response.end('{"__type":"InvalidSignatureException","message":"Signature expired: x is now earlier than y"}');
    };
    const [failure] = await failuresOf(make, given, 2);
    expect(failure).toMatchObject({ kind: "unavailable", remedy: expect.stringContaining("clock") });
    const [first = 0, second = 0] = dates.map((date) => Number(date.slice(9, 11)));
    expect((second - first + 24) % 24).toBe(1);
  });
});
