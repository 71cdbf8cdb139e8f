/**
 * What options must be: each rule says it in words and tells whether a value is that. Shared by every entry point that
 * takes options, so that a wrong one fails at once and in the same words everywhere: what it is, what was expected, what came.
 */
import { InvalidOptionError } from "./errors.js";

/** What a value must be, in words, and whether it is. */
export type Rule = readonly [expected: string, fits: (value: unknown) => boolean];

export function milliseconds(min: number, max: number): Rule {
  return [`a number of milliseconds from ${min} to ${max}`, (value) => isWithin(value, min, max)];
}

export function wholeNumber(min: number, max: number): Rule {
  return [`a whole number from ${min} to ${max}`, (value) => Number.isInteger(value) && isWithin(value, min, max)];
}

export function objectWith(method: string): Rule {
  return [
    `an object with ${method}()`,
    (value) => isObject(value) && typeof (value as Record<string, unknown>)[method] === "function",
  ];
}

export const FUNCTION: Rule = ["a function", (value) => typeof value === "function"];

export function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** @throws InvalidOptionError unless the value is what the rule says */
export function check(name: string, value: unknown, [expected, fits]: Rule): void {
  if (!fits(value)) throw new InvalidOptionError(name, expected, value);
}

/**
 * Every option given must have a rule and be what it says; one that is undefined was not given.
 * @throws InvalidOptionError naming the first that is not
 */
export function checkOptions<Options extends object>(options: Options, rules: Record<keyof Options, Rule>): void {
  if (!isObject(options) || Array.isArray(options)) throw new InvalidOptionError("options", "an object", options);
  const names = Object.keys(rules) as (keyof Options & string)[];
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) throw new InvalidOptionError(unknown, `one of ${names.join(", ")}`, unknown);
  for (const name of names) if (options[name] !== undefined) check(name, options[name], rules[name]);
}

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}
