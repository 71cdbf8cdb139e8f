/**
 * Builds a function of the example as `sam build` does: esbuild with the build properties of template.yaml, the result
 * in a folder outside the repository, so that nothing of the repository (its package.json, its modules) is there by luck.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { parse } from "yaml";

export interface Bundle {
  readonly taskRoot: string;
  /** File and export, as the template names it. */
  readonly handler: string;
  remove(): void;
}

export interface BundleOptions {
  /** The function's name in template.yaml. Default: the reader. */
  readonly functionName?: string;
  /** Another entry point, built with the same properties; its handler is the export `handler`. */
  readonly entryPoint?: string;
  /** Whether `scache` is the built package, as users get it (default), or its sources, for tests of unbuilt code. */
  readonly scacheFrom?: "dist" | "src";
  /** Replaces packages by others of the same shape. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Where packages are looked for that are not found otherwise, from the repository's root. */
  readonly nodePaths?: readonly string[];
}

interface BuildProperties {
  readonly EntryPoints: readonly string[];
  readonly Format?: "cjs" | "esm";
  readonly Target?: string;
  readonly Minify?: boolean;
  readonly Sourcemap?: boolean;
  readonly Splitting?: boolean;
  readonly MainFields?: string;
  readonly OutExtension?: readonly string[];
  readonly Banner?: readonly string[];
  readonly External?: readonly string[];
}

interface FunctionResource {
  readonly Type: string;
  readonly Properties: {
    readonly CodeUri: string;
    readonly Handler: string;
    readonly Events?: Record<string, { Type: string; Properties: { Method?: string; Path?: string } }>;
  };
  readonly Metadata?: { readonly BuildProperties: BuildProperties };
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEFAULT_FUNCTION = "GetUserFunction";

export async function bundleFunction(options: BundleOptions = {}): Promise<Bundle> {
  const { functionName = DEFAULT_FUNCTION, entryPoint, scacheFrom = "dist", alias = {}, nodePaths = [] } = options;
  const { Properties, Metadata } = functionNamed(functionName);
  if (Metadata === undefined) throw new Error(`template.yaml says nothing on how to build ${functionName}`);
  if (scacheFrom === "dist" && !existsSync(join(ROOT, "dist/index.js"))) {
    throw new Error("the package is not built: npm run build");
  }
  const source = join(ROOT, Properties.CodeUri);
  const taskRoot = mkdtempSync(join(tmpdir(), "scache-function-"));
  const remove = () => rmSync(taskRoot, { recursive: true, force: true });
  try {
    await build({
      ...esbuildOptions(Metadata.BuildProperties),
      absWorkingDir: source,
      entryPoints: entryPoint === undefined ? [...Metadata.BuildProperties.EntryPoints] : [entryPoint],
      outdir: taskRoot,
      alias: { ...alias, ...(scacheFrom === "src" ? sourceAlias() : {}) },
      nodePaths: nodePaths.map((path) => join(ROOT, path)),
      // The repository's tsconfig.json would point the package's name at its sources; sam build does not see that file.
      tsconfigRaw: "{}",
      logLevel: "error",
    });
  } catch (error) {
    remove();
    throw error;
  }
  const handler = entryPoint === undefined ? Properties.Handler : `${basename(entryPoint, ".ts")}.handler`;
  return { taskRoot, handler, remove };
}

/** The function that template.yaml routes an HTTP API event to. */
export function functionFor(event: unknown): string {
  const http = (event as { requestContext?: { http?: { method?: string; path?: string } } } | null)?.requestContext
    ?.http;
  if (http === undefined) throw new Error("this is no event of an HTTP API: it has no requestContext.http");
  for (const [name, { Type, Properties }] of Object.entries(resources())) {
    if (Type !== "AWS::Serverless::Function") continue;
    for (const { Properties: route } of Object.values(Properties.Events ?? {})) {
      const path = new RegExp(`^${(route.Path ?? "").replace(/\{[^}]+\}/g, "[^/]+")}$`);
      if (route.Method?.toUpperCase() === http.method && path.test(http.path ?? "")) return name;
    }
  }
  throw new Error(`template.yaml has no route for ${http.method} ${http.path}`);
}

function functionNamed(name: string): FunctionResource {
  const resource = resources()[name];
  if (resource === undefined) throw new Error(`there is no ${name} in template.yaml`);
  return resource;
}

function resources(): Record<string, FunctionResource> {
  const text = readFileSync(join(ROOT, "template.yaml"), "utf8");
  // CloudFormation's own tags (!Ref, !Sub) do not matter here; their text is taken as it stands.
  return (parse(text, { logLevel: "silent" }) as { Resources: Record<string, FunctionResource> }).Resources;
}

/** The flags aws-lambda-builders passes on to esbuild, and those it always sets. */
function esbuildOptions(properties: BuildProperties): BuildOptions {
  const { Format, Target, Minify, Sourcemap, Splitting, MainFields, OutExtension, Banner, External } = properties;
  return {
    bundle: true,
    platform: "node",
    format: Format ?? "cjs",
    target: Target ?? "es2020",
    minify: Minify ?? true,
    sourcemap: Sourcemap ?? false,
    ...(Splitting === undefined ? {} : { splitting: Splitting }),
    ...(MainFields === undefined ? {} : { mainFields: MainFields.split(",") }),
    ...(OutExtension === undefined ? {} : { outExtension: pairs(OutExtension) }),
    ...(Banner === undefined ? {} : { banner: pairs(Banner) }),
    ...(External === undefined ? {} : { external: [...External] }),
  };
}

/** `[".js=.mjs"]` as an object. */
function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]));
}

function sourceAlias(): Record<string, string> {
  return {
    "scache/publisher": join(ROOT, "src/publisher.ts"),
    "scache/cdc": join(ROOT, "src/cdc/index.ts"),
    "scache/dynamodb": join(ROOT, "src/dynamodb/index.ts"),
    scache: join(ROOT, "src/index.ts"),
  };
}
