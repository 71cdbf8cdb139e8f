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
import { type Resource, readTemplate, resourcesOf } from "../support/template.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const template = readTemplate();
const functions = resourcesOf(template, "AWS::Serverless::Function");

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const globals = template.Globals.Function;
const variables = (globals.Environment as { Variables: Record<string, unknown> }).Variables;

interface Statement {
  readonly Effect: string;
  readonly Action: string[];
  readonly Resource: unknown;
}

function statements(name: string): Statement[] {
  const resource = template.Resources[name];
  if (resource === undefined) throw new Error(`no ${name} in the template`);
  const policies = resource.Properties.Policies as { Statement: Statement[] }[];
  return policies.flatMap((policy) => policy.Statement);
}

describe("functions", () => {
  test("there is a reader and a writer, on a current runtime and arm64", () => {
    expect(functions.map(([name]) => name)).toEqual(["GetUserFunction", "PostUserFunction"]);
    expect(["nodejs22.x", "nodejs24.x"]).toContain(globals.Runtime);
    expect(globals.Architectures).toEqual(["arm64"]);
  });

  test("the reader may read the stream and the table, and nothing else", () => {
    expect(statements("GetUserFunction")).toEqual([
      expect.objectContaining({
        Effect: "Allow",
        Action: ["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"],
        Resource: { "Fn::GetAtt": ["InvalidationStream", "Arn"] },
      }),
      expect.objectContaining({
        Effect: "Allow",
        Action: ["dynamodb:GetItem"],
        Resource: { "Fn::GetAtt": ["UsersTable", "Arn"] },
      }),
    ]);
  });

  test("the writer may write to the stream and the table, and nothing else", () => {
    expect(statements("PostUserFunction")).toEqual([
      expect.objectContaining({
        Effect: "Allow",
        Action: ["kinesis:PutRecords"],
        Resource: { "Fn::GetAtt": ["InvalidationStream", "Arn"] },
      }),
      expect.objectContaining({
        Effect: "Allow",
        Action: ["dynamodb:UpdateItem"],
        Resource: { "Fn::GetAtt": ["UsersTable", "Arn"] },
      }),
    ]);
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
    for (const name of ["STREAM_NAME", "TABLE_NAME", "SCACHE_OFF"]) {
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
      alias: { scache: join(root, "src/index.ts") },
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

  test("both functions are built in the same way", () => {
    const [reader, writer] = functions.map(([, resource]) => ({
      ...resource.Metadata?.BuildProperties,
      EntryPoints: [],
    }));
    expect(reader).toEqual(writer);
  });
});

describe("events/", () => {
  const files = readdirSync(join(root, "events"));
  const json = (file: string) =>
    JSON.parse(readFileSync(join(root, "events", file), "utf8")) as Record<string, unknown>;
  const routes = functions.flatMap(([, resource]) =>
    Object.values(resource.Properties.Events as Record<string, { Properties: { Method: string; Path: string } }>).map(
      (event) => `${event.Properties.Method} ${event.Properties.Path}`,
    ),
  );

  test("there is an event for a hit, a miss, a write, an unknown user and a bad body", () => {
    expect(files.sort()).toEqual([
      "env.json",
      "get-missing-user.json",
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
