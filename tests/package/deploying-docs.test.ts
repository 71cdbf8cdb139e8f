/**
 * docs/deploying.md and docs/troubleshooting.md: what they tell people to deploy is what the template deploys, and what they say
 * that one sees is what the code writes. (Their programs were compiled and synthesised with the CDK by hand: it has 200 MB.)
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { transform } from "esbuild";
import { parse } from "yaml";
import type { TroubleKind } from "../../src/core/notices.js";
import { createNotices } from "../../src/logging.js";
import { LOGS, METRIC_NAMES, PROPERTY_NAMES, RELAY_METRICS } from "../../src/metrics/names.js";
import { deployed, readTemplate, resourcesOf, statementsOf } from "../support/template.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pageOf = (name: string) => readFileSync(join(root, "docs", name), "utf8");
const deploying = pageOf("deploying.md");
const troubleshooting = pageOf("troubleshooting.md");
const pageOfOptions = readFileSync(join(root, "src/options.ts"), "utf8");
const template = readTemplate();

const blocks = (language: string) =>
  [...deploying.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = ""]) =>
    found === language ? [text] : [],
  );
const quoted = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word);

/** The actions on the log, of those that a role has on everything else. */
function actionsOf(Log: string, functionName: string): string[] {
  const log = Log === "kinesis" ? "InvalidationStream" : "InvalidationTable";
  const statements = statementsOf(deployed(template, { Log }), functionName);
  return statements.flatMap(({ Action, Resource }) => (JSON.stringify(Resource).includes(log) ? Action : [])).sort();
}

describe("deploying.md", () => {
  test.each([
    ["to read", "GetUserFunction"],
    ["to invalidate", "PostUserFunction"],
  ])("what a function needs %s is what the template gives it", (what, functionName) => {
    const [, stream = "", table = ""] = new RegExp(`^\\| ${what} \\| (.+?) \\| (.+?) \\|$`, "m").exec(deploying) ?? [];
    expect(quoted(stream).sort()).toEqual(actionsOf("kinesis", functionName));
    expect(quoted(table).sort()).toEqual(actionsOf("dynamodb", functionName));
  });

  test("every way to deploy gives just these", () => {
    const known = new Set(
      ["kinesis", "dynamodb"].flatMap((Log) =>
        ["GetUserFunction", "PostUserFunction"].flatMap((name) => actionsOf(Log, name)),
      ),
    );
    const given = deploying.match(/\b(?:dynamodb|kinesis):(?!LeadingKeys)[A-Z]\w+/g) ?? [];
    expect(new Set(given)).toEqual(known);
    for (const code of [
      ...blocks("ts").slice(0, 1),
      ...blocks("hcl").slice(0, 1),
      ...blocks("yaml"),
      ...blocks("ts").slice(2),
    ]) {
      for (const action of ["GetItem", "Query", "UpdateItem", "PutItem"]) expect(code).toContain(`dynamodb:${action}`);
    }
  });

  test("its parameters are the template's", () => {
    const named = [...deploying.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = ""]) => name);
    expect(named.filter((name) => name in template.Parameters).sort()).toEqual(Object.keys(template.Parameters).sort());
  });

  test("its alarms are the template's, and all of them", () => {
    const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm").map(([name]) => name);
    expect([...new Set(deploying.match(/\b\w+Alarm\b/g))].sort()).toEqual(alarms.sort());
  });

  test("its programs are TypeScript", async () => {
    expect(blocks("ts")).toHaveLength(3);
    for (const program of blocks("ts")) await expect(transform(program, { loader: "ts" })).resolves.toBeDefined();
  });

  test("the tables that it makes are the template's", () => {
    const [service = ""] = blocks("yaml");
    const { resources } = parse(service, { logLevel: "silent" }) as {
      resources: { Resources: { InvalidationLog: { Properties: object } } };
    };
    const { InvalidationTable } = deployed(template, { Log: "dynamodb" }).Resources;
    expect(resources.Resources.InvalidationLog.Properties).toEqual(InvalidationTable?.Properties);
    for (const code of [blocks("ts")[0], blocks("hcl")[0], blocks("ts")[2]]) {
      for (const name of ["pk", "sk", "ttl"]) expect(code).toMatch(new RegExp(`["\\b]?${name}\\b`));
    }
  });
});

describe("troubleshooting.md", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(root, "src", file), "utf8"))
    .join("\n");

  test("the lines it explains are lines that scache writes, and no trouble is left out", () => {
    const [inLog = ""] = troubleshooting.split("## It never hits");
    const lines = [...inLog.matchAll(/^\| `([^`]+)` \|/gm)].map(([, line = ""]) => line);
    const ours = lines.filter((line) => !line.startsWith("Cannot find package"));
    expect(ours.length).toBeGreaterThan(8);
    expect(ours.filter((line) => !sources.includes(line))).toEqual([]);
    const kinds: Record<TroubleKind, true> = {
      refresh: true,
      throttled: true,
      lost: true,
      refused: true,
      record: true,
      publish: true,
      metrics: true,
      report: true,
    };
    const said: string[] = [];
    const logger = { debug: () => {}, info: () => {}, warn: (message: string) => said.push(message) };
    const notices = createNotices({ streamName: "s", label: 'stream "s"', logger });
    for (const kind of Object.keys(kinds)) notices.troubleStarted(kind as TroubleKind, { reason: "why" });
    expect(said).toHaveLength(8);
    expect(said.filter((message) => !ours.some((line) => message.includes(`stream "s" ${line}: `)))).toEqual([]);
  });

  test("the figures, options and alarms it names exist", () => {
    const figures = [...METRIC_NAMES, ...PROPERTY_NAMES, ...Object.values(RELAY_METRICS), LOGS.DynamoDB.metric];
    const ofOthers = ["IteratorAge", "PublishFailures"];
    const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm").map(([name]) => name);
    const options = (name: string) => new RegExp(`^ *(?:readonly )?${name}\\??: `, "m").test(pageOfOptions);
    const known = new Set<string>([...figures, ...ofOthers, ...alarms, "log"]);
    const words = quoted(troubleshooting).filter((word) => /^[A-Za-z]+$/.test(word));
    // Methods, states, policies, permissions and fields of errors: what they are is said where they stand.
    const others =
      /^(get|invalidate|bypassed|serve|bypass|undefined|null|require|ids|sources|service|function|stream|PublishError|PutItem|GetItem|Query)$/;
    expect(words.length).toBeGreaterThan(30);
    expect(words.filter((word) => !known.has(word) && !options(word) && !others.test(word))).toEqual([]);
  });
});

test.each(["deploying.md", "troubleshooting.md", "costs.md"])("%s links to what is there", (name) => {
  const links = [...pageOf(name).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = ""]) => path);
  expect(links.filter((path) => !existsSync(join(root, "docs", path)))).toEqual([]);
});
