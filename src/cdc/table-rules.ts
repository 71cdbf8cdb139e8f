/**
 * What the arguments of decoders must be. A table or a source that is misspelt would be a source that is never dropped, so
 * everything is checked when the decoder is made, and the error names the place: `tables["users"].byKey["db.users.id"]`.
 */
import { dataId } from "../core/data-id.js";
import { InvalidOptionError, isObject } from "../errors.js";
import type { Tables } from "./tables.js";

interface Rule {
  readonly expected: string;
  fits(value: unknown): boolean;
}

const isText = (value: unknown) => typeof value === "string" && value !== "";
const isPlain = (value: unknown): value is object => isObject(value) && !Array.isArray(value);

export const NAME: Rule = { expected: "a name", fits: isText };
export const FLAG: Rule = { expected: "true or false", fits: (value) => typeof value === "boolean" };
export const ONLY_FULL: Rule = { expected: '"full"', fits: (value) => value === "full" };
const AN_OBJECT: Rule = { expected: "an object", fits: isPlain };
const SOURCES: Rule = {
  expected: 'an object with byKey, byValue or whole, or "ignore"',
  fits: (value) => value === "ignore" || isPlain(value),
};
const ID_OF: Rule = {
  expected: "the name of a column or a function of the row",
  fits: (value) => isText(value) || typeof value === "function",
};
const SOURCE_LIST: Rule = { expected: "a list of sources", fits: Array.isArray };
const SOURCE: Rule = { expected: "the name of a source", fits: isSource };

function check(path: string, value: unknown, { expected, fits }: Rule): void {
  if (!fits(value)) throw new InvalidOptionError(path, expected, value);
}

/** @throws InvalidOptionError */
export function checkTables(path: string, tables: Tables): void {
  check(path, tables, AN_OBJECT);
  for (const [name, said] of Object.entries(tables)) {
    const at = within(path, name);
    check(at, name, NAME);
    check(at, said, SOURCES);
    if (said === "ignore") continue;
    checkNames(at, said, ["byKey", "byValue", "whole"]);
    for (const kind of ["byKey", "byValue"] as const) {
      const made = said[kind];
      if (made === undefined) continue;
      check(`${at}.${kind}`, made, AN_OBJECT);
      for (const [source, idOf] of Object.entries(made)) {
        check(within(`${at}.${kind}`, source), source, SOURCE);
        check(within(`${at}.${kind}`, source), idOf, ID_OF);
      }
    }
    if (said.whole === undefined) continue;
    check(`${at}.whole`, said.whole, SOURCE_LIST);
    for (const [index, source] of said.whole.entries()) check(`${at}.whole[${index}]`, source, SOURCE);
  }
}

/** Options that are undefined were not given. @throws InvalidOptionError */
export function checkDecoderOptions<Options extends object>(
  options: Options,
  rules: Readonly<Record<keyof Options & string, Rule>>,
): void {
  check("options", options, AN_OBJECT);
  checkNames("", options, Object.keys(rules));
  for (const [name, rule] of Object.entries<Rule>(rules)) {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined) check(name, value, rule);
  }
}

function within(path: string, name: string): string {
  return `${path}[${JSON.stringify(name)}]`;
}

function isSource(value: unknown): boolean {
  try {
    return isText(value) && dataId(value as string, "").source === value;
  } catch {
    // Half of a surrogate pair: no data id can have such a source.
    return false;
  }
}

function checkNames(path: string, fields: object, known: readonly string[]): void {
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    const meant = known.find((other) => isNear(name, other));
    const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    throw new InvalidOptionError(path === "" ? name : `${path}.${name}`, `one of ${known.join(", ")}${hint}`, name);
  }
}

/** The same but for the case and two letters that are wrong, missing or too many. */
function isNear(word: string, known: string): boolean {
  const [a, b] = [word.toLowerCase(), known.toLowerCase()];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length && row <= b.length + 3; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (last[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (last[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    last = next;
  }
  return (last[b.length] ?? 3) <= 2;
}
