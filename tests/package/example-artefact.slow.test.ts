/**
 * The example as it is deployed, on either log: bundled by the properties of template.yaml, copied away from the repository,
 * loaded by AWS's own runtime client, and frozen between invocations. It must load there, answer every event of events/, and
 * call nothing that its role does not allow.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import {
  LOG_TABLE_NAME,
  logVariables,
  putUsers,
  type Services,
  startServices,
} from "../../tools/emulators/services.js";
import { type Bundle, bundleFunction, functionFor } from "../../tools/lambda/bundle.js";
import { LambdaEnvironment } from "../../tools/lambda/environment.js";
import { deployed, readTemplate, statementsOf } from "../support/template.js";

const FUNCTIONS = ["GetUserFunction", "PostUserFunction", "RelayFunction"];
const LOGS = [
  { Log: "kinesis", name: "scache-users", variables: logVariables("kinesis") },
  { Log: "dynamodb", name: `${LOG_TABLE_NAME}/scache`, variables: logVariables("dynamodb") },
];

let services: Services;
const bundles = new Map<string, Bundle>();
const environments: LambdaEnvironment[] = [];

beforeAll(async () => {
  services = await startServices();
  for (const functionName of FUNCTIONS) {
    bundles.set(functionName, await bundleFunction({ functionName, scacheFrom: "src" }));
  }
});

afterAll(async () => {
  await Promise.all(environments.map((environment) => environment.stop()));
  for (const bundle of bundles.values()) bundle.remove();
  await services.stop();
});

async function start(functionName: string, variables: object): Promise<LambdaEnvironment> {
  const bundle = bundles.get(functionName);
  if (bundle === undefined) throw new Error(`${functionName} was not built`);
  const env = { ...services.variables, ...variables };
  const environment = await LambdaEnvironment.create({ ...bundle, functionName, env });
  environments.push(environment);
  return environment;
}

const eventNamed = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../events/${name}.json`, import.meta.url), "utf8"));

async function answerOf(environment: LambdaEnvironment, event: unknown) {
  const { result, error, logs } = await environment.invoke(event);
  expect(error).toBeUndefined();
  const { statusCode, headers, cookies, body } = result as APIGatewayProxyStructuredResultV2;
  const metrics = logs.filter((line) => line.startsWith('{"_aws"')).map((line) => JSON.parse(line) as object);
  return { statusCode, cache: headers?.["x-cache"], cookies, body: JSON.parse(body ?? "null") as unknown, metrics };
}

describe.each(LOGS)("the built example, on $Log", ({ Log, name: logName, variables }) => {
  const serving = new Map<string, LambdaEnvironment>();
  /** Calls to AWS that each function made, by its name. */
  const called = new Map<string, Set<string>>();

  beforeAll(async () => {
    // As the embedded table begins, whatever was tried on the other log.
    await putUsers(services.dynamoDb, ["12345"]);
    for (const name of FUNCTIONS.slice(0, 2)) serving.set(name, await start(name, variables));
  });

  async function answerTo(name: string) {
    const event = eventNamed(name);
    const functionName = functionFor(event);
    const environment = serving.get(functionName);
    if (environment === undefined) throw new Error(`no environment serves ${name}`);
    const proxies = [services.kinesisProxy, services.dynamoDbProxy];
    for (const proxy of proxies) proxy.resetCounts();
    const answer = await answerOf(environment, event);
    const calls = new Set(called.get(functionName));
    for (const operation of Object.keys(services.kinesisProxy.calls)) calls.add(`kinesis:${operation}`);
    for (const operation of Object.keys(services.dynamoDbProxy.calls)) calls.add(`dynamodb:${operation}`);
    called.set(functionName, calls);
    return answer;
  }

  test.each([
    ["get-missing-user", { statusCode: 404, cache: "miss" }],
    ["get-user", { statusCode: 200, cache: "miss", body: { userid: "12345", version: 1 } }],
    ["get-user-again", { statusCode: 200, cache: "hit", body: { userid: "12345", version: 1 } }],
    ["post-bad-body", { statusCode: 400 }],
    ["post-user", { statusCode: 200, body: { userid: "12345", version: 2 } }],
    ["get-user", { statusCode: 200, cache: "miss", body: { userid: "12345", version: 2 } }],
    ["get-user-again", { statusCode: 200, cache: "hit", body: { userid: "12345", version: 2 } }],
    ["get-own-write", { statusCode: 200, cache: "hit", body: { userid: "12345", version: 2 } }],
  ] as [string, { statusCode: number; cache?: string; body?: object }][])(
    "answers %s.json with %j",
    async (name, expected) => {
      let answer = await answerTo(name);
      // On a busy machine the log may not be read in time, and then the cache misses, as it must.
      for (let attempt = 1; expected.cache === "hit" && answer.cache !== "hit" && attempt < 5; attempt += 1) {
        answer = await answerTo(name);
      }
      expect(answer).toMatchObject(expected);
      // Raw on standard output, although the function's log format is JSON: CloudWatch reads metrics from nothing else.
      expect(answer.metrics).toEqual([expect.objectContaining({ service: "users" })]);
      expect(Object.values(answer.metrics[0] ?? {})).toContain(logName);
    },
  );

  test("whoever has just written reads that by the cookie, where others may be served what is a minute old", async () => {
    const [reader, writer] = await Promise.all(
      FUNCTIONS.slice(0, 2).map((name) => start(name, { ...variables, MAX_STALENESS_MS: "60000" })),
    );
    if (reader === undefined || writer === undefined) throw new Error("not started");
    const read = (...cookies: string[]) => answerOf(reader, { ...(eventNamed("get-user") as object), cookies });
    const { body: before } = await read();
    const { body: after, cookies = [] } = await answerOf(writer, eventNamed("post-user"));
    expect(await read()).toMatchObject({ cache: "hit", body: before });
    expect(await read(cookies[0]?.split(";")[0] ?? "")).toMatchObject({ cache: "miss", body: after });
  });

  test("was frozen between its invocations", () => {
    // How often is chance: an invocation that is already waiting when the runtime asks for one is handed out at once.
    const freezes = [...serving.values()].map((environment) => environment.counts.freezes);
    expect(Math.min(...freezes)).toBeGreaterThanOrEqual(1);
  });

  test("called nothing that its roles do not allow", () => {
    const given = deployed(readTemplate(), { Log });
    expect([...called.keys()].sort()).toEqual(FUNCTIONS.slice(0, 2));
    for (const [functionName, calls] of called) {
      const allowed = new Set(statementsOf(given, functionName).flatMap(({ Action }) => Action));
      expect(calls.size).toBeGreaterThan(0);
      expect([...calls].filter((action) => !allowed.has(action))).toEqual([]);
    }
  });

  test("a row that somebody changes by hand is served by no environment once the relay has run", async () => {
    const relayed = { ...variables, INVALIDATIONS: "table-stream" };
    const [reader, writer, relay] = await Promise.all(FUNCTIONS.map((name) => start(name, relayed)));
    if (reader === undefined || writer === undefined || relay === undefined) throw new Error("not started");
    const read = () => answerOf(reader, eventNamed("get-user"));
    const { body } = await answerOf(writer, eventNamed("post-user"));
    let before = await read();
    for (let attempt = 1; before.cache !== "hit" && attempt < 5; attempt += 1) before = await read();
    expect(before).toMatchObject({ cache: "hit", body: body as object });
    // With the bare SDK, and nobody publishes.
    await putUsers(services.dynamoDb, ["12345"]);
    const records = [
      {
        eventID: "1",
        eventName: "MODIFY",
        eventSource: "aws:dynamodb",
        eventSourceARN: "arn:aws:dynamodb:us-east-1:123456789012:table/users/stream/2026-11-27T00:00:00.000",
        dynamodb: { Keys: { userid: { S: "12345" } }, SequenceNumber: "1", StreamViewType: "KEYS_ONLY" },
      },
    ];
    expect((await relay.invoke({ Records: records })).result).toEqual({ batchItemFailures: [] });
    expect(await read()).toMatchObject({ cache: "miss", body: { name: "Ann", version: 1 } });
  });
});

test("on a table, who writes, reads and reads again sees a hit at the second reading", async () => {
  const { variables = {} } = LOGS[1] ?? {};
  const [reader, writer] = await Promise.all(FUNCTIONS.slice(0, 2).map((name) => start(name, variables)));
  if (reader === undefined || writer === undefined) throw new Error("not started");
  await answerOf(writer, eventNamed("post-user"));
  expect(await answerOf(reader, eventNamed("get-user"))).toMatchObject({ cache: "miss" });
  expect(await answerOf(reader, eventNamed("get-user-again"))).toMatchObject({ cache: "hit" });
});
