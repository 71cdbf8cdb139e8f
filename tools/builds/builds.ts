/**
 * The builds that users make, each with the flags that its tool uses when nobody has set any: from the tools' sources, at the
 * versions named. What is external is there at run time in a version of its own, as in Lambda.
 */
import type { BuildOptions } from "esbuild";
import type { Dependencies } from "./dependencies.js";

export interface Build {
  readonly name: string;
  readonly how: "esbuild" | "webpack" | "rollup" | "tsup" | "none";
  /** How the result is loaded. */
  readonly load: "import" | "require";
  /** The SDK is not in the bundle. */
  readonly outside?: boolean;
  /** Beside other versions of what the package needs than those of our lock file. */
  readonly dependencies?: Dependencies;
  /** The largest that the handler's bundle may be. */
  readonly limitBytes?: number;
  readonly esbuild?: BuildOptions;
}

/** A bundle of ES modules has no `require`; who knows gives it one. */
const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";
const SDK = ["@aws-sdk/*"];

export const BUILDS: readonly Build[] = [
  {
    // aws-cdk-lib's NodejsFunction: the runtime's SDK, no format, no main fields.
    name: "cdk",
    how: "esbuild",
    load: "require",
    outside: true,
    // 215 KB without reading while working, the audit and tokens, which are in every bundle: options choose them at run time.
    // It was 255,300 on 2026-11-29; the rest is room for ordinary changes, since a bound that fifty bytes break invites golfing.
    limitBytes: 258_000,
    esbuild: { external: SDK, target: "node20" },
  },
  {
    name: "cdk, sdkV3ExcludeSmithyPackages",
    how: "esbuild",
    load: "require",
    outside: true,
    limitBytes: 258_000,
    esbuild: { external: [...SDK, "@smithy/*"], target: "node20" },
  },
  {
    name: "cdk, OutputFormat.ESM",
    how: "esbuild",
    load: "import",
    outside: true,
    esbuild: { external: SDK, target: "node20", format: "esm" },
  },
  { name: "cdk, bundleAwsSDK", how: "esbuild", load: "require", esbuild: { target: "node20" } },
  {
    name: "cdk, bundleAwsSDK, mainFields module first",
    how: "esbuild",
    load: "require",
    esbuild: { target: "node20", mainFields: ["module", "main"] },
  },
  {
    name: "serverless 4, cjs",
    how: "esbuild",
    load: "require",
    outside: true,
    esbuild: { external: SDK, target: "node20", format: "cjs", sourcemap: true },
  },
  {
    name: "serverless 4, esm",
    how: "esbuild",
    load: "import",
    outside: true,
    esbuild: { external: SDK, target: "node20", format: "esm", sourcemap: true },
  },
  {
    name: "sst",
    how: "esbuild",
    load: "import",
    esbuild: {
      target: "esnext",
      format: "esm",
      mainFields: ["module", "main"],
      keepNames: true,
      banner: { js: REQUIRE },
    },
  },
  {
    name: "sam",
    how: "esbuild",
    load: "require",
    esbuild: { target: "es2020", minify: true, sourcemap: true },
  },
  {
    name: "sam, as template.yaml",
    how: "esbuild",
    load: "import",
    esbuild: {
      target: "es2023",
      format: "esm",
      minify: true,
      mainFields: ["module", "main"],
      banner: { js: REQUIRE },
    },
  },
  { name: "webpack 5, cjs", how: "webpack", load: "require" },
  { name: "webpack 5, esm", how: "webpack", load: "import" },
  { name: "webpack 5, sdk outside", how: "webpack", load: "require", outside: true },
  { name: "rollup, cjs", how: "rollup", load: "require" },
  { name: "rollup, esm", how: "rollup", load: "import" },
  { name: "rollup, sdk outside", how: "rollup", load: "import", outside: true },
  { name: "tsup, cjs", how: "tsup", load: "require" },
  { name: "tsup, esm", how: "tsup", load: "import" },
  { name: "plain import", how: "none", load: "import" },
  { name: "plain require", how: "none", load: "require" },
  { name: "plain import, lowest dependencies", how: "none", load: "import", dependencies: "lowest" },
  { name: "plain require, lowest dependencies", how: "none", load: "require", dependencies: "lowest" },
  { name: "plain import, newest dependencies", how: "none", load: "import", dependencies: "newest" },
  {
    name: "cdk, lowest dependencies",
    how: "esbuild",
    load: "require",
    dependencies: "lowest",
    esbuild: { target: "node20" },
  },
];
