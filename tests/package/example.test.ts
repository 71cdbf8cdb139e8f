/**
 * The deployable example, run as it stands in example/src against the embedded Kinesis and DynamoDB with the events of
 * events/. Each handler's module makes a middleware of its own, so each is an environment of its own.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { createTable, startDynamoDb } from "../../tools/emulators/dynamodb.js";
import { kinesisClient, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream } from "../../tools/emulators/streams.js";
import { captureStandardOutput } from "../support/standard-output.js";

type Handler = (event: APIGatewayProxyEventV2, context: object) => Promise<APIGatewayProxyStructuredResultV2>;
interface Answer {
  readonly status: number | undefined;
  readonly cache: unknown;
  readonly cookies: readonly string[] | undefined;
  readonly body: Record<string, unknown>;
  /** What the invocation wrote to standard output: metrics. */
  readonly lines: readonly string[];
  /** What it wrote to standard error: the logger's warnings and errors. */
  readonly log: string;
}

const STREAM = "scache-users";
const TABLE = "users";

let kinesis: RunningEmulator;
let dynamoDb: RunningEmulator;
const running = new Set<RunningEmulator>();
/** The reader as deployed, the writer as deployed, and both routes in one function. */
let reader: Handler;
let writer: Handler;
let both: Handler;
const environmentBefore = { ...process.env };

beforeAll(async () => {
  [kinesis, dynamoDb] = await Promise.all([startKinesis(), startDynamoDb()]);
  running.add(kinesis).add(dynamoDb);
  const client = kinesisClient(kinesis);
  await Promise.all([createStream(client, STREAM), createTable(dynamoDb, TABLE, "userid")]);
  client.destroy();
  Object.assign(process.env, {
    STREAM_NAME: STREAM,
    TABLE_NAME: TABLE,
    AWS_REGION: kinesis.region,
    AWS_ACCESS_KEY_ID: kinesis.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: kinesis.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    POWERTOOLS_SERVICE_NAME: "users",
  });
  reader = (await import("../../example/src/get-user.js")).handler as unknown as Handler;
  writer = (await import("../../example/src/post-user.js")).handler as unknown as Handler;
  both = (await import("../../example/src/users-api.js")).handler as unknown as Handler;
});

afterAll(async () => {
  process.env = environmentBefore;
  await Promise.all([...running].map(stop));
});

async function stop(emulator: RunningEmulator): Promise<void> {
  running.delete(emulator);
  await emulator.stop();
}

const event = (name: string, changes: Partial<APIGatewayProxyEventV2> = {}): APIGatewayProxyEventV2 => {
  const file = new URL(`../../events/${name}.json`, import.meta.url);
  return { ...(JSON.parse(readFileSync(file, "utf8")) as APIGatewayProxyEventV2), ...changes };
};
const of = (userid: string) => ({ pathParameters: { userid } });
const written = (userid: string, name: string, email = "ann@example.com") => ({
  ...of(userid),
  body: JSON.stringify({ name, email }),
});

let invocations = 0;
async function ask(handler: Handler, request: APIGatewayProxyEventV2, remainingMs = 10_000): Promise<Answer> {
  invocations += 1;
  const context = { awsRequestId: `request-${invocations}`, getRemainingTimeInMillis: () => remainingMs };
  let log = "";
  const errors = jest.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    log += String(chunk);
    return true;
  });
  try {
    const { result, lines } = await captureStandardOutput(() => handler(request, context));
    const body = JSON.parse(result.body ?? "null") as Record<string, unknown>;
    const { statusCode: status, headers, cookies } = result;
    return { status, cache: headers?.["x-cache"], cookies, body, lines, log };
  } finally {
    errors.mockRestore();
  }
}

/** Asks until the cache answers: on a busy machine the stream may not be read in time, and then the cache misses. */
async function askUntilHit(handler: Handler, request: APIGatewayProxyEventV2): Promise<Answer> {
  for (let attempt = 1; attempt < 5; attempt += 1) {
    const answer = await ask(handler, request);
    if (answer.cache === "hit") return answer;
  }
  return ask(handler, request);
}

describe("the events of events/", () => {
  test("a miss, a hit, a write, a miss with what was written", async () => {
    // Not through the writer: a record just published would count against entries loaded within the clocks' margin.
    const { createUsers } = await import("../../example/src/users.js");
    const before = await createUsers(TABLE).save("12345", { name: "Ann", email: "ann@old.example.com" });
    expect(await ask(reader, event("get-user"))).toMatchObject({ status: 200, cache: "miss", body: before });
    expect(await askUntilHit(reader, event("get-user-again"))).toMatchObject({
      status: 200,
      cache: "hit",
      body: before,
    });
    const after = { userid: "12345", name: "Ann Other", email: "ann@example.com", version: 2 };
    expect(await ask(writer, event("post-user"))).toMatchObject({ status: 200, body: after });
    expect(await ask(reader, event("get-user"))).toMatchObject({ status: 200, cache: "miss", body: after });
    expect(await askUntilHit(reader, event("get-user-again"))).toMatchObject({
      status: 200,
      cache: "hit",
      body: after,
    });
  });

  test("a user that is not there, remembered as such until it is", async () => {
    const missing = { status: 404, body: { message: "there is no user nobody" } };
    expect(await ask(reader, event("get-missing-user"))).toMatchObject({ ...missing, cache: "miss" });
    expect(await askUntilHit(reader, event("get-missing-user"))).toMatchObject({ ...missing, cache: "hit" });
    await ask(writer, event("post-user", written("nobody", "Some One")));
    const found = { status: 200, cache: "miss", body: { name: "Some One", version: 1 } };
    expect(await ask(reader, event("get-missing-user"))).toMatchObject(found);
  });

  test("a body that is no JSON", async () => {
    const answer = await ask(writer, event("post-bad-body"));
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining("the body must be JSON") } });
  });
});

/** Asks again where a busy machine could not read the log in time, and the invocation did without the cache. */
async function askUnbypassed(handler: Handler, request: APIGatewayProxyEventV2): Promise<Answer> {
  for (let attempt = 1; attempt < 5; attempt += 1) {
    const answer = await ask(handler, request);
    if (!answer.lines.some((line) => line.includes('"state":"bypassed"'))) return answer;
  }
  return ask(handler, request);
}

/** A function's own environment: an empty cache. */
async function freshReader(): Promise<Handler> {
  let fresh: Handler | undefined;
  await jest.isolateModulesAsync(async () => {
    fresh = (await import("../../example/src/get-user.js")).handler as unknown as Handler;
  });
  if (fresh === undefined) throw new Error("the reader was not loaded");
  return fresh;
}

describe("the walk through a deployment in docs/deploying.md", () => {
  const page = readFileSync(new URL("../../docs/deploying.md", import.meta.url), "utf8");
  const calls = [...page.matchAll(/^call "\$url\/user\/12345" *(?:--data '(.*)')? *# (\d+)(?:, x-cache: (\w+))?$/gm)];

  test("shows what its comments say", async () => {
    const handler = await freshReader();
    expect(calls.map(([, body]) => body !== undefined)).toEqual([false, false, true, false, false]);
    for (const [, body, status, cache] of calls) {
      const answer =
        body === undefined
          ? await askUnbypassed(handler, event("get-user", of("walker")))
          : await ask(writer, event("post-user", { ...of("walker"), body }));
      expect({ status: answer.status, cache: answer.cache }).toEqual({ status: Number(status), cache });
    }
  });

  test("and, begun with the write, a miss, a miss and a hit", async () => {
    const handler = await freshReader();
    await ask(writer, event("post-user", written("early", "Early Writer")));
    const seen: unknown[] = [];
    while (seen.length < 3) seen.push((await askUnbypassed(handler, event("get-user", of("early")))).cache);
    expect(seen).toEqual(["miss", "miss", "hit"]);
  });
});

describe("coherence", () => {
  test("a write by one environment is what the next read in every other returns", async () => {
    await ask(writer, event("post-user", written("shared", "First")));
    for (const handler of [reader, both]) await ask(handler, event("get-user", of("shared")));
    await ask(writer, event("post-user", written("shared", "Second")));
    for (const handler of [reader, both]) {
      const answer = await ask(handler, event("get-user", of("shared")));
      expect(answer).toMatchObject({ cache: "miss", body: { name: "Second", version: 2 } });
    }
  });

  test("the environment that wrote reads what it wrote", async () => {
    await ask(both, event("post-user", written("own", "First")));
    expect(await ask(both, event("get-user", of("own")))).toMatchObject({ body: { name: "First", version: 1 } });
    await ask(both, event("post-user", written("own", "Second")));
    const reread = await ask(both, event("get-user", of("own")));
    expect(reread).toMatchObject({ cache: "miss", body: { name: "Second", version: 2 } });
    expect(await askUntilHit(both, event("get-user", of("own")))).toMatchObject({
      cache: "hit",
      body: { name: "Second" },
    });
  });

  test("SCACHE_OFF=1 leaves the cache out", async () => {
    await ask(both, event("post-user", written("off", "First")));
    process.env.SCACHE_OFF = "1";
    try {
      for (const _ of [1, 2]) {
        expect(await ask(both, event("get-user", of("off")))).toMatchObject({ status: 200, cache: "off" });
      }
    } finally {
      delete process.env.SCACHE_OFF;
    }
  });

  test("every invocation writes one line of metrics, the writer's too", async () => {
    for (const [handler, name] of [
      [reader, "get-user"],
      [writer, "post-user"],
    ] as const) {
      const { lines } = await ask(handler, event(name));
      const metrics = lines.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line) as object);
      expect(metrics).toEqual([expect.objectContaining({ service: "users", stream: STREAM })]);
    }
  });
});

describe("bad requests", () => {
  test.each([
    ["an empty object", "{}", "name"],
    ["a name of spaces", '{"name":"  ","email":"ann@example.com"}', "name"],
    ["a name that is no text", '{"name":1,"email":"ann@example.com"}', "name"],
    ["no email", '{"name":"Ann"}', "email"],
    ["an email that is none", '{"name":"Ann","email":"ann"}', "email"],
    ["null", "null", "name"],
  ])("%s is answered with 400 and what is missing", async (_, body, field) => {
    const answer = await ask(writer, event("post-user", { ...of("bad"), body }));
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining(`"${field}"`) } });
  });

  test("no body at all, and no user id", async () => {
    const { body: _, ...bodiless } = event("post-user", of("bad"));
    expect(await ask(writer, bodiless)).toMatchObject({ status: 400 });
    expect(await ask(reader, event("get-user", { pathParameters: {} }))).toMatchObject({ status: 400 });
  });

  test("nothing of them was written", async () => {
    expect(await ask(reader, event("get-user", of("bad")))).toMatchObject({ status: 404 });
  });

  test("a body in base64 is as good as any", async () => {
    const body = Buffer.from('{"name":"Änne","email":"a@example.com"}').toString("base64");
    const answer = await ask(writer, event("post-user", { ...of("base64"), body, isBase64Encoded: true }));
    expect(answer).toMatchObject({ status: 200, body: { name: "Änne" } });
  });

  test("another method is refused", async () => {
    const request = event("get-user");
    request.requestContext.http.method = "DELETE";
    expect(await ask(both, request)).toMatchObject({ status: 405 });
  });
});

describe("whoever has just written, where environments look into the log once a minute", () => {
  let minutely: Handler;
  /** Of the user that each test is about, so that none meets what another has cached. */
  let userid: string;
  const read = (...cookies: string[]) => ask(minutely, event("get-user", { ...of(userid), cookies }));
  const write = (name: string) => ask(writer, event("post-user", written(userid, name)));
  const seen = async (answer: Promise<Answer>) => {
    const { cache, body, lines } = await answer;
    return [cache, body.name, (JSON.parse(lines[0] ?? "{}") as { kinesisCalls?: number }).kinesisCalls];
  };
  const cookieOf = ({ cookies }: Answer) => cookies?.[0]?.split(";")[0] ?? "";

  beforeAll(async () => {
    process.env.MAX_STALENESS_MS = "60000";
    minutely = await freshReader();
  });

  afterAll(() => {
    delete process.env.MAX_STALENESS_MS;
  });

  beforeEach(async () => {
    userid = `own-${invocations}`;
    await write("First");
    for (let tries = 0; tries < 5 && (await read()).cache !== "hit"; tries++);
    // The place in the shard is known from the first reading on: this is one.
    await read(cookieOf(await write("Second")));
    for (let tries = 0; tries < 5 && (await read()).cache !== "hit"; tries++);
  });

  test("is given a cookie that lasts as long as it can tell anything", async () => {
    const { cookies } = await write("Third");
    expect(cookies).toEqual([
      expect.stringMatching(/^scache=[\w-]{20,1024}; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=60$/),
    ]);
  });

  test("reads it by that cookie, for one reading; others read what is a little older, and make no call", async () => {
    const cookie = cookieOf(await write("Third"));
    expect(await seen(read())).toEqual(["hit", "Second", 0]);
    expect(await seen(read("theme=dark", cookie))).toEqual(["miss", "Third", 1]);
    expect(await seen(read(cookie))).toEqual(["hit", "Third", 0]);
    expect(await seen(read())).toEqual(["hit", "Third", 0]);
  });

  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  test.each([
    ["an empty one", "scache="],
    ["the word that stands for a token too long", "scache=read"],
    ["one of no token", "scache=%00%ff<script>"],
    ["one far too long", `scache=${"A".repeat(100_000)}`],
    ["one of another stream", `scache=${text(["orders", ["shardId-000000000000", "1"]])}`],
    ["one of what is yet to be written", `scache=${text([STREAM, ["shardId-000000000000", "9".repeat(56)]])}`],
    ["one of a shard that is not there", `scache=${text([STREAM, ["__proto__", "1"]])}`],
    ["one of another shape", `scache=${text({ length: 1e9 })}`],
  ])("no cookie makes a request fail: %s", async (_, cookie) => {
    for (let times = 0; times < 2; times++)
      expect(await read(cookie)).toMatchObject({ status: 200, body: { name: "Second" } });
  });

  test("gets no cookie where each request looks into the log, and needs none", async () => {
    process.env.MAX_STALENESS_MS = "";
    try {
      const { cookies, body } = await write("Third");
      expect(cookies).toEqual([]);
      expect(await ask(reader, event("get-own-write", of(userid)))).toMatchObject({ status: 200, body });
    } finally {
      process.env.MAX_STALENESS_MS = "60000";
    }
  });
});

// These take the services away, one after the other: they come last.
describe("without its services", () => {
  test("without Kinesis a read is right, and a write says that others may not know", async () => {
    await ask(reader, event("get-user"));
    await stop(kinesis);
    const read = await ask(reader, event("get-user"));
    expect(read).toMatchObject({
      status: 200,
      cache: "miss",
      log: expect.stringContaining("could not be read:"),
    });
    const write = await ask(writer, event("post-user", written("unannounced", "Ann")), 1_000);
    expect(write).toMatchObject({ status: 503, body: { message: expect.stringContaining("send it again") } });
    const [said = ""] = write.log.split("\n").filter((line) => line.includes("saved, but not announced"));
    // On a busy machine the second is over before the refusal has come.
    expect(said).toMatch(
      /"level":"ERROR".*"code":"PUBLISH_FAILED","idCount":1,"cause":\{.*(ECONNREFUSED|not answered)/,
    );
    // W5: the id may be personal data.
    expect(said).not.toContain("unannounced");
    expect(await ask(reader, event("get-user", of("unannounced")))).toMatchObject({
      status: 200,
      body: { version: 1 },
    });
  });

  test("without its table a read is answered with 500, and the reason is in the log alone", async () => {
    await stop(dynamoDb);
    const answer = await ask(reader, event("get-user", of("other")));
    expect(answer).toMatchObject({ status: 500, body: { message: "something went wrong here" } });
    expect(answer.log).toMatch(/request failed.*ECONNREFUSED/s);
  });
});
