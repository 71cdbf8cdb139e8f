/**
 * Every breakage of `npm run mutants` finds its place in the sources. That run takes minutes and is not made often; a
 * change of the sources that takes a breakage its place must be noticed when it is made.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { MUTANTS } from "../../tools/mutants/all.js";
import { breakRule } from "../../tools/mutants/mutant.js";

const sourceOf = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");

describe("a breakage of the protocol", () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))("finds its place: %s", (_name, mutant) => {
    const text = sourceOf(mutant.file);
    expect(breakRule(mutant, text)).not.toBe(text);
  });

  test("has a name of its own", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  test("whose place is gone, or is not the only one, is an error that names it", () => {
    const mutant = { name: "it is kept", file: "a.ts", search: "drop();", replace: "" };
    expect(breakRule(mutant, "if (old) drop();")).toBe("if (old) ");
    expect(() => breakRule(mutant, "")).toThrow("it is kept: found 0 times in a.ts: drop();");
    expect(() => breakRule(mutant, "drop(); drop();")).toThrow("it is kept: found 2 times in a.ts: drop();");
  });
});
