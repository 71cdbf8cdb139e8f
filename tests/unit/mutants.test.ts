/**
 * The breakages of `npm run mutants`. That each has its place in the sources is checked when that runs, and not here: whoever moves code
 * without changing what it does must not see a test fail.
 */
import { describe, expect, test } from "@jest/globals";
import { MUTANTS } from "../../tools/mutants/all.js";
import { breakRule } from "../../tools/mutants/mutant.js";

describe("a breakage of the protocol", () => {
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
