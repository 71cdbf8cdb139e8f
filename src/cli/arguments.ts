/**
 * Reads the arguments of a command. A wrong one is a reader's slip: it is named, in words, with what was probably meant. It must
 * never be passed over in silence.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearest } from "../errors.js";

/** What was asked for makes no sense: its message names what is wrong, and `--help` says what does. */
export class WrongUsage extends Error {}

type Kinds = Readonly<Record<string, "flag" | "value" | "values">>;

type Value<Kind> = Kind extends "flag" ? boolean : Kind extends "values" ? readonly string[] : string | undefined;

export interface Arguments<K extends Kinds> {
  readonly options: { readonly [Name in keyof K]: Value<K[Name]> };
  readonly positionals: readonly string[];
}

/** Whether the help is asked for, wherever that stands, but for what follows `--`. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

/** @throws WrongUsage */
export function readArguments<const K extends Kinds>(args: readonly string[], kinds: K): Arguments<K> {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, kind] of Object.entries(kinds)) options[name] = { type: kind === "flag" ? "boolean" : "string" };
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given: Record<string, string[]> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const kind = Object.hasOwn(kinds, name) && rawName.startsWith("--") ? kinds[name] : undefined;
    if (kind === undefined) throw new WrongUsage(unknownOption(rawName, Object.keys(kinds)));
    if (kind === "flag" && value !== undefined) throw new WrongUsage(`--${name} takes no value`);
    if (kind !== "flag" && isMissing(token)) throw new WrongUsage(`--${name} takes a value`);
    const before = given[name] ?? [];
    if (kind === "value" && before.length > 0) throw new WrongUsage(`--${name} is given twice`);
    given[name] = [...before, value ?? ""];
  }
  const read = Object.entries(kinds).map(([name, kind]) => {
    const values = given[name] ?? [];
    return [name, kind === "flag" ? values.length > 0 : kind === "values" ? values : values[0]];
  });
  return { options: Object.fromEntries(read) as Arguments<K>["options"], positionals };
}

/** What looks like another option is none's value, unless it is written with `=`. */
function isMissing({ value, inlineValue }: { value?: string | undefined; inlineValue?: boolean | undefined }): boolean {
  return value === undefined || value === "" || (inlineValue !== true && value.length > 1 && value.startsWith("-"));
}

function unknownOption(rawName: string, names: readonly string[]): string {
  if (!rawName.startsWith("--")) return `there is no option ${rawName}; arguments that begin with "-" go after --`;
  return `there is no option ${rawName}${meant(
    rawName,
    names.map((name) => `--${name}`),
  )}`;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/** @throws WrongUsage unless it is a number within these bounds */
export function numberOf(name: string, text: string, { min, max, whole = false }: Bounds): number {
  const value = Number(text);
  const isNumber = /^\d+(\.\d+)?$/.test(text) && (!whole || Number.isInteger(value));
  if (isNumber && value >= min && value <= max) return value;
  const what = whole ? "a whole number" : "a number";
  throw new WrongUsage(`--${name} must be ${what} from ${min} to ${max}, but is "${text}"`);
}

/** Where the help is of a command, or of all. */
export function whereToLook(command: string | undefined): string {
  return `See: npx scache ${command === undefined ? "" : `${command} `}--help`;
}

/** `: did you mean "report"?`, where one of these was probably meant; else nothing. */
export function meant(word: string, known: readonly string[]): string {
  const name = nearest(word, known);
  return name === undefined ? "" : `: did you mean "${name}"?`;
}
