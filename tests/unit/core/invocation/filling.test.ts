/** What is stored of what a handler has loaded. Most of it is held by tests of whole invocations; here is what these cannot reach. */
import { expect, test } from "@jest/globals";
import { Accounts } from "../../../../src/core/invocation/accounts.js";
import { Filling, type FillingParts } from "../../../../src/core/invocation/filling.js";

test("a value too large to be walked over is handed on as it is, and said for debugging", () => {
  const said: unknown[] = [];
  const cause = new RangeError("Set maximum size exceeded");
  const keeping = {
    keep() {
      throw cause;
    },
  };
  const trouble = { debug: (...what: unknown[]) => said.push(what) };
  const filling = new Filling({ keeping, trouble } as unknown as FillingParts, new Accounts());
  const value = {};
  expect(filling.keep(value)).toBe(value);
  expect(said).toEqual([["a value could be neither frozen nor copied", { cause }]]);
});
