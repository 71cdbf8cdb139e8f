/** What each command makes of its arguments, before it makes a call. */
import { describe, expect, test } from "@jest/globals";
import { WrongUsage } from "../../../src/cli/arguments.js";
import { readInvalidate } from "../../../src/cli/invalidate.js";
import { readLogName } from "../../../src/cli/log-name.js";
import { installed } from "../../../src/cli/open-log.js";
import { plan, readPlan } from "../../../src/cli/plan.js";
import { readTail } from "../../../src/cli/tail.js";
import { dataId } from "../../../src/core/data-id.js";
import { resolveOptions } from "../../../src/options.js";

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof WrongUsage) return error.message;
  }
  throw new Error("it was not refused");
}

const ARN = "arn:aws:kinesis:eu-west-1:111122223333:stream/users";
const TABLE_ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/changes";

describe("a log", () => {
  test("is a stream by its name or ARN", () => {
    expect(readLogName("my-stream")).toEqual({ kind: "kinesis", stream: { name: "my-stream" } });
    expect(readLogName(ARN)).toMatchObject({ kind: "kinesis", stream: { name: "users", region: "eu-west-1" } });
  });

  test.each([
    ["dynamodb:changes", "changes", "scache", undefined],
    ["dynamodb:changes/users", "changes", "users", undefined],
    [`dynamodb:${TABLE_ARN}`, "changes", "scache", "eu-west-1"],
    [`dynamodb:${TABLE_ARN}/users`, "changes", "users", "eu-west-1"],
    [TABLE_ARN, "changes", "scache", "eu-west-1"],
    [`${TABLE_ARN}/users`, "changes", "users", "eu-west-1"],
  ])("is in a table: %s", (text, name, log, region) => {
    expect(readLogName(text)).toMatchObject({ kind: "dynamodb", table: { name, log, region } });
  });

  test.each([
    [undefined, "name a log"],
    ["", '"" names no log: a stream has 1 to 128 of a-z A-Z 0-9 _ . -'],
    ["my stream", '"my stream" names no log: a stream'],
    ["dynamo:changes", '"dynamo:changes" names no log: did you mean "dynamodb"?'],
    ["kinesis:users", '"kinesis:users" names no log: a stream'],
    ["dynamodb:", '"dynamodb:" names no log: a table has 3 to 255'],
    ["dynamodb:ab", '"dynamodb:ab" names no log: a table has 3 to 255'],
    ["dynamodb:changes/", '"dynamodb:changes/" names no log'],
    ["dynamodb:changes/a/b", '"dynamodb:changes/a/b" names no log'],
    ["dynamodb:changes/a#b", '"dynamodb:changes/a#b" names no log'],
    ["arn:aws:sqs:eu-west-1:111122223333:users", "names no log"],
  ])("is not %j", (text, message) => {
    expect(refusal(() => readLogName(text))).toContain(message);
  });
});

describe("invalidate", () => {
  test("takes data, sources or everything", () => {
    const keys = ["1", "ü 2"].map((id) => dataId("db.users.id", id).toString());
    expect(readInvalidate(["s", "db.users.id", "1", "ü 2", "1"]).what).toEqual({ keys, sources: [], all: false });
    expect(readInvalidate(["s", "--source", "a", "--source=b", "--source", "a"]).what).toMatchObject({
      sources: ["a", "b"],
    });
    expect(readInvalidate(["s", "--all"]).what).toMatchObject({ keys: [], all: true });
    expect(readInvalidate(["s", "a", "-"]).what).toEqual({ stdin: "a" });
    expect(readInvalidate(["s", "a", "--", "-1"]).what).toMatchObject({ keys: [dataId("a", "-1").toString()] });
  });

  test("goes on for ten seconds, or as long as it is told", () => {
    expect(readInvalidate(["s", "--all"]).timeoutMs).toBe(10_000);
    expect(readInvalidate(["s", "--all", "--timeout", "60"]).timeoutMs).toBe(60_000);
  });

  test.each([
    [[], "name a log"],
    [["s"], "say what has changed: SOURCE ID…, --source SOURCE, or --all"],
    [
      ["s", "db.users.id"],
      'name the ids of "db.users.id" that have changed, or say --source "db.users.id" for all of them',
    ],
    [["s", "id=1&s=db.users.id&t=data.ID"], 'that is the key of a datum: write "db.users.id" "1"'],
    [["s", "a", "1", "--all"], "say what has changed in one way"],
    [["s", "--source", "a", "--all"], "say what has changed in one way"],
    [["s", "", "1"], "the source is empty"],
    [["s", "a", ""], "an id is empty"],
    [["s", "a", "-", "1"], "- stands in place of the ids, and not beside them"],
    [["s", "a", "\ud800"], "expected"],
    [["s", "--source", "\ud800"], "expected"],
    [["s", "--all", "--timeout", "0"], "--timeout must be a number from 1 to 900"],
  ])("refuses %j in words", (args, message) => {
    expect(refusal(() => readInvalidate(args))).toContain(message);
  });
});

describe("tail", () => {
  test("ends by itself where it is told to", () => {
    expect(readTail(["s"])).toMatchObject({ forMs: undefined, json: false });
    expect(readTail(["s", "--for", "1.5", "--json"])).toMatchObject({ forMs: 1_500, json: true });
  });

  test("refuses two logs", () => expect(refusal(() => readTail(["s", "t"]))).toBe("one log at a time"));
});

describe("plan", () => {
  const needed = ["--environments", "2400", "--staleness", "1000", "--invalidations", "10"];

  test("takes figures, and has one of its own for what is not given", () => {
    expect(readPlan([...needed, "--source-ms", "50"]).figures).toEqual({
      environments: 2_400,
      maxStalenessMs: 1_000,
      invalidationsPerSecond: 10,
      invocationsPerSecond: 5,
      lookups: 1,
      data: 25,
      hotShare: 0.05,
      sourceMs: 50,
      kinesisMs: 15,
      dynamodbMs: 4,
      keyBytes: 32,
    });
  });

  test.each([
    [[], "--environments, --staleness, --invalidations must be given"],
    [needed.slice(0, 4), "--invalidations must be given"],
    [[...needed, "--hot-share", "2"], "--hot-share must be a number from 0 to 1"],
    [[...needed, "--environments", "x"], "--environments is given twice"],
    [
      ["--environments", "2,400", ...needed.slice(2)],
      '--environments must be a whole number from 1 to 1000000, but is "2,400"',
    ],
    [[...needed, "more"], '"more" belongs to no option'],
    [[...needed, "--enviroments", "1"], 'did you mean "--environments"?'],
  ])("refuses %j in words", (args, message) => {
    expect(refusal(() => readPlan(args))).toContain(message);
  });

  test("allows the bounds that the option allows", () => {
    const gap = { maxGapMs: 82_800_000 };
    expect(() => resolveOptions({ ...gap, maxStalenessMs: 41_400_000 })).not.toThrow();
    expect(() => resolveOptions({ ...gap, maxStalenessMs: 41_400_001 })).toThrow();
    const figures = ["--environments", "1", "--invalidations", "1"];
    expect(readPlan([...figures, "--staleness", "41400000"]).figures.maxStalenessMs).toBe(41_400_000);
    expect(refusal(() => readPlan([...figures, "--staleness", "41400001"]))).toContain("from 0 to 41400000");
  });

  test("speaks of one as of one", async () => {
    const lines: string[] = [];
    const terminal = { out: (text: string) => void lines.push(text), note() {}, ended: new AbortController().signal };
    await plan.run(["--environments", "1", "--staleness", "0", "--invalidations", "1", "--invocations", "1"], terminal);
    expect(lines[0]).toBe("1 environment, maxStalenessMs 0, 1 invalidation a second");
    expect(lines.join("\n")).toContain("Each environment has 1 invocation a second, each reads");
  });

  test("ends with 1 where neither log holds, and prints one object if asked to", async () => {
    const lines: string[] = [];
    const terminal = { out: (text: string) => void lines.push(text), note() {}, ended: new AbortController().signal };
    expect(await plan.run(needed, terminal)).toBe(0);
    expect(lines.join("\n")).toMatch(/DynamoDB +91 % +0 % .*holds[\s\S]*us-east-1 as of \d{4}-\d\d-\d\d/);
    lines.length = 0;
    expect(
      await plan.run(["--environments", "10000", "--staleness", "0", "--invalidations", "10", "--json"], terminal),
    ).toBe(1);
    expect(JSON.parse(lines.join(""))).toMatchObject({
      choose: "neither",
      dynamodb: { holds: false, limit: "headReads" },
    });
  });
});

describe("a package that is missing", () => {
  const missing = (name: string) =>
    Object.assign(new Error(`Cannot find package '${name}' imported from x`), { code: "ERR_MODULE_NOT_FOUND" });

  test("is named, with what to do", async () => {
    await expect(
      installed("@aws-sdk/client-dynamodb", () => Promise.reject(missing("@aws-sdk/client-dynamodb"))),
    ).rejects.toThrow(
      "this needs the package @aws-sdk/client-dynamodb, which is not installed: npm install @aws-sdk/client-dynamodb",
    );
  });

  test("is not blamed for another failure", async () => {
    await expect(installed("a", () => Promise.reject(missing("b")))).rejects.toThrow("Cannot find package 'b'");
    await expect(installed("a", () => Promise.resolve(1))).resolves.toBe(1);
  });
});
