/**
 * Holds template.yaml to the code: what a handler names is what the build yields, each function may do exactly what it
 * does, the events go to routes that exist, and AWS's own schema agrees where it is at hand.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import AjvDraft04 from "ajv-draft-04";
import { build, type Metafile } from "esbuild";
import {
  deployed,
  type Resource,
  readTemplate,
  resourcesOf,
  type Statement,
  statementsOf,
} from "../support/template.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const template = readTemplate();
const functions = resourcesOf(template, "AWS::Serverless::Function");

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const globals = template.Globals.Function;
const variables = (globals.Environment as { Variables: Record<string, unknown> }).Variables;

const LOGS = ["kinesis", "dynamodb"];
const PUBLISHERS = ["writer", "table-stream"];
const deployments = LOGS.flatMap((Log) => PUBLISHERS.map((Invalidations) => ({ Log, Invalidations })));

const arnOf = (resource: string) => ({ "Fn::GetAtt": [resource, "Arn"] });
/** Other logs may share the table: their keys are none of this one's business. */
const Condition = { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["scache", "scache#*"] } };
const Effect = "Allow";
const READ: Record<string, Statement> = {
  kinesis: {
    Effect,
    Action: ["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"],
    Resource: arnOf("InvalidationStream"),
  },
  dynamodb: {
    Effect,
    Action: ["dynamodb:GetItem", "dynamodb:Query"],
    Resource: arnOf("InvalidationTable"),
    Condition,
  },
};
const PUBLISH: Record<string, Statement> = {
  kinesis: { Effect, Action: ["kinesis:PutRecords"], Resource: arnOf("InvalidationStream") },
  dynamodb: {
    Effect,
    Action: ["dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:GetItem"],
    Resource: arnOf("InvalidationTable"),
    Condition,
  },
};

describe.each(deployments)("deployed with %j", ({ Log, Invalidations }) => {
  const given = deployed(template, { Log, Invalidations });
  const isRelayed = Invalidations === "table-stream";
  const users = (action: string) => ({ Effect, Action: [action], Resource: arnOf("UsersTable") });
  const withoutSids = (name: string) =>
    statementsOf(given, name).map((statement) => ({ ...statement, Sid: undefined }));

  test("the reader may read the log and the table, and nothing else", () => {
    expect(withoutSids("GetUserFunction")).toEqual([READ[Log], users("dynamodb:GetItem")]);
  });

  test("the writer may write to the table, and publish unless the relay does, and nothing else", () => {
    const write = users("dynamodb:UpdateItem");
    expect(withoutSids("PostUserFunction")).toEqual(isRelayed ? [write] : [PUBLISH[Log], write]);
  });

  test("the relay, if there is one, may read the table's stream and publish, and nothing else", () => {
    expect(given.Resources.RelayFunction !== undefined).toBe(isRelayed);
    if (!isRelayed) return;
    const stream = { "Fn::Sub": expect.stringMatching(/^\$\{UsersTable\.Arn\}\/stream\/\*$/) };
    const read = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map((name) => `dynamodb:${name}`);
    expect(withoutSids("RelayFunction")).toEqual([PUBLISH[Log], { Effect, Action: read, Resource: stream }]);
  });

  test("there is one log, and the functions are told which", () => {
    const { Variables } = given.Globals.Function.Environment as { Variables: Record<string, unknown> };
    const logs = ["InvalidationStream", "InvalidationTable"].filter((name) => name in given.Resources);
    expect(logs).toEqual([Log === "kinesis" ? "InvalidationStream" : "InvalidationTable"]);
    const named = [Variables.STREAM_NAME, Variables.LOG_TABLE_NAME].filter((value) => value !== "");
    expect(named).toEqual([{ Ref: logs[0] }]);
    expect(Variables.INVALIDATIONS).toBe(Invalidations);
  });

  test("nothing refers to what is not there", () => {
    const there = new Set([...Object.keys(given.Resources), ...Object.keys(template.Parameters)]);
    const text = JSON.stringify([given.Globals, given.Resources, given.Outputs]);
    const named = [
      ...[...text.matchAll(/"Ref":"([^"]+)"/g), ...text.matchAll(/"Fn::GetAtt":\["([^"]+)"/g)],
      ...text.matchAll(/\$\{([A-Z]\w+)(?:\.\w+)?\}/g),
    ].map(([, name = ""]) => name);
    // Those that a text of its own fills in are no resources.
    const filledIn = new Set(text.match(/(?<=")[A-Z]\w+(?=":)/g));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !there.has(name) && !name.startsWith("AWS::") && !filledIn.has(name))).toEqual([]);
  });
});

test("the log's table is as scache wants it, and as the emulators make it", () => {
  const { Properties } = deployed(template, { Log: "dynamodb" }).Resources.InvalidationTable ?? { Properties: {} };
  expect(Properties).toEqual({
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
  });
});

test("the users' table can be restored: it holds what is nowhere else", () => {
  const recovery = { PointInTimeRecoveryEnabled: true };
  expect(template.Resources.UsersTable?.Properties.PointInTimeRecoverySpecification).toEqual(recovery);
});

test("the relay's source loses nothing, and tells the keys of what has changed", () => {
  const { Resources } = deployed(template, { Invalidations: "table-stream" });
  expect(Resources.RelaySource?.Properties).toMatchObject({
    StartingPosition: "TRIM_HORIZON",
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: -1,
    MaximumRecordAgeInSeconds: -1,
  });
  expect(Resources.UsersTable?.Properties.StreamSpecification).toEqual({ StreamViewType: "KEYS_ONLY" });
  expect(deployed(template).Resources.UsersTable?.Properties.StreamSpecification).toBeUndefined();
});

describe("functions", () => {
  test("there is a reader, a writer and a relay, on a current runtime and arm64", () => {
    expect(functions.map(([name]) => name)).toEqual(["GetUserFunction", "PostUserFunction", "RelayFunction"]);
    expect(["nodejs22.x", "nodejs24.x"]).toContain(globals.Runtime);
    expect(globals.Architectures).toEqual(["arm64"]);
  });

  test("nobody outside of the account may call the API", () => {
    const [[, api] = []] = resourcesOf(template, "AWS::Serverless::HttpApi");
    expect(api?.Properties.Auth).toEqual({ EnableIamAuthorizer: true, DefaultAuthorizer: "AWS_IAM" });
    const events = functions.flatMap(([, { Properties }]) =>
      Object.values((Properties.Events ?? {}) as Record<string, { Properties: object }>),
    );
    expect(events.filter(({ Properties }) => "Auth" in Properties)).toEqual([]);
  });

  test("logs are JSON, in a log group of the template", () => {
    for (const [, resource] of functions) {
      const logging = resource.Properties.LoggingConfig as { LogFormat: string; LogGroup: { Ref: string } };
      expect(logging.LogFormat).toBe("JSON");
      expect(template.Resources[logging.LogGroup.Ref]?.Type).toBe("AWS::Logs::LogGroup");
    }
  });

  test("the variables the code reads are the variables the template sets", () => {
    const code = readdirSync(join(root, "example/src")).map((file) =>
      readFileSync(join(root, "example/src", file), "utf8"),
    );
    for (const name of [
      "STREAM_NAME",
      "LOG_TABLE_NAME",
      "TABLE_NAME",
      "INVALIDATIONS",
      "MAX_STALENESS_MS",
      "SCACHE_OFF",
    ]) {
      expect(variables).toHaveProperty(name);
      expect(code.some((text) => text.includes(name))).toBe(true);
    }
  });
});

describe("the build", () => {
  const output = mkdtempSync(join(tmpdir(), "scache-template-"));
  const metafiles = new Map<string, Metafile>();

  beforeAll(async () => {
    for (const [name, resource] of functions) metafiles.set(name, await bundle(name, resource));
  });
  afterAll(() => rmSync(output, { recursive: true, force: true }));

  /** What `sam build` does: esbuild in CodeUri, with the properties of the Metadata as its options. */
  async function bundle(name: string, resource: Resource): Promise<Metafile> {
    const metadata = resource.Metadata;
    expect(metadata?.BuildMethod).toBe("esbuild");
    const given = metadata?.BuildProperties ?? {};
    const result = await build({
      absWorkingDir: resolve(root, String(resource.Properties.CodeUri)),
      entryPoints: list(given.EntryPoints),
      bundle: true,
      platform: "node",
      // The package's name would lead to its build, which need not be there when the tests run.
      alias: {
        "scache/cdc": join(root, "src/cdc/index.ts"),
        "scache/dynamodb": join(root, "src/dynamodb/index.ts"),
        "scache/publisher": join(root, "src/publisher.ts"),
        scache: join(root, "src/index.ts"),
      },
      metafile: true,
      logLevel: "silent",
      outdir: join(output, name),
      format: given.Format as "esm",
      target: String(given.Target),
      minify: given.Minify === true,
      splitting: given.Splitting === true,
      mainFields: String(given.MainFields).split(","),
      outExtension: Object.fromEntries(list(given.OutExtension).map((pair) => pair.split("=") as [string, string])),
      banner: Object.fromEntries(list(given.Banner).map((text) => [text.slice(0, 2), text.slice(3)])),
    });
    return result.metafile;
  }

  test.each(functions)("%s: the handler named is the file built and the function it exports", (name, resource) => {
    const [file, exported] = String(resource.Properties.Handler).split(".");
    expect(existsSync(join(output, name, `${file}.mjs`))).toBe(true);
    const built = Object.entries(metafiles.get(name)?.outputs ?? {}).find(([path]) => path.endsWith(`/${file}.mjs`));
    expect(built?.[1].exports).toContain(exported);
  });

  test("all functions are built in the same way", () => {
    const [reader, ...others] = functions.map(([, resource]) => ({
      ...resource.Metadata?.BuildProperties,
      EntryPoints: [],
    }));
    for (const other of others) expect(other).toEqual(reader);
  });

  test.each(functions)("%s loads the client of a log only when that log is the one deployed", (name, resource) => {
    const outputs = metafiles.get(name)?.outputs ?? {};
    const [file] = String(resource.Properties.Handler).split(".");
    const entry = Object.keys(outputs).find((path) => path.endsWith(`/${file}.mjs`)) ?? "";
    const atOnce = filesOf(outputs, entry, false);
    expect(atOnce.filter((path) => /client-kinesis\/|src\/(kinesis|dynamodb)\//.test(path))).toEqual([]);
    const later = filesOf(outputs, entry, true);
    for (const log of [/src\/kinesis\//, /src\/dynamodb\//]) expect(later.some((path) => log.test(path))).toBe(true);
  });

  /** What a file of the build holds, with what it imports at once, or with all that it ever imports. */
  function filesOf(outputs: Metafile["outputs"], entry: string, ever: boolean): string[] {
    const seen = new Set<string>();
    const visit = (path: string): void => {
      const output = outputs[path];
      if (output === undefined || seen.has(path)) return;
      seen.add(path);
      for (const { path: next, kind } of output.imports) if (ever || kind !== "dynamic-import") visit(next);
    };
    visit(entry);
    return [...seen].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}));
  }
});

describe("events/", () => {
  const files = readdirSync(join(root, "events"));
  const json = (file: string) =>
    JSON.parse(readFileSync(join(root, "events", file), "utf8")) as Record<string, unknown>;
  const routes = functions.flatMap(([, resource]) =>
    Object.values(
      (resource.Properties.Events ?? {}) as Record<string, { Properties: { Method: string; Path: string } }>,
    ).map((event) => `${event.Properties.Method} ${event.Properties.Path}`),
  );

  test("there is an event for a hit, a miss, a write, its writer's next read, an unknown user and a bad body", () => {
    expect(files.sort()).toEqual([
      "env.json",
      "get-missing-user.json",
      "get-own-write.json",
      "get-user-again.json",
      "get-user.json",
      "post-bad-body.json",
      "post-user.json",
    ]);
  });

  test.each(files.filter((file) => file !== "env.json"))("%s goes to a route of the template", (file) => {
    const event = json(file);
    expect(event.version).toBe("2.0");
    expect(routes).toContain(event.routeKey);
  });

  test("env.json sets variables that the template names, since `sam local` ignores any other", () => {
    const { Parameters } = json("env.json") as { Parameters: Record<string, string> };
    expect(Object.keys(variables)).toEqual(expect.arrayContaining(Object.keys(Parameters)));
    expect(Parameters.AWS_ENDPOINT_URL_KINESIS).toBe("http://host.docker.internal:4568");
    expect(Parameters.AWS_ENDPOINT_URL_DYNAMODB).toBe("http://host.docker.internal:8000");
  });
});

// 750 KB of AWS's own, which are not in the repository; `sam validate --lint`, which CI runs, says nearly the same.
const schemaFile = join(root, "../shared/schemas/sam.schema.json");
if (existsSync(schemaFile)) {
  describe("AWS's schema", () => {
    const schema = JSON.parse(readFileSync(schemaFile, "utf8")) as object;
    const ajv = new AjvDraft04.default({ strict: false, allErrors: true, validateFormats: false });
    ajv.addSchema(schema, "sam");
    const definition = (type: string) =>
      `sam#/definitions/samtranslator__internal__schema_source__${type.toLowerCase().replaceAll("::", "_")}__Resource`;
    const serverless = Object.entries(template.Resources).filter(([, { Type }]) =>
      Type.startsWith("AWS::Serverless::"),
    );

    test.each(serverless)("%s is valid", (_, resource) => {
      const valid = ajv.validate(definition(resource.Type), resource);
      expect(ajv.errors ?? []).toEqual([]);
      expect(valid).toBe(true);
    });

    test("a misspelt property is not valid", () => {
      const [, resource] = functions[0] ?? [];
      expect(ajv.validate(definition("AWS::Serverless::Function"), resource)).toBe(true);
      const misspelt = { ...resource, Properties: { ...resource?.Properties, Handlr: "x" } };
      expect(ajv.validate(definition("AWS::Serverless::Function"), misspelt)).toBe(false);
    });
  });
}
