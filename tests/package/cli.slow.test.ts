/**
 * `npx scache …` as a user runs it: the built files, in processes of their own, against an embedded Kinesis and DynamoDB through
 * the real SDK; and every command that docs/cli.md shows.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { PutRecordCommand } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createLogTable, startDynamoDb } from "../../tools/emulators/dynamodb.js";
import {
  kinesisClient,
  type RunningEmulator,
  type RunningKinesis,
  startKinesis,
} from "../../tools/emulators/kinesis.js";
import { createStream } from "../../tools/emulators/streams.js";
import { metricLine } from "../support/metric-lines.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "scache-cli-"));
/** With the packages it needs, and without any. */
const full = join(work, "full");
const bare = join(work, "bare");
let kinesis: RunningKinesis;
let dynamo: RunningEmulator;
let client: KinesisClient;
let tableClient: DynamoDBClient;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const node = (args: string[]) => execFileSync(process.execPath, args, { cwd: root, stdio: "pipe" });
  const dist = join(full, "dist");
  node(["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", dist]);
  node(["--import", "tsx", "tools/report-assets.ts", dist]);
  copyFileSync(join(root, "package.json"), join(full, "package.json"));
  mkdirSync(bare);
  cpSync(full, bare, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(full, "node_modules"));
  [kinesis, dynamo] = await Promise.all([startKinesis(), startDynamoDb()]);
  client = kinesisClient(kinesis);
  tableClient = new DynamoDBClient({ ...dynamo });
  await Promise.all([createStream(client, "my-stream"), createLogTable(dynamo, "my-table")]);
  env = {
    PATH: process.env.PATH,
    AWS_REGION: kinesis.region,
    AWS_ACCESS_KEY_ID: kinesis.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: kinesis.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
  };
}, 120_000);
afterAll(async () => {
  client.destroy();
  tableClient.destroy();
  await Promise.all([kinesis.stop(), dynamo.stop()]);
  rmSync(work, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  said(pattern: RegExp): Promise<void>;
}

function start(
  args: readonly string[],
  {
    input = "" as string | Uint8Array,
    folder = full,
    variables = {} as NodeJS.ProcessEnv,
    stdout = "pipe" as "pipe" | number,
  } = {},
): Running {
  const child = spawn(process.execPath, ["--no-warnings", join(folder, "dist/cli.js"), ...args], {
    cwd: folder,
    env: { ...env, ...variables },
    stdio: ["pipe", stdout, "pipe"],
  });
  let [out, err] = ["", ""];
  const listeners = new Set<() => void>();
  child.stdout?.on("data", (piece) => {
    out += piece;
    for (const listener of listeners) listener();
  });
  child.stderr?.on("data", (piece) => {
    err += piece;
    for (const listener of listeners) listener();
  });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(input);
  const ended = new Promise<Ran>((resolve) => child.once("close", (code) => resolve({ code, out, err })));
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => pattern.test(out + err) && resolve();
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without ${pattern}: ${out}${err}`)));
    });
  return { child, ended, said };
}

const scache = (args: readonly string[], options?: Parameters<typeof start>[1]) => start(args, options).ended;

/** What the log in the table holds, as text. */
async function inTable(log: string): Promise<string[]> {
  const { Item } = await tableClient.send(
    new GetItemCommand({ TableName: "my-table", Key: { pk: { S: log }, sk: { N: "-1" } }, ConsistentRead: true }),
  );
  return (Item?.r?.L ?? []).map(({ B }) => new TextDecoder().decode(B));
}

const LOGS = ["my-stream", "dynamodb:my-table/tail"];

describe("tail and invalidate", () => {
  test.each(LOGS)("what is published to %s is printed, and nothing is left running", async (log) => {
    const tail = start(["tail", log]);
    await tail.said(/following/);
    const published = await scache(["invalidate", log, "db.users.id", "12345", "a b"]);
    expect(published).toMatchObject({ code: 0, out: expect.stringMatching(/^[\w-]{4,}\n$/) });
    expect(published.err).toMatch(
      /^scache: published to .*: 2 data have changed\n(scache: that was the first record .*\n)?$/,
    );
    await tail.said(/db\.users\.id 12345 "a b"/);
    expect(await scache(["invalidate", log, "--source", "db.orders.id"])).toMatchObject({ code: 0 });
    expect(await scache(["invalidate", log, "--all", "--json"])).toMatchObject({
      code: 0,
      out: expect.stringContaining('"all":true'),
    });
    await tail.said(/everything/);
    tail.child.kill("SIGINT");
    const { code, out } = await tail.ended;
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}/, "")),
    ).toEqual(['db.users.id 12345 "a b"', "all of db.orders.id", "everything"]);
  });

  test("a record that is not understood is printed as one, and as an object", async () => {
    const tail = start(["tail", "my-stream", "--json", "--for", "20"]);
    await tail.said(/following/);
    await client.send(new PutRecordCommand({ StreamName: "my-stream", Data: Buffer.from("hello"), PartitionKey: "k" }));
    await tail.said(/notUnderstood/);
    tail.child.kill("SIGTERM");
    const { code, out } = await tail.ended;
    expect(code).toBe(0);
    const told = JSON.parse(out.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
    expect(told).toMatchObject({ all: true, ids: [], notUnderstood: expect.stringContaining("hello") });
  });

  test("a region and an endpoint can be given, and an ARN has one of its own", async () => {
    const variables = { AWS_REGION: undefined, AWS_ENDPOINT_URL_KINESIS: undefined, AWS_CONFIG_FILE: "/nowhere" };
    const given = ["--region", kinesis.region, "--endpoint", kinesis.endpoint];
    expect(await scache(["invalidate", "my-stream", "--all", ...given], { variables })).toMatchObject({ code: 0 });
    const without = await scache(["invalidate", "my-stream", "--all", "--endpoint", kinesis.endpoint], { variables });
    expect([without.code, without.err]).toEqual([1, expect.stringMatching(/[Rr]egion.*To do:/s)]);
  });

  test.each(["no-such-stream", "dynamodb:no-such-table"])(
    "%s cannot be written to or read, and that is said",
    async (log) => {
      for (const args of [
        ["invalidate", log, "db.users.id", "7"],
        ["tail", log],
      ]) {
        const { code, out, err } = await scache(args);
        expect([args[0], code, out]).toEqual([args[0], 1, ""]);
        expect(err).toMatch(/scache: .*no-such-.*To do: /s);
      }
      const { err } = await scache([
        "invalidate",
        log,
        "db.users.id",
        ...Array.from({ length: 23 }, (_, n) => String(n)),
      ]);
      expect(err).toMatch(
        /^scache: this may not have been published to .*: db\.users\.id 0 1 .* 19 and 3 more\. The reason: /,
      );
      expect(err).not.toContain("error.ids");
      const { out } = await scache(["invalidate", log, "db.users.id", "7", "--json"]);
      expect(JSON.parse(out)).toEqual({
        unpublished: { ids: ["id=7&s=db.users.id&t=data.ID"], sources: [], all: false },
      });
    },
  );
});

test("ids that are no text are not published, and the line is named", async () => {
  const input = Buffer.from("12345\nm\xfcller\n", "latin1");
  const { code, out, err } = await scache(["invalidate", "my-stream", "db.users.id", "-"], { input });
  expect([code, out, err]).toEqual([2, "", "scache: line 2 of standard input is not UTF-8\n"]);
});

test("a log that is new is said to be, since a misspelt one is made by its first record", async () => {
  const invalidate = (log: string) => scache(["invalidate", log, "db.users.id", "1", "2"]);
  const isNew =
    "scache: that was the first record of this log: it is new, or was begun anew; if neither was meant, check its name\n";
  expect(await invalidate("dynamodb:my-table/usres")).toMatchObject({ code: 0, err: expect.stringContaining(isNew) });
  expect((await invalidate("dynamodb:my-table/usres")).err).not.toContain("first record");
  await createStream(client, "new-stream");
  expect((await invalidate("new-stream")).err).toBe('scache: published to stream "new-stream": 2 data have changed\n');
});

describe("reset", () => {
  test("begins a log anew, as often as one likes", async () => {
    const log = "dynamodb:my-table/reset";
    expect(await scache(["reset", log])).toMatchObject({ code: 0, out: expect.stringContaining("there is no log") });
    await scache(["invalidate", log, "db.users.id", "1"]);
    expect(await inTable("reset")).toHaveLength(1);
    expect(await scache(["reset", log])).toMatchObject({
      code: 0,
      out: expect.stringContaining("is begun anew"),
      err: "",
    });
    expect(await inTable("reset")).toEqual([]);
    expect(JSON.parse((await scache(["reset", log, "--json"])).out)).toEqual({
      log: "my-table/reset",
      outcome: "begun anew",
    });
    await scache(["invalidate", log, "db.users.id", "2"]);
    expect(await inTable("reset")).toEqual(['{"keys":["id=2&s=db.users.id&t=data.ID"]}']);
  });

  test("of a stream, of two, or of a table that is not there is refused in words", async () => {
    expect(await scache(["reset", "my-stream"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("is a stream"),
    });
    expect(await scache(["reset", "dynamodb:my-table", "x"])).toMatchObject({ code: 2 });
    const { code, err } = await scache(["reset", "dynamodb:no-such-table"]);
    expect([code, err]).toEqual([1, expect.stringMatching(/was not reset: .*To do: .*there is no such table/s)]);
  });
});

describe("the command line", () => {
  test.each([
    [[], "name a command", ""],
    [["rapport"], 'there is no command "rapport": did you mean "report"?', ""],
    [["constructor"], 'there is no command "constructor"', ""],
    [["invalidate"], "name a log", "invalidate "],
    [["tail", "a b"], '"a b" names no log: a stream has 1 to 128 of a-z A-Z 0-9 _ . -', "tail "],
    [["plan", "--staleness", "1"], "--environments, --invalidations must be given", "plan "],
    [["report", "--hmtl", "x"], 'there is no option --hmtl: did you mean "--html"?', "report "],
    [["report", "--html"], "--html takes a value", "report "],
  ])("%j ends with 2, says why, and where it says how it is used", async (args, message, command) => {
    const err = `scache: ${message}\nSee: npx scache ${command}--help\n`;
    expect(await scache(args)).toEqual({ code: 2, out: "", err });
  });

  test("--help and --version answer, for each command", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(await scache(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
    const commands = ["report", "invalidate", "tail", "plan", "reset"];
    const { out } = await scache(["--help"]);
    for (const command of commands) {
      expect(out).toContain(`  ${command} `);
      const help = await scache([command, "--help"]);
      expect([help.code, help.out, help.err]).toEqual([0, expect.stringMatching(`^Usage: npx scache ${command} `), ""]);
    }
  });

  test.each([
    ["--help"],
    ["plan", "--environments", "5", "--staleness", "0", "--invalidations", "1"],
    ["report", "full.log"],
    ["invalidate", "my-stream", "db.users.id", "1"],
    ["tail", "my-stream"],
  ])("on a full disk says so in one line, and does not say that it failed: %s", async (...args) => {
    writeFileSync(join(full, "full.log"), `${metricLine()}\n`);
    const disk = openSync("/dev/full", "w");
    const running = start(args, { stdout: disk });
    if (args[0] === "tail") {
      await running.said(/following/);
      await scache(["invalidate", "my-stream", "--all"]);
    }
    const { code, err } = await running.ended;
    closeSync(disk);
    const lost = "scache: standard output could not be written: ENOSPC: no space left on device, write\n";
    expect([code, err.replace(/^scache: (published|following) .*\n/gm, "")]).toEqual([3, lost]);
  });

  test("what was not published ends with 1, whatever becomes of its output", async () => {
    const disk = openSync("/dev/full", "w");
    const { code } = await start(["invalidate", "no-such-stream", "--all", "--json"], { stdout: disk }).ended;
    closeSync(disk);
    expect(code).toBe(1);
  });

  test("is built as a file that can be run, and is the package's command", () => {
    const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { bin: { scache: string } };
    expect(() => accessSync(join(full, bin.scache), constants.X_OK)).not.toThrow();
  });

  test("without the AWS SDK's clients it says which one to install, and plans all the same", async () => {
    for (const [log, name] of [
      ["my-stream", "client-kinesis"],
      ["dynamodb:my-table", "client-dynamodb"],
    ] as const) {
      for (const args of [
        ["tail", log],
        ["invalidate", log, "--all"],
      ]) {
        const { code, err } = await scache(args, { folder: bare });
        expect([code, err]).toEqual([
          2,
          `scache: this needs the package @aws-sdk/${name}, which is not installed: npm install @aws-sdk/${name}\n`,
        ]);
      }
    }
    const plan = ["plan", "--environments", "5", "--staleness", "0", "--invalidations", "1"];
    expect(await scache(plan, { folder: bare })).toMatchObject({ code: 0, err: "" });
  });
});

describe("docs/cli.md", () => {
  const text = readFileSync(join(root, "docs/cli.md"), "utf8");
  const blocks = [...text.matchAll(/^```(\S+)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map(([, language, mark, body = ""]) => ({
    language,
    mark,
    body,
  }));
  const commands = blocks.flatMap(({ language, mark, body }) =>
    language === "sh"
      ? body
          .trim()
          .split("\n")
          .map((line) => ({ line, fails: mark === "fails" }))
      : [],
  );

  test("names every command there is", () => {
    const shown = new Set(commands.map(({ line }) => /npx scache (\w+)/.exec(line)?.[1]));
    expect([...shown].sort()).toEqual(["invalidate", "plan", "report", "reset", "tail"]);
  });

  test.each(commands)("$line", async ({ line, fails }) => {
    writeFileSync(join(full, "users.log"), `${metricLine()}\n`);
    const [before = "", command = line] = line.includes(" | ") ? line.split(" | ") : [];
    const args = command.replace("npx scache ", "").split(" ");
    const input = before.startsWith("printf") ? "12345\n67890\n" : `${metricLine()}\n`;
    if (args[0] === "tail") args.push("--for", "0.5");
    const { code, err } = await scache(args, { input });
    expect([code, err.includes("See: npx")]).toEqual([fails ? 1 : 0, false]);
  });

  test("shows what plan prints", async () => {
    const [{ line } = { line: "" }] = commands.filter((command) => command.line.includes(" plan "));
    const { out } = await scache(line.replace("npx scache ", "").split(" "));
    expect(blocks.find(({ mark }) => mark === "plan")?.body).toBe(out);
  });
});
