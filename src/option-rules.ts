/**
 * What options must be: each rule says it in words and tells whether a value is that. Shared by every entry point that
 * takes options, so that a wrong one fails at once and in the same words everywhere: what it is, what was expected, what came.
 */
import { InvalidOptionError, isObject } from "./errors.js";

/** What a value must be, in words, and whether it is. */
export type Rule = readonly [expected: string, fits: (value: unknown) => boolean];

const numberOf =
  (unit: string, fits: (value: unknown) => boolean) =>
  (min: number, max: number): Rule => [
    `a ${unit} from ${min} to ${max}`,
    (value) => fits(value) && (value as number) >= min && (value as number) <= max,
  ];

export const milliseconds = numberOf("number of milliseconds", Number.isFinite);
export const wholeNumber = numberOf("whole number", Number.isInteger);

export function atMost(name: string, max: number): Rule {
  return [`at most ${name} (${max})`, (value) => (value as number) <= max];
}

export function oneOf(...values: readonly unknown[]): Rule {
  return [`one of ${values.join(", ")}`, (value) => values.includes(value)];
}

type Methods = Readonly<Record<string, unknown>> | null | undefined;

export function objectWith(method: string): Rule {
  return [`an object with ${method}()`, (value) => typeof (value as Methods)?.[method] === "function"];
}

export const FUNCTION: Rule = ["a function", (value) => typeof value === "function"];

const OBJECT: Rule = ["an object", (value) => isObject(value) && !Array.isArray(value)];

/** @throws InvalidOptionError unless the value is what the rule says */
export function check(name: string, value: unknown, [expected, fits]: Rule): void {
  if (!fits(value)) throw new InvalidOptionError(name, expected, value);
}

/**
 * Every option given must have a rule and be what it says; one that is undefined was not given.
 * @returns those that were given
 * @throws InvalidOptionError naming the first that is not
 */
export function checkOptions<Options extends object>(options: Options, rules: Record<keyof Options, Rule>): Options {
  check("options", options, OBJECT);
  const names = Object.keys(rules) as (keyof Options & string)[];
  const known = oneOf(...names);
  for (const name of Object.keys(options)) check(name, name, known);
  const given = {} as Options;
  for (const name of names) {
    const value = options[name];
    if (value === undefined) continue;
    check(name, value, rules[name]);
    given[name] = value;
  }
  return given;
}
