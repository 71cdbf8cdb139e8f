/**
 * Compiles tests/package/types against Middy 6 and Middy 7: what is inferred in a handler is part of the interface.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { complaintsOf } from "../support/compile.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const source = { scache: [join(root, "src/index.ts")], "scache/publisher": [join(root, "src/publisher.ts")] };

describe.each([
  { major: 6, middy: join(root, "node_modules/@middy/core/index.d.ts") },
  { major: 7, middy: join(root, "tests/middy7/node_modules/middy7/index.d.ts") },
])("with Middy $major", ({ middy }) => {
  const paths = { ...source, "@middy/core": [middy] };

  test("context.cache is inferred, and what is wrong is refused", () => {
    expect(complaintsOf([join(root, "tests/package/types/inference.ts")], paths)).toBe("");
  });

  test("the compilation would say so if it were not", () => {
    const folder = mkdtempSync(join(tmpdir(), "scache-wrong-"));
    const file = join(folder, "wrong.ts");
    writeFileSync(
      file,
      `import middy from "@middy/core";
       import { scache } from "scache";
       export const handler = middy<string, string>().use(scache("s")).handler(async (event, context) => {
         const length: string = event.length;
         return context.cash.get(length);
       });`,
    );
    try {
      const complaints = complaintsOf([file], paths);
      expect(complaints).toMatch(/'number' is not assignable to type 'string'/);
      expect(complaints).toMatch(/'cash' does not exist/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
