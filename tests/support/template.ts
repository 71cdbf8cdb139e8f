/**
 * Reads template.yaml for the tests that hold it to the code: CloudFormation's own tags become plain objects
 * (`!Ref X` is `{ Ref: "X" }`), and the text of a `!Sub` can be filled in.
 */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly Metadata?: { readonly BuildMethod: string; readonly BuildProperties: Record<string, unknown> };
}

export interface Template {
  readonly Globals: { readonly Function: Record<string, unknown> };
  readonly Resources: Record<string, Resource>;
}

const scalarTags = ["Ref", "Sub", "GetAtt"].map((name) => ({
  tag: `!${name}`,
  resolve: (text: string) => ({ [key(name)]: name === "GetAtt" ? text.split(".") : text }),
}));
const sequenceTags = ["Not", "Equals", "If", "Join"].map((name) => ({
  tag: `!${name}`,
  collection: "seq" as const,
  resolve: (items: unknown) => ({ [key(name)]: JSON.parse(JSON.stringify(items)) as unknown }),
}));

export function readTemplate(): Template {
  const text = readFileSync(new URL("../../template.yaml", import.meta.url), "utf8");
  const template = parse(text, { customTags: [...scalarTags, ...sequenceTags] }) as Template;
  const resources = Object.entries(template.Resources);
  const complete = resources.map(([name, resource]) => [name, { ...resource, Properties: resource.Properties ?? {} }]);
  return { ...template, Resources: Object.fromEntries(complete) };
}

/** The resources of one type, as pairs of name and resource. */
export function resourcesOf(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

/** The text of a property, with every `${name}` of a `!Sub` replaced by what `values` says, or by the name itself. */
export function textOf(value: unknown, values: Record<string, string> = {}): string {
  if (typeof value === "string") return value;
  const template = (value as Record<string, unknown> | undefined)?.["Fn::Sub"];
  if (typeof template !== "string") throw new Error(`not a text: ${JSON.stringify(value)}`);
  return template.replace(/\$\{([^}]+)\}/g, (_, name: string) => values[name] ?? name);
}

function key(tag: string): string {
  return tag === "Ref" ? "Ref" : `Fn::${tag}`;
}
