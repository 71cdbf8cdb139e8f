/**
 * What options must be: each rule says it in words and tells whether a value is that. Shared by every entry point that
 * takes options, so that a wrong one fails at once and in the same words everywhere: what it is, what was expected, what came.
 */

import { isProxy } from "./core/node.js";
import { InvalidOptionError, isObject } from "./errors.js";

type Fits = (value: unknown) => boolean;

/** One option. */
export interface Rule<Default = unknown> {
  /** What a value must be, in words that go on after "must be". */
  readonly expected: string;
  readonly fits: Fits;
  /** What would happen otherwise, in words that go on after it, where that is not plain. */
  readonly otherwise?: string | undefined;
  /** Stands for one that was not given. */
  readonly default?: Default;
}

/** A rule whose default has a type of its own. */
export interface RuleWithDefault<Default> extends Rule<Default> {
  readonly default: Default;
}

/** What is bounded by nothing but what a number can count. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER;

const numberOf =
  (unit: string, isOne: Fits) =>
  <Default>(min: number, max: number, byDefault: Default): RuleWithDefault<Default> => ({
    expected: max === UNBOUNDED ? `a ${unit}, at least ${min}` : `a ${unit} from ${min} to ${max}`,
    fits: (value) => isOne(value) && (value as number) >= min && (value as number) <= max,
    default: byDefault,
  });

export const milliseconds = numberOf("number of milliseconds", Number.isFinite);
export const wholeNumber = numberOf("whole number", Number.isInteger);

/** @param bound what the bound is, in words */
export function atMost(bound: string, max: number, otherwise?: string): Rule {
  return { expected: `at most ${bound} (${max})`, fits: (value) => (value as number) <= max, otherwise };
}

export function oneOf<const Value>(values: readonly Value[], byDefault: Value): RuleWithDefault<Value> {
  return {
    expected: `one of ${values.join(", ")}`,
    fits: (value) => values.includes(value as Value),
    default: byDefault,
  };
}

type Methods = Readonly<Record<string, unknown>> | null | undefined;

export function objectWith(...methods: readonly string[]): Rule<undefined> {
  const has = (value: unknown) => (method: string) => typeof (value as Methods)?.[method] === "function";
  const names = methods.map((method) => `${method}()`);
  return {
    expected: `an object with ${names.length > 1 ? `${names.slice(0, -1).join(", ")} and ` : ""}${names.at(-1)}`,
    fits: (value) => methods.every(has(value)),
  };
}

/** Whether a client of the AWS SDK is one of this service; a double that does not say is. */
export function clientOf(serviceId: string): Rule {
  return {
    expected: `a client of ${serviceId}`,
    fits(client) {
      const { serviceId: stated } = (client as { config?: { serviceId?: unknown } } | undefined)?.config ?? {};
      return typeof stated !== "string" || stated === serviceId;
    },
  };
}

export function functionOr<Default>(byDefault: Default): RuleWithDefault<Default> {
  return { expected: "a function", fits: (value) => typeof value === "function", default: byDefault };
}

/** @throws InvalidOptionError unless the value is what the rule says */
export function check(name: string, value: unknown, { expected, fits, otherwise }: Rule): void {
  if (!holds(fits, value)) throw new InvalidOptionError(name, expected, value, otherwise);
}

/** What cannot even be looked at, such as a Proxy that was revoked, is not what it must be. */
function holds(fits: Fits, value: unknown): boolean {
  try {
    return fits(value);
  } catch {
    return false;
  }
}

export const OPTIONS: Rule = {
  expected: "an object",
  fits: (value) => isObject(value) && !isProxy(value) && !Array.isArray(value),
};

/** Each option that has a rule: as it was given, or else its default. */
export type Resolved<Options, Rules extends Record<keyof Options, Rule>> = {
  readonly [Name in keyof Options]-?:
    | Exclude<Options[Name], undefined>
    | (Rules[Name] extends RuleWithDefault<infer Default> ? Default : undefined);
};

/**
 * Every option given must have a rule and be what it says; one that is undefined was not given.
 * @param others options that somebody else has looked at, for the message about one that is unknown
 * @throws InvalidOptionError naming the first that is not
 */
export function withDefaults<Options extends object, Rules extends Record<keyof Options, Rule>>(
  options: Options,
  rules: Rules,
  others: readonly string[] = [],
): Resolved<Options, Rules> {
  check("options", options, OPTIONS);
  const names = Object.keys(rules) as (keyof Options & string)[];
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(rules, name)) throw InvalidOptionError.unknown(name, [...new Set([...others, ...names])]);
  }
  const resolved: Partial<Record<keyof Options, unknown>> = {};
  for (const name of names) {
    const given = options[name];
    if (given !== undefined) check(name, given, rules[name]);
    resolved[name] = given ?? rules[name].default;
  }
  return resolved as Resolved<Options, Rules>;
}
