/** The breakages of `npm run mutants`: each has its one place in the sources, so that the run, which takes hours, can begin. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { MUTANTS } from "../../tools/mutants/all.js";
import { AUDITING_IN_UNIT_TESTS } from "../../tools/mutants/audit.js";
import { breakRule } from "../../tools/mutants/mutant.js";

describe("a breakage of the protocol", () => {
  test("has a name of its own", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  test("has its place in the sources", () => {
    const textOf = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    // All of them, since one change of the sources may move several. They are listed in tools/mutants.
    const lost = [...MUTANTS, ...AUDITING_IN_UNIT_TESTS].flatMap((mutant) => {
      try {
        breakRule(mutant, textOf(mutant.file));
        return [];
      } catch (error) {
        return [String(error)];
      }
    });
    expect(lost).toEqual([]);
  });

  test("whose place is gone, or is not the only one, is an error that names it", () => {
    const mutant = { name: "it is kept", file: "a.ts", search: "drop();", replace: "" };
    expect(breakRule(mutant, "if (old) drop();")).toBe("if (old) ");
    expect(() => breakRule(mutant, "")).toThrow("it is kept: found 0 times in a.ts: drop();");
    expect(() => breakRule(mutant, "drop(); drop();")).toThrow("it is kept: found 2 times in a.ts: drop();");
  });
});
