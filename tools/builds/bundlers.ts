/**
 * Runs a build of the table in a project and says which files came of it. Tools that are heavy are not ours: they are
 * installed into a project of their own when they are asked for, in the versions named here.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import type { Build } from "./builds.js";
import { HANDLER, WRITER } from "./entries.js";

/** What each needs besides the project. */
export const TOOLS: Readonly<Record<Build["how"], readonly string[]>> = {
  none: [],
  esbuild: [],
  webpack: ["webpack@5.113.0"],
  rollup: [
    "rollup@4.68.8",
    "@rollup/plugin-node-resolve@16.0.3",
    "@rollup/plugin-commonjs@29.0.3",
    "@rollup/plugin-json@6.1.0",
  ],
  tsup: ["tsup@9.0.0", "typescript@5.9.3"],
};

export interface Built {
  readonly handler: string;
  readonly writer: string;
}

const SDK = "@aws-sdk/client-kinesis";

/** @param project has the package, Middy and what the build needs; the result is in `out` */
export async function run(build: Build, project: string, out: string): Promise<Built> {
  mkdirSync(out, { recursive: true });
  const entries = { handler: join(project, "handler.mjs"), writer: join(project, "writer.mjs") };
  writeFileSync(entries.handler, HANDLER);
  writeFileSync(entries.writer, WRITER);
  if (build.how === "none") return plain(build, project);
  const extension = build.load === "import" ? "mjs" : "cjs";
  if (build.how === "esbuild") {
    await esbuild({
      bundle: true,
      platform: "node",
      logLevel: "silent",
      absWorkingDir: project,
      entryPoints: entries,
      outdir: out,
      outExtension: { ".js": `.${extension}` },
      ...build.esbuild,
    });
  } else {
    const script = join(project, `build-${extension}${build.outside ? "-outside" : ""}.mjs`);
    writeFileSync(script, SCRIPTS[build.how](build, out, extension));
    execFileSync(process.execPath, [script], { cwd: project, stdio: "pipe", encoding: "utf8" });
  }
  const built = { handler: join(out, `handler.${extension}`), writer: join(out, `writer.${extension}`) };
  if (!existsSync(built.handler) || !existsSync(built.writer)) throw new Error("nothing came of it");
  return built;
}

/** As it stands: the project itself is what is deployed. */
function plain({ load }: Build, project: string): Built {
  if (load === "import") return { handler: join(project, "handler.mjs"), writer: join(project, "writer.mjs") };
  const required = (code: string) =>
    code
      .replace(/import (\{.+\}) from ("[^"]+");/g, "const $1 = require($2);")
      .replace(/import (\w+) from ("[^"]+");/g, "const { default: $1 } = require($2);")
      .replace(/export const (\w+)/g, "const $1 = exports.$1");
  for (const [name, code] of Object.entries({ handler: HANDLER, writer: WRITER })) {
    writeFileSync(join(project, `${name}.cjs`), required(code));
  }
  return { handler: join(project, "handler.cjs"), writer: join(project, "writer.cjs") };
}

type Script = (build: Build, out: string, extension: string) => string;

const SCRIPTS: Readonly<Record<"webpack" | "rollup" | "tsup", Script>> = {
  webpack: ({ load, outside }, out, extension) => `
    import webpack from "webpack";
    const esm = ${load === "import"};
    webpack({
      mode: "production",
      target: "node20",
      entry: { handler: "./handler.mjs", writer: "./writer.mjs" },
      externals: ${outside ? `{ "${SDK}": esm ? "module ${SDK}" : "commonjs2 ${SDK}" }` : "{}"},
      experiments: { outputModule: esm },
      output: {
        path: ${JSON.stringify(out)},
        filename: "[name].${extension}",
        library: { type: esm ? "module" : "commonjs2" },
      },
    }, (error, stats) => {
      if (error || stats.hasErrors()) {
        console.error(error ?? stats.toString("errors-only"));
        process.exit(1);
      }
    });`,
  rollup: ({ load, outside }, out, extension) => `
    import { rollup } from "rollup";
    import commonjs from "@rollup/plugin-commonjs";
    import json from "@rollup/plugin-json";
    import { nodeResolve } from "@rollup/plugin-node-resolve";
    for (const name of ["handler", "writer"]) {
      const bundle = await rollup({
        input: name + ".mjs",
        external: ${outside ? `["${SDK}"]` : "[]"},
        plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), json()],
        onwarn: () => undefined,
      });
      await bundle.write({
        file: ${JSON.stringify(out)} + "/" + name + ".${extension}",
        format: "${load === "import" ? "es" : "cjs"}",
        inlineDynamicImports: true,
      });
    }`,
  tsup: ({ load }, out) => `
    import { build } from "tsup";
    await build({
      entry: { handler: "handler.mjs", writer: "writer.mjs" },
      format: "${load === "import" ? "esm" : "cjs"}",
      outDir: ${JSON.stringify(out)},
      noExternal: [/.*/],
      platform: "node",
      config: false,
      silent: true,
      clean: false,
      splitting: false,
      shims: true,
      outExtension: () => ({ js: "${load === "import" ? ".mjs" : ".cjs"}" }),
    });`,
};
