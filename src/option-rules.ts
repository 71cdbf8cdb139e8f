/**
 * What options must be: each rule says it in words and tells whether a value is that. Shared by every entry point that
 * takes options, so that a wrong one fails at once and in the same words everywhere: what it is, what was expected, what came.
 */

import { isProxy } from "./core/node.js";
import { InvalidOptionError, isObject } from "./errors.js";

type Fits = (value: unknown) => boolean;

/** What a value must be, in words, whether it is, and what stands for one that was not given. */
export type Rule = readonly [expected: string, fits: Fits, otherwise?: unknown];
type RuleWithDefault<Default> = readonly [expected: string, fits: Fits, otherwise: Default];

const numberOf =
  (unit: string, fits: Fits) =>
  <Default>(min: number, max: number, otherwise: Default): RuleWithDefault<Default> => [
    `a ${unit} from ${min} to ${max}`,
    (value) => fits(value) && (value as number) >= min && (value as number) <= max,
    otherwise,
  ];

export const milliseconds = numberOf("number of milliseconds", Number.isFinite);
export const wholeNumber = numberOf("whole number", Number.isInteger);

export function atMost(name: string, max: number): Rule {
  return [`at most ${name} (${max})`, (value) => (value as number) <= max];
}

export function oneOf<const Value>(values: readonly Value[], otherwise: Value): RuleWithDefault<Value> {
  return [`one of ${values.join(", ")}`, (value) => values.includes(value as Value), otherwise];
}

type Methods = Readonly<Record<string, unknown>> | null | undefined;

export function objectWith(method: string): readonly [expected: string, fits: Fits] {
  return [`an object with ${method}()`, (value) => typeof (value as Methods)?.[method] === "function"];
}

export function functionOr<Default>(otherwise: Default): RuleWithDefault<Default> {
  return ["a function", (value) => typeof value === "function", otherwise];
}

/** @throws InvalidOptionError unless the value is what the rule says */
export function check(name: string, value: unknown, [expected, fits]: Rule): void {
  if (!holds(fits, value)) throw new InvalidOptionError(name, expected, value);
}

/** What cannot even be looked at, such as a Proxy that was revoked, is not what it must be. */
function holds(fits: Fits, value: unknown): boolean {
  try {
    return fits(value);
  } catch {
    return false;
  }
}

/** Each option that has a rule: as it was given, or else its default. */
export type Resolved<Options, Rules extends Record<keyof Options, Rule>> = {
  readonly [Name in keyof Options]-?:
    | Exclude<Options[Name], undefined>
    | (Rules[Name] extends RuleWithDefault<infer Default> ? Default : undefined);
};

/**
 * Every option given must have a rule and be what it says; one that is undefined was not given.
 * @throws InvalidOptionError naming the first that is not
 */
export function withDefaults<Options extends object, Rules extends Record<keyof Options, Rule>>(
  options: Options,
  rules: Rules,
): Resolved<Options, Rules> {
  check("options", options, ["an object", (value) => isObject(value) && !isProxy(value) && !Array.isArray(value)]);
  const names = Object.keys(rules) as (keyof Options & string)[];
  for (const name of Object.keys(options)) check(name, name, oneOf<string>(names, name));
  const resolved: Partial<Record<keyof Options, unknown>> = {};
  for (const name of names) {
    const given = options[name];
    if (given !== undefined) check(name, given, rules[name]);
    resolved[name] = given ?? rules[name][2];
  }
  return resolved as Resolved<Options, Rules>;
}
