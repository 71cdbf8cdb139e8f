/** What a command is told: options and the rest, or one sentence that names what is wrong. */
import { describe, expect, test } from "@jest/globals";
import { meant, numberOf, readArguments, WrongUsage } from "../../../src/cli/arguments.js";

const KINDS = { region: "value", source: "values", all: "flag" } as const;
const read = (...args: readonly string[]) => readArguments(args, KINDS);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof WrongUsage) return error.message;
  }
  throw new Error("it was not refused");
}

describe("arguments", () => {
  test("are options, wherever they stand, and the rest in its order", () => {
    expect(read("a", "--region", "eu-west-1", "b", "--source=x", "--source", "y", "--all")).toEqual({
      options: { region: "eu-west-1", source: ["x", "y"], all: true },
      positionals: ["a", "b"],
    });
    expect(read()).toEqual({ options: { region: undefined, source: [], all: false }, positionals: [] });
  });

  test("after -- are no options, and a single - is none", () => {
    expect(read("a", "-", "--", "-5", "--all").positionals).toEqual(["a", "-", "-5", "--all"]);
    expect(read("--source", "-").options.source).toEqual(["-"]);
    expect(read("--source=-5").options.source).toEqual(["-5"]);
  });

  test.each([
    [["--regoin", "x"], 'there is no option --regoin: did you mean "--region"?'],
    [["--constructor"], "there is no option --constructor"],
    [["--zone"], "there is no option --zone"],
    [["-5"], 'there is no option -5; arguments that begin with "-" go after --'],
    [["--region"], "--region takes a value"],
    [["--region", "--all"], "--region takes a value"],
    [["--region="], "--region takes a value"],
    [["--all=yes"], "--all takes no value"],
    [["--region", "a", "--region", "b"], "--region is given twice"],
  ])("%j are refused in words", (args, message) => {
    expect(refusal(() => read(...args))).toBe(message);
  });
});

describe("a number", () => {
  const number = (text: string, whole = false) => numberOf("n", text, { min: 0.5, max: 1_000, whole });

  test("is taken as it stands", () => {
    expect([number("0.5"), number("1000"), number("7", true)]).toEqual([0.5, 1_000, 7]);
  });

  test.each(["", "x", "-1", "1e3", "0.4", "1001", "0x10", "1,000", " 1", "Infinity", "NaN"])("is not %j", (text) => {
    expect(refusal(() => number(text))).toBe(`--n must be a number from 0.5 to 1000, but is "${text}"`);
  });

  test("that must be whole is", () => {
    expect(refusal(() => number("1.5", true))).toContain("must be a whole number");
  });
});

describe("what was meant", () => {
  const names = ["report", "invalidate", "tail", "plan", "reset"];

  test.each([
    ["rapport", "report"],
    ["reprot", "report"],
    ["invalidation", "invalidate"],
    ["tial", "tail"],
    ["tails", "tail"],
    ["PLAN", "plan"],
    ["rest", "reset"],
  ])("by %s is %s", (word, name) => {
    expect(meant(word, names)).toBe(`: did you mean "${name}"?`);
  });

  test.each(["", "x", "deploy", "help me"])("by %j is nothing known", (word) => {
    expect(meant(word, names)).toBe("");
  });
});
