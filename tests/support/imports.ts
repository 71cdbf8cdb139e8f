/**
 * Finds what the files of a folder import, type imports and dynamic ones included, for the tests of the structure.
 * It reads text, not syntax trees: it must be fed code that the formatter has put into its usual shape.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface SourceFile {
  /** Relative to the folder, with forward slashes: `core/clock.ts`. */
  readonly path: string;
  readonly text: string;
  /** Files of the same folder, as paths, and packages by the name they are imported by. */
  readonly imports: readonly string[];
  /** Those of `imports` that are still there when the types are gone. */
  readonly runtimeImports: readonly string[];
}

export function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.includes("node_modules"))
    .sort()
    .map((path) => sourceFile(path, withoutHashbang(readFileSync(join(folder, path), "utf8"))));
}

/** The first line of a command says what runs it; the file itself begins below. */
function withoutHashbang(text: string): string {
  return text.replace(/^#!.*\n/, "");
}

export function sourceFile(path: string, text: string): SourceFile {
  const statements = importsOf(text).map(({ name, typeOnly }) => ({ name: resolved(path, name), typeOnly }));
  return {
    path,
    text,
    imports: statements.map(({ name }) => name),
    runtimeImports: statements.filter(({ typeOnly }) => !typeOnly).map(({ name }) => name),
  };
}

const STATEMENT = /^(import|export)\s(type\s)?[^;"']*?\bfrom\s*["']([^"'\n]+)["']/gm;
const SIDE_EFFECT = /^import\s*["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\s*\(\s*["']([^"'\n]+)["']/g;

function importsOf(text: string): { name: string; typeOnly: boolean }[] {
  const code = withoutComments(text);
  const statements = [...code.matchAll(STATEMENT)].map(([, , type, name = ""]) => ({
    name,
    typeOnly: type !== undefined,
  }));
  const others = [...code.matchAll(SIDE_EFFECT), ...code.matchAll(DYNAMIC)];
  return [...statements, ...others.map(([, name = ""]) => ({ name, typeOnly: false }))];
}

/** The code alone, so that a sentence in a comment is not taken for a statement. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** The files of a cycle in the order they import each other, or undefined. */
export function cycleIn(files: readonly SourceFile[]): string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const name of byPath.get(path)?.imports ?? []) {
      const cycle = byPath.has(name) ? visit(name, [...trail, path]) : undefined;
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Everything that is loaded when `path` is, files and packages. */
export function loadedBy(files: readonly SourceFile[], path: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded;
  loaded.add(path);
  for (const name of files.find((file) => file.path === path)?.runtimeImports ?? []) loadedBy(files, name, loaded);
  return loaded;
}

function resolved(from: string, name: string): string {
  if (!name.startsWith(".")) return name;
  return join(dirname(from), name).replaceAll("\\", "/").replace(/\.js$/, ".ts");
}
