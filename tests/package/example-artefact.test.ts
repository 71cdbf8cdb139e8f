/**
 * The example as it is deployed: bundled by the properties of template.yaml, copied away from the repository, loaded by
 * AWS's own runtime client, and frozen between invocations. It must load there and answer every event of events/.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { type Services, startServices } from "../../tools/emulators/services.js";
import { type Bundle, bundleFunction, functionFor } from "../../tools/lambda/bundle.js";
import { LambdaEnvironment } from "../../tools/lambda/environment.js";

let services: Services;
const bundles: Bundle[] = [];
const environments = new Map<string, LambdaEnvironment>();

beforeAll(async () => {
  services = await startServices();
  for (const functionName of ["GetUserFunction", "PostUserFunction"]) {
    const bundle = await bundleFunction({ functionName, scacheFrom: "src" });
    bundles.push(bundle);
    environments.set(functionName, await LambdaEnvironment.create({ ...bundle, env: services.variables }));
  }
});

afterAll(async () => {
  await Promise.all([...environments.values()].map((environment) => environment.stop()));
  for (const bundle of bundles) bundle.remove();
  await services.stop();
});

async function answerTo(name: string) {
  const event: unknown = JSON.parse(readFileSync(new URL(`../../events/${name}.json`, import.meta.url), "utf8"));
  const environment = environments.get(functionFor(event));
  if (environment === undefined) throw new Error(`no environment serves ${name}`);
  const { result, error, logs } = await environment.invoke(event);
  expect(error).toBeUndefined();
  const { statusCode, headers, body } = result as APIGatewayProxyStructuredResultV2;
  const metrics = logs.filter((line) => line.startsWith('{"_aws"')).map((line) => JSON.parse(line) as object);
  return { statusCode, cache: headers?.["x-cache"], body: JSON.parse(body ?? "null") as unknown, metrics };
}

describe("the built example", () => {
  test.each([
    ["get-missing-user", { statusCode: 404, cache: "miss" }],
    // The embedded table begins with this user in it.
    ["get-user", { statusCode: 200, cache: "miss", body: { userid: "12345", version: 1 } }],
    ["get-user-again", { statusCode: 200, cache: "hit", body: { userid: "12345", version: 1 } }],
    ["post-bad-body", { statusCode: 400 }],
    ["post-user", { statusCode: 200, body: { userid: "12345", version: 2 } }],
    ["get-user", { statusCode: 200, cache: "miss", body: { userid: "12345", version: 2 } }],
    ["get-user-again", { statusCode: 200, cache: "hit", body: { userid: "12345", version: 2 } }],
  ] as [string, { statusCode: number; cache?: string; body?: object }][])(
    "answers %s.json with %j",
    async (name, expected) => {
      let answer = await answerTo(name);
      // On a busy machine the stream may not be read in time, and then the cache misses, as it must.
      for (let attempt = 1; expected.cache === "hit" && answer.cache !== "hit" && attempt < 5; attempt += 1) {
        answer = await answerTo(name);
      }
      expect(answer).toMatchObject(expected);
      // Raw on standard output, although the function's log format is JSON: CloudWatch reads metrics from nothing else.
      expect(answer.metrics).toEqual([expect.objectContaining({ service: "users", stream: "scache-users" })]);
    },
  );

  test("was frozen between its invocations", () => {
    // How often is chance: an invocation that is already waiting when the runtime asks for one is handed out at once.
    const freezes = [...environments.values()].map((environment) => environment.counts.freezes);
    expect(Math.min(...freezes)).toBeGreaterThanOrEqual(1);
  });
});
