/**
 * Compiles TypeScript files as a user's project would, with a choice of Middy and of where `scache` comes from.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The compiler's complaints, one per line; empty when there are none. `paths` are as in a tsconfig, absolute. Only
 * where they lead to the sources need `lib` be more than a user's target brings.
 */
export function complaintsOf(
  files: readonly string[],
  paths: Record<string, readonly string[]>,
  lib?: readonly string[],
): string {
  const folder = mkdtempSync(join(tmpdir(), "scache-types-"));
  try {
    const project = join(folder, "tsconfig.json");
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      target: "es2023",
      module: "nodenext",
      moduleResolution: "nodenext",
      noEmit: true,
      skipLibCheck: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
      ...(lib === undefined ? {} : { lib }),
      paths: { "aws-lambda": [join(root, "node_modules/@types/aws-lambda/index.d.ts")], ...paths },
    };
    writeFileSync(project, JSON.stringify({ compilerOptions, files }));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const { stdout, stderr } = spawnSync(process.execPath, [compiler, "-p", project, "--pretty", "false"], {
      encoding: "utf8",
    });
    return `${stdout}${stderr}`.trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
