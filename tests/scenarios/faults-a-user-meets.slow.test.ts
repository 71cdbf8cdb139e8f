/**
 * The mistakes of set-up that every user makes once: the handler works all the same, uncached, and the log says once, in
 * words, what is wrong and what to do; and once more when it is right again.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { PublishError } from "../../src/index.js";
import { type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream } from "../../tools/emulators/streams.js";
import { type MovedClock, moveClock } from "../support/moved-clock.js";
import { openStage, rowId, type Stage } from "../support/stage.js";
import type { TestEnvironment } from "../support/test-environment.js";

const INVOCATIONS = 10;

let kinesis: RunningEmulator;
let stage: Stage;
let clock: MovedClock;
let environmentVariables: NodeJS.ProcessEnv;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  environmentVariables = { ...process.env };
  stage = await openStage(kinesis);
  clock = moveClock();
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environmentVariables);
  await stage.close();
});

/** Invoked for a while, each time with a change in between: never stale, never failing. */
async function expectHandlerWorks(environment: TestEnvironment): Promise<void> {
  for (let invocation = 0; invocation < INVOCATIONS; invocation += 1) {
    stage.write("1");
    const read = await environment.read("1");
    expect(read).toMatchObject({ version: stage.rows.get("1"), hit: false });
    clock.advance(6_000);
  }
}

/** The one warning that was written, which must tell all of this. */
function expectOneWarning(environment: TestEnvironment, ...parts: readonly (string | RegExp)[]): void {
  const messages = environment.log.warnings.map(({ message }) => message);
  expect(messages).toHaveLength(1);
  for (const part of [stage.streamName, "To do:", ...parts]) expect(messages[0]).toMatch(part);
}

const KMS_ERRORS = {
  KMSAccessDeniedException: "kms:Decrypt",
  KMSDisabledException: "and the stream's key",
  KMSInvalidStateException: "cancel its deletion",
  KMSNotFoundException: "or give it another",
  KMSOptInRequired: "enable KMS",
};

describe("reading", () => {
  test.each(["ListShards", "GetShardIterator", "GetRecords"])("access denied to %s", async (operation) => {
    const environment = stage.environment();
    stage.proxy.fault(operation, { error: "AccessDeniedException", message: "User is not authorized" });
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "cannot be used", "AccessDeniedException", new RegExp(`To do: allow .*${operation}`));
  });

  test.each(Object.entries(KMS_ERRORS))("%s", async (error, remedy) => {
    const environment = stage.environment();
    stage.proxy.fault("GetRecords", { error });
    await expectHandlerWorks(environment);
    expectOneWarning(environment, error, remedy);
  });

  test("KMS throttles the stream's key", async () => {
    const environment = stage.environment();
    stage.proxy.fault("GetRecords", { error: "KMSThrottlingException" });
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "KMSThrottlingException", "quota");
  });

  test("there is no such stream", async () => {
    stage.streamName = "misspelled";
    const environment = stage.environment();
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "ResourceNotFoundException", "check its name, account and region");
  });

  test("the stream is in another region", async () => {
    process.env.AWS_REGION = "eu-central-1";
    const environment = stage.environment();
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "ResourceNotFoundException", "check its name, account and region");
  });

  test("the stream is still being created, and then is there", async () => {
    stage.streamName = "created-later";
    const environment = stage.environment();
    stage.proxy.fault("ListShards", { error: "ResourceInUseException" }, 3);
    await expectHandlerWorks(environment);
    expect(environment.log.warnings[0]?.message).toMatch("wait until the stream is ACTIVE");
    await createStream(stage.direct, stage.streamName);
    for (let invocation = 0; invocation < 3; invocation += 1) await environment.read("1");
    expect((await environment.read("1")).hit).toBe(true);
    expect(environment.log.infos.length).toBeGreaterThan(0);
  });

  test("the credentials have expired, and are renewed", async () => {
    const environment = stage.environment();
    const fault = stage.proxy.fault("*", { error: "ExpiredTokenException" });
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "ExpiredTokenException", "log in again");
    fault.remove();
    await stage.change("1");
    for (let invocation = 0; invocation < 3; invocation += 1) await environment.read("1");
    expect((await environment.read("1")).hit).toBe(true);
    expect(environment.log.infos.map(({ message }) => message)).toEqual([
      expect.stringMatching(/over after \d+ ms: stream ".*" cannot be used/),
    ]);
  });

  test("there are no credentials", async () => {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name];
    process.env.AWS_EC2_METADATA_DISABLED = "true";
    process.env.AWS_SHARED_CREDENTIALS_FILE = "/nonexistent";
    process.env.AWS_CONFIG_FILE = "/nonexistent";
    const environment = stage.environment();
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "CredentialsProviderError", "give the function a role");
    expect(stage.proxy.totalCalls).toBe(0);
  });

  test("no region is known", async () => {
    delete process.env.AWS_REGION;
    process.env.AWS_CONFIG_FILE = "/nonexistent";
    const environment = stage.environment();
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "set AWS_REGION");
  });

  test("Kinesis never answers, as in a VPC without a route", async () => {
    const environment = stage.environment({ refreshTimeoutMs: 50 });
    stage.proxy.fault("*", { hang: true });
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "could not be read", "50 ms");
  });

  test("the stream's throughput is used up by others", async () => {
    const environment = stage.environment();
    stage.proxy.fault("GetRecords", { error: "ProvisionedThroughputExceededException" });
    await expectHandlerWorks(environment);
    expectOneWarning(environment, "throttles", "raise maxStalenessMs");
  });
});

describe("writing", () => {
  test.each(["AccessDeniedException", "KMSAccessDeniedException", "ResourceNotFoundException"])(
    "%s reaches the handler as a PublishError at once, and the log once",
    async (error) => {
      const environment = stage.environment();
      stage.proxy.fault("PutRecords", { error });
      for (let invocation = 0; invocation < 5; invocation += 1) {
        const failure = await environment.invoke((cache) =>
          cache.invalidate(rowId("1")).catch((cause: unknown) => cause),
        );
        expect(failure).toBeInstanceOf(PublishError);
        expect((failure as PublishError).ids).toEqual([rowId("1").toString()]);
      }
      // No call that cannot succeed is made twice.
      expect(stage.proxy.calls).toEqual({ PutRecords: 5 });
      expectOneWarning(environment, "may lack invalidations", error);
    },
  );

  test("a role that may only write keeps publishing while its reads are refused", async () => {
    const environment = stage.environment();
    const reader = await stage.environment().settle("1");
    stage.proxy.fault("*", { error: "AccessDeniedException", when: (request) => request.Records === undefined });
    await environment.warm("1");
    stage.write("1");
    await environment.invoke((cache) => cache.invalidate(rowId("1")));
    stage.proxy.clear();
    expect((await reader.read("1")).version).toBe(2);
  });
});

test("the log never holds a value, nor a data id above debug level", async () => {
  const environment = stage.environment();
  const secret = "a-secret-id";
  await environment.invoke((cache) => cache.add(rowId(secret), { version: 4_711 }));
  stage.proxy.fault("*", { error: "AccessDeniedException" });
  await environment.read(secret);
  await environment.invoke((cache) => cache.invalidate(rowId(secret)).catch(() => undefined));
  stage.proxy.clear();
  await stage.put(`{"keys":["${secret}"]}`);
  clock.advance(6_000);
  await environment.read(secret);
  const written = JSON.stringify([environment.log.warnings, environment.log.infos]);
  expect(environment.log.warnings.length).toBeGreaterThan(1);
  expect(written).not.toMatch(secret);
  expect(written).not.toMatch("4711");
});

describe("in a process of its own, without a logger given, the log is one line of JSON", () => {
  const run = promisify(execFile);
  const program = fileURLToPath(new URL("../support/lone-environment.ts", import.meta.url));

  /** What a process writes whose environment variables are these. */
  async function logOf(variables: NodeJS.ProcessEnv): Promise<Record<string, unknown>[]> {
    const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", program, stage.streamName], {
      env: { ...process.env, NODE_NO_WARNINGS: "1", POWERTOOLS_DEV: "false", ...variables },
    });
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  const MISTAKES: Record<string, readonly [NodeJS.ProcessEnv, error: string, remedy: string]> = {
    "nothing listens at the endpoint": [
      { AWS_ENDPOINT_URL_KINESIS: "http://127.0.0.1:1" },
      "ECONNREFUSED",
      "in a VPC also DNS, route",
    ],
    "the endpoint has no address": [{ AWS_ENDPOINT_URL_KINESIS: "http://kinesis.nowhere.invalid" }, "E", "DNS"],
    "the stream is in another region": [{ AWS_REGION: "eu-central-1" }, "ResourceNotFoundException", "region"],
  };

  test("whatever the mistake, and nothing at all when there is none", async () => {
    const correct = logOf({});
    // At once, for most of the time each takes is that of starting Node.
    const logs = Object.values(MISTAKES).map(async ([variables, error, remedy]) => {
      expect(await logOf(variables)).toEqual([
        expect.objectContaining({
          level: "WARN",
          message: expect.stringContaining(remedy),
          scache: expect.objectContaining({ stream: stage.streamName, error: expect.stringContaining(error) }),
        }),
      ]);
    });
    await Promise.all(logs);
    expect(await correct).toEqual([]);
  });
});
