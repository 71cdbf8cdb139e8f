/**
 * Reads template.yaml for the tests that hold it to the code: CloudFormation's own tags become plain objects
 * (`!Ref X` is `{ Ref: "X" }`), a template can be had as it comes out for given parameters, and the text of a `!Sub` filled in.
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Record<string, unknown>;
  readonly Metadata?: { readonly BuildMethod: string; readonly BuildProperties: Record<string, unknown> };
}

export interface Template {
  readonly Parameters: Record<string, { readonly Default: string; readonly AllowedValues?: readonly string[] }>;
  readonly Mappings: Record<string, Record<string, Record<string, string>>>;
  readonly Conditions: Record<string, unknown>;
  readonly Globals: { readonly Function: Record<string, unknown> };
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, { readonly Condition?: string; readonly Value: unknown }>;
}

type Parameters = Readonly<Record<string, string>>;

const scalarTags = ["Ref", "Sub", "GetAtt"].map((name) => ({
  tag: `!${name}`,
  resolve: (text: string) => ({ [key(name)]: name === "GetAtt" ? text.split(".") : text }),
}));
const sequenceTags = ["Not", "Equals", "If", "FindInMap", "Sub"].map((name) => ({
  tag: `!${name}`,
  collection: "seq" as const,
  resolve: (items: unknown) => ({ [key(name)]: JSON.parse(JSON.stringify(items)) as unknown }),
}));

function key(tag: string): string {
  return tag === "Ref" ? "Ref" : `Fn::${tag}`;
}

export function readTemplate(): Template {
  const text = readFileSync(new URL("../../template.yaml", import.meta.url), "utf8");
  const template = parse(text, { customTags: [...scalarTags, ...sequenceTags] }) as Template;
  const resources = Object.entries(template.Resources);
  const complete = resources.map(([name, resource]) => [name, { ...resource, Properties: resource.Properties ?? {} }]);
  return { ...template, Resources: Object.fromEntries(complete) };
}

/** What is deployed with these parameters, and the defaults of all others: no condition, no choice is left in it. */
export function deployed(template: Template, given: Parameters = {}): Template {
  const defaults = Object.entries(template.Parameters).map(([name, { Default }]) => [name, Default]);
  const parameters = { ...Object.fromEntries(defaults), ...given };
  const holds = (name: string) => truth(resolved(template.Conditions[name], template, parameters));
  const kept = <T extends { readonly Condition?: string }>(items: Record<string, T>) =>
    Object.fromEntries(
      Object.entries(items)
        .filter(([, { Condition }]) => Condition === undefined || holds(Condition))
        .map(([name, item]) => [name, resolved(item, template, parameters) as T]),
    );
  return {
    ...template,
    Globals: resolved(template.Globals, template, parameters) as Template["Globals"],
    Resources: kept(template.Resources),
    Outputs: kept(template.Outputs),
  };
}

/** Stands for `AWS::NoValue` until whatever holds it leaves it out. */
const NOTHING = Symbol("no value");

function resolved(value: unknown, template: Template, parameters: Parameters): unknown {
  const inside = (inner: unknown) => resolved(inner, template, parameters);
  if (Array.isArray(value)) return value.map(inside).filter((item) => item !== NOTHING);
  if (typeof value !== "object" || value === null) return value;
  const [[name = "", content] = []] = Object.entries(value) as [string, unknown][];
  const items = content as unknown[];
  switch (name) {
    case "Ref":
      return content === "AWS::NoValue" ? NOTHING : (parameters[String(content)] ?? value);
    case "Fn::Equals":
      return inside(items[0]) === inside(items[1]);
    case "Fn::Not":
      return !truth(inside(items[0]));
    case "Fn::If":
      return inside(truth(inside(template.Conditions[String(items[0])])) ? items[1] : items[2]);
    case "Fn::FindInMap": {
      const [map, first, second] = items.map(inside).map(String);
      return template.Mappings[map ?? ""]?.[first ?? ""]?.[second ?? ""];
    }
  }
  const entries = Object.entries(value).map(([entry, inner]) => [entry, inside(inner)] as const);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== NOTHING));
}

function truth(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Error(`not a condition: ${JSON.stringify(value)}`);
  return value;
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** What a function's role allows, in a deployment: in policies of its own, and in those of the template that it names. */
export function statementsOf(given: Template, functionName: string): readonly Statement[] {
  const policies = given.Resources[functionName]?.Properties.Policies as (
    | { Ref: string }
    | { Statement: Statement[] }
  )[];
  return policies.flatMap((policy) => {
    if ("Statement" in policy) return policy.Statement;
    const named = given.Resources[policy.Ref]?.Properties.PolicyDocument as { Statement: Statement[] } | undefined;
    return named?.Statement ?? [];
  });
}

/** The resources of one type, as pairs of name and resource. */
export function resourcesOf(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** A property's text: of a `!Sub` with every `${name}` replaced by its own value or else by the name itself; a `!Ref`'s name. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const { Ref, "Fn::Sub": sub } = (value ?? {}) as { Ref?: string; "Fn::Sub"?: string | [string, object] };
  if (typeof Ref === "string") return Ref;
  const [text, values] = typeof sub === "string" ? [sub, {}] : (sub ?? []);
  if (typeof text !== "string") throw new Error(`not a text: ${JSON.stringify(value)}`);
  return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    const own = (values as Record<string, unknown>)[name];
    return own === undefined ? name : textOf(own);
  });
}
