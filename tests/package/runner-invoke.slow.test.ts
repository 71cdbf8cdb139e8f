/**
 * `npm run invoke` and `npm run emulators`, as a user runs them: the example's deployed functions on this machine.
 */
import { describe, expect, test } from "@jest/globals";
import { functionFor } from "../../tools/lambda/bundle.js";
import { lastObject, runTool, startTool } from "../support/tool.js";

const INVOKE = "tools/lambda/invoke.ts";
const EMULATORS = "tools/emulators/main.ts";

interface Invoked {
  readonly functionName: string;
  readonly freezes: number;
  readonly outcomes: readonly {
    readonly result: { statusCode: number; headers: Record<string, string>; body: string };
  }[];
}

const invoked = (output: string) => lastObject(output) as unknown as Invoked;

describe("invoke", () => {
  test("shows a miss, then hits, with a freeze in between, and each invocation's metrics", async () => {
    const args = ["events/get-user.json", "--unbuilt", "--times", "3", "--freeze-ms", "100", "--json"];
    const { code, output, errors, leftBehind } = await runTool(INVOKE, args);
    expect({ code, errors, leftBehind }).toEqual({ code: 0, errors: "", leftBehind: [] });
    const { functionName, freezes, outcomes } = invoked(output);
    expect(functionName).toBe("GetUserFunction");
    expect(freezes).toBeGreaterThanOrEqual(2);
    expect(outcomes.map(({ result }) => result.headers["x-cache"])).toEqual(["miss", "hit", "hit"]);
    expect(output.match(/^REPORT RequestId/gm)).toHaveLength(3);
    expect(output.match(/"CacheHits":1/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test("uses running emulators when the environment names them", async () => {
    const emulators = startTool(EMULATORS, ["--kinesis-port", "0", "--dynamodb-port", "0"]);
    await emulators.printed(/Ctrl-C/);
    const [kinesis = "", dynamoDb = ""] = emulators.output().match(/http:\S+/g) ?? [];
    const env = { AWS_ENDPOINT_URL_KINESIS: kinesis, AWS_ENDPOINT_URL_DYNAMODB: dynamoDb };
    const written = await runTool(INVOKE, ["events/post-user.json", "--unbuilt", "--json"], env);
    expect(invoked(written.output).functionName).toBe("PostUserFunction");
    const read = await runTool(INVOKE, ["events/get-user.json", "--unbuilt", "--json"], env);
    expect(JSON.parse(invoked(read.output).outcomes[0]?.result.body ?? "")).toMatchObject({ version: 2 });
    emulators.child.kill("SIGINT");
    expect(await emulators.ended).toMatchObject({ code: 130, errors: "", leftBehind: [] });
  });

  test("runs several events in turn in one environment, all of them each time", async () => {
    const files = ["events/get-user.json", "events/get-missing-user.json"];
    const { code, output, errors } = await runTool(INVOKE, [...files, "--unbuilt", "--times", "2", "--json"]);
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    const { outcomes } = invoked(output);
    expect(outcomes.map(({ result }) => result.statusCode)).toEqual([200, 404, 200, 404]);
    expect(outcomes[2]?.result.headers["x-cache"]).toBe("hit");
  });

  test.each([
    [
      "a function that is not there",
      ["events/get-user.json", "--function", "NoSuch"],
      "there is no NoSuch in template",
    ],
    ["an event that is not there", ["events/get-user.json", "none.json"], "none.json: ENOENT"],
    ["an event that is no JSON", ["README.md"], /^README\.md: Unexpected token/],
    ["a file that is no event", ["package.json"], "package.json: this is no event of an HTTP API"],
    [
      "events of two functions",
      ["events/get-user.json", "events/post-user.json"],
      "events/get-user.json goes to GetUserFunction, events/post-user.json goes to PostUserFunction",
    ],
  ])("%s ends it with 1, in words, and nothing left behind", async (_, args, words) => {
    const { code, errors, output, leftBehind } = await runTool(INVOKE, [...args, "--unbuilt"]);
    expect({ code, output, leftBehind }).toEqual({ code: 1, output: "", leftBehind: [] });
    expect(errors).toMatch(words);
    expect(errors).not.toMatch(/^\s+at /m);
  });

  test("services that cannot be reached leave no bundle behind", async () => {
    const env = { AWS_ENDPOINT_URL_KINESIS: "http://127.0.0.1:1", AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1" };
    const { leftBehind } = await runTool(INVOKE, ["events/get-user.json", "--unbuilt"], env);
    expect(leftBehind).toEqual([]);
  });

  test("says how it is used", async () => {
    expect(await runTool(INVOKE, [])).toMatchObject({
      code: 2,
      output: "",
      errors: expect.stringMatching(/^name the file of an event\n\nusage: npm run invoke/),
    });
    expect(await runTool(INVOKE, ["--help"])).toMatchObject({
      code: 0,
      output: expect.stringContaining("--times N"),
      errors: "",
    });
  });

  test("finds the function by the template's routes", () => {
    const event = (method: string, path: string) => ({ requestContext: { http: { method, path } } });
    expect(functionFor(event("POST", "/user/1"))).toBe("PostUserFunction");
    expect(() => functionFor(event("GET", "/user/1/more"))).toThrow("no route for GET /user/1/more");
    for (const none of [null, 1, {}]) expect(() => functionFor(none)).toThrow("this is no event of an HTTP API");
  });
});
