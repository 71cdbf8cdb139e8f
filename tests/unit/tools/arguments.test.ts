/** What the npm scripts are told: settings, help, or one line that names what is wrong. */
import { expect, test } from "@jest/globals";
import { namesOf, parseArguments, wholeNumber } from "../../../tools/arguments.js";
import { runTool } from "../../support/tool.js";

const USAGE = "usage: npm run something -- [options]";

const reading = (args: readonly string[], allowPositionals = false) =>
  parseArguments(
    {
      usage: USAGE,
      allowPositionals,
      options: {
        seconds: { type: "string", default: "6" },
        only: { type: "string", default: "a" },
        json: { type: "boolean", default: false },
      },
      read: (values, files) => ({
        seconds: wholeNumber("seconds", values.seconds, 1, 60),
        only: namesOf("only", values.only, ["a", "b"]),
        json: values.json,
        files,
      }),
    },
    args,
  );

test("settings are what was given, or else the defaults", () => {
  expect(reading([])).toEqual({ settings: { seconds: 6, only: ["a"], json: false, files: [] } });
  expect(reading(["--seconds", "60", "--only", "b,a", "x", "--json"], true)).toEqual({
    settings: { seconds: 60, only: ["b", "a"], json: true, files: ["x"] },
  });
});

test.each([["--help"], ["-h"], ["--seconds=no", "--help"]])(
  "%s asks for the usage, whatever else is there",
  (...args) => {
    expect(reading(args)).toEqual({ code: 0, text: USAGE });
  },
);

test.each([
  ["an unknown option", ["--sconds", "1"], "Unknown option '--sconds'"],
  ["a file where none is taken", ["a.json"], /^Unexpected argument 'a\.json'/],
  ["no value", ["--seconds"], /^Option '--seconds <value>' argument missing/],
  ["an option in place of the value", ["--seconds", "--json"], /^Option '--seconds' argument is ambiguous/],
  ["a value too many", ["--json=1"], /^Option '--json' does not take an argument/],
  ["a word for a number", ["--seconds", "no"], "--seconds must be a whole number from 1 to 60, but is no"],
  ["nothing for a number", ["--seconds", ""], "--seconds must be a whole number from 1 to 60, but is "],
  ["half a number", ["--seconds", "1.5"], "--seconds must be a whole number from 1 to 60, but is 1.5"],
  ["too large a number", ["--seconds", "61"], "--seconds must be a whole number from 1 to 60, but is 61"],
  ["an unknown name", ["--only", "a,c"], '--only takes a, b, but not "c"'],
])("%s is named in one line, and then the usage", (_, args, named) => {
  const read = reading(args);
  if (!("text" in read)) throw new Error("it was taken");
  const [line, ...rest] = read.text.split("\n");
  expect(read.code).toBe(2);
  expect(line).toMatch(named);
  expect(rest.join("\n")).toBe(`\n${USAGE}`);
});

test("another failure is not taken for a wrong argument", () => {
  const script = {
    usage: USAGE,
    options: {},
    read: () => {
      throw new TypeError("a mistake of ours");
    },
  };
  expect(() => parseArguments(script, [])).toThrow("a mistake of ours");
});

test("a script prints its usage and ends with 0, or names what is wrong and ends with 2, without a stack", async () => {
  const script = "bench/freeze.ts";
  const help = await runTool(script, ["--help"]);
  expect(help).toMatchObject({ code: 0, errors: "", output: expect.stringContaining("usage: npm run bench:freeze") });
  const wrong = await runTool(script, ["--jsn"]);
  expect(wrong).toMatchObject({ code: 2, output: "" });
  expect(wrong.errors).toBe(`Unknown option '--jsn'\n\n${help.output}`);
});
