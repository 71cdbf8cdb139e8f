/**
 * What the npm scripts are told on their command lines. `--help` prints how a script is used and ends it with 0; an option
 * it does not know, or a value that is not what the option takes, is named before that, and ends it with 2. A wrong argument
 * is a reader's slip: it must never be answered with a stack trace.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>["values"];

/** Its message names the argument and says what it must be. */
export class WrongArgument extends Error {}

interface Script<O extends Options, Settings> {
  /** The whole text of `--help`: how it is called, what it does, each option with its default. */
  readonly usage: string;
  readonly options: O;
  readonly allowPositionals?: boolean;
  /** @throws WrongArgument for what the kinds of the options do not say */
  read(values: Values<O>, positionals: readonly string[]): Settings;
}

/** What a script is to do: the settings it was given, or what to print before it ends with a code. */
export type Reading<Settings> = { readonly settings: Settings } | { readonly code: 0 | 2; readonly text: string };

export function parseArguments<const O extends Options, Settings>(
  script: Script<O, Settings>,
  args: readonly string[],
): Reading<Settings> {
  const { usage, allowPositionals = false } = script;
  const options: Options = { ...script.options, help: { type: "boolean", short: "h" } };
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals, options });
    if (values.help === true) return { code: 0, text: usage };
    return { settings: script.read(values as Values<O>, positionals) };
  } catch (error) {
    if (!isWrongArgument(error)) throw error;
    return { code: 2, text: `${error.message.replaceAll("\n", " ")}\n\n${usage}` };
  }
}

/** The settings this process was given; it ends here if it was asked for help, or told what it cannot take. */
export function readArguments<const O extends Options, Settings>(script: Script<O, Settings>): Settings {
  const reading = parseArguments(script, process.argv.slice(2));
  if ("settings" in reading) return reading.settings;
  if (reading.code === 0) console.log(reading.text);
  else console.error(reading.text);
  process.exit(reading.code);
}

function isWrongArgument(error: unknown): error is Error {
  return error instanceof WrongArgument || String(Reflect.get(Object(error), "code")).startsWith("ERR_PARSE_ARGS");
}

/** @throws WrongArgument */
export function wholeNumber(option: string, text: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
  throw new WrongArgument(`--${option} must be a whole number ${range}, but is ${text}`);
}

/** @throws WrongArgument for a name that is not among those there are */
export function nameOf<Name extends string>(option: string, text: string, known: readonly Name[]): Name {
  const name = known.find((one) => one === text);
  if (name !== undefined) return name;
  throw new WrongArgument(`--${option} takes ${known.join(", ")}, but not "${text}"`);
}

/** The same for a list with commas between the names. */
export function namesOf<Name extends string>(option: string, text: string, known: readonly Name[]): Name[] {
  return text.split(",").map((each) => nameOf(option, each, known));
}
