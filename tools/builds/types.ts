/**
 * `npm run types`: compiles what users write against the packed package with the compilers and the ways to resolve modules
 * that there are, beside the newest and the lowest versions that package.json allows. Every table cell must be 0 errors.
 * With `--json` the last line is one JSON object. What cannot be had here is left out, and said so.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments } from "../arguments.js";
import { DEPENDENCIES, installDependencies } from "./dependencies.js";
import { install, installLocked, manifest, pack, root } from "./package.js";

const USAGE = `npm run types -- [options]

Compiles users' code against the packed package: compilers by ways to resolve modules by versions of what it needs.

  --quick      only the compiler and the versions of the lock file
  --json       one JSON object as the last line
  -h, --help   this text`;

const { json, quick } = readArguments({
  usage: USAGE,
  options: { json: { type: "boolean" }, quick: { type: "boolean" } },
  read: ({ json = false, quick = false }) => ({ json, quick }),
});

interface Resolution {
  readonly name: string;
  /** package.json's. */
  readonly type: "module" | "commonjs";
  readonly options: Readonly<Record<string, unknown>>;
  /** The first major of the compiler that has it no more. */
  readonly until?: number;
}

const RESOLUTIONS: readonly Resolution[] = [
  { name: "nodenext", type: "module", options: { module: "nodenext", moduleResolution: "nodenext" } },
  { name: "node16", type: "module", options: { module: "node16", moduleResolution: "node16" } },
  { name: "bundler", type: "module", options: { module: "esnext", moduleResolution: "bundler" } },
  { name: "node10, CommonJS", type: "commonjs", options: { module: "commonjs", moduleResolution: "node" }, until: 6 },
];

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  declaration: true,
  target: "es2022",
  lib: ["es2023"],
  types: ["node"],
  esModuleInterop: true,
};

/** What users write; what is compiled without a look at other packages' declarations, since those have errors of their own. */
const FILES = ["inference.ts", "testing.ts", "structural.ts"];
/** What they import of ours, compiled with a look at every declaration. */
const OURS = Object.keys(manifest.exports)
  .filter((name) => name !== "./package.json")
  .map((name, index) => `export * as entry${index} from "scache${name.slice(1)}";`)
  .join("\n");

/** Beside our own, by the names that npm is to give them. */
const OTHER_COMPILERS = { "typescript-5.4": "npm:typescript@5.4.5", "typescript-5.9": "npm:typescript@5.9.3" };

interface Cell {
  readonly compiler: string;
  readonly resolution: string;
  readonly dependencies: string;
  readonly errors: number;
  /** The first of them. */
  readonly firstError?: string;
}

interface LeftOut {
  readonly what: string;
  readonly why: string;
}

const leftOut: LeftOut[] = [];
const work = mkdtempSync(join(tmpdir(), "scache-types-"));

function compilers(): string[] {
  const own = join(root, "node_modules/typescript");
  if (quick) return [own];
  const folder = join(work, "compilers");
  const others = Object.entries(OTHER_COMPILERS);
  try {
    install(
      folder,
      others.map(([name, source]) => `${name}@${source}`),
    );
    return [...others.map(([name]) => join(folder, "node_modules", name)), own];
  } catch {
    leftOut.push({ what: "TypeScript 5.4 and 5.9", why: "npm could not install them" });
    return [own];
  }
}

function projects(tarball: string): { readonly dependencies: string; readonly project: string }[] {
  const locked = join(work, "locked");
  installLocked(locked, tarball);
  addTypes(locked);
  const all = [{ dependencies: "locked", project: locked }];
  for (const which of quick ? [] : DEPENDENCIES) {
    const project = join(work, which);
    try {
      installDependencies(locked, project, which, ["@aws-lambda-powertools/logger"]);
      addTypes(project);
      all.push({ dependencies: which, project });
    } catch {
      leftOut.push({ what: `the ${which} versions that package.json allows`, why: "npm could not install them" });
    }
  }
  return all;
}

/** What users have besides: ours are in our own modules. What npm has installed for them stays. */
function addTypes(project: string): void {
  const types = readdirSync(join(root, "node_modules/@types")).map((name) => `@types/${name}`);
  const places = [join(root, "node_modules"), join(root, "tests/middy7/node_modules")];
  for (const name of [...types, "undici-types", "@aws-lambda-powertools/logger", "@aws/durable-execution-sdk-js"]) {
    const from = places.map((place) => join(place, name)).find((folder) => existsSync(folder)) ?? "";
    const to = join(project, "node_modules", name);
    if (existsSync(from) && !existsSync(to)) cpSync(from, to, { recursive: true });
  }
}

function complaints(compiler: string, project: string, resolution: Resolution): string[] {
  const folder = join(project, `user-${resolution.name.replace(/\W+/g, "-")}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: resolution.type }));
  for (const file of FILES) cpSync(join(root, "tests/package/types", file), join(folder, file));
  writeFileSync(join(folder, "ours.ts"), OURS);
  const compile = (files: readonly string[], more: object) => {
    const compilerOptions = { ...STRICT, ...resolution.options, outDir: join(folder, "out"), ...more };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const args = [join(compiler, "bin/tsc"), "-p", folder, "--pretty", "false"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    return `${stdout}${stderr}`.split("\n").filter((line) => line.includes("error"));
  };
  return [...compile(FILES, { skipLibCheck: true }), ...compile(["ours.ts"], { skipLibCheck: false })];
}

function versionOf(folder: string): string {
  const { stdout } = spawnSync(process.execPath, [join(folder, "bin/tsc"), "--version"], { encoding: "utf8" });
  return stdout.replace("Version", "").trim();
}

const cells: Cell[] = [];
try {
  const { tarball } = pack(work);
  const all = projects(tarball);
  for (const compiler of compilers()) {
    const version = versionOf(compiler);
    for (const resolution of RESOLUTIONS) {
      if (Number.parseInt(version, 10) >= (resolution.until ?? Number.POSITIVE_INFINITY)) {
        leftOut.push({ what: `${resolution.name} with TypeScript ${version}`, why: "this compiler does not offer it" });
        continue;
      }
      for (const { dependencies, project } of all) {
        const [firstError, ...more] = complaints(compiler, project, resolution);
        const errors = firstError === undefined ? 0 : 1 + more.length;
        cells.push({
          compiler: version,
          resolution: resolution.name,
          dependencies,
          errors,
          ...(firstError && { firstError }),
        });
        console.log(
          `TypeScript ${version.padEnd(8)} ${resolution.name.padEnd(18)} ${dependencies.padEnd(8)} ${errors} errors  ${firstError ?? ""}`,
        );
      }
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const { what, why } of leftOut) console.log(`left out: ${what}: ${why}`);
const ok = cells.length > 0 && cells.every(({ errors }) => errors === 0);
if (json) console.log(JSON.stringify({ tool: "types", ok, cells, leftOut }));
process.exit(ok ? 0 : 1);
