/**
 * An environment was frozen, or the network forgot its connections: every one that it kept is dead, reset at the next word
 * or swallowing it. That may cost one attempt, but no publication and no reading.
 */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { dataId } from "../../src/index.js";
import { createPublisher } from "../../src/publisher.js";
import { type Death, type StubKinesis, startStubKinesis } from "../../tools/builds/stub-kinesis.js";
import { TestEnvironment } from "../support/test-environment.js";
import { withVariables } from "../unit/support/environment-variables.js";

const CONNECTIONS = 8;
/** A busy machine must not be taken for a slow Kinesis. */
const PATIENT = { refreshTimeoutMs: 4_000 };
const DEATHS: readonly Death[] = ["reset", "swallow"];
let kinesis: StubKinesis;

beforeEach(async () => {
  kinesis = await startStubKinesis();
});
afterEach(() => kinesis.stop());

function withKinesis(run: () => Promise<void>): Promise<void> {
  const variables = {
    AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  return withVariables(variables, run);
}

/** How long it took, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe.each(DEATHS)("eight kept connections are dead (%s)", (death) => {
  test("one invalidate succeeds within four seconds, and so does each of many at once", async () => {
    await withKinesis(async () => {
      const publisher = createPublisher("users");
      const many = () =>
        Promise.all(Array.from({ length: CONNECTIONS }, (_, id) => publisher.invalidate(dataId("users", String(id)))));
      await many();
      expect(kinesis.connections).toBe(CONNECTIONS);
      kinesis.kill(death);
      expect(await timed(() => publisher.invalidate(dataId("users", "1")))).toBeLessThan(4_000);
      kinesis.kill(death);
      expect(await timed(many)).toBeLessThan(4_000);
    });
  }, 20_000);

  test("the next reading catches up in time, though they are far more than it needs", async () => {
    await withKinesis(async () => {
      const environment = new TestEnvironment(`users-${death}`, PATIENT, async () => ({ version: 1 }));
      await environment.invoke((cache) =>
        Promise.all(Array.from({ length: CONNECTIONS }, (_, id) => cache.invalidate(dataId("users", String(id))))),
      );
      await environment.settle("1");
      expect(kinesis.connections).toBe(CONNECTIONS);
      kinesis.kill(death);
      expect(await environment.read("1")).toMatchObject({ hit: true, freshness: { state: "fresh" } });
      expect(environment.log.warnings).toEqual([]);
    });
  });
});
