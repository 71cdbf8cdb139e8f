/**
 * The package as npm hands it out: built, packed, and installed into empty projects of their own, outside of the repository,
 * whose settings and modules would otherwise reach in.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Manifest {
  readonly version: string;
  readonly files: readonly string[];
  readonly main: string;
  readonly types: string;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** What a user installs beside the package, the second only for a log in a table. */
export const PEERS = ["@middy/core", "@aws-sdk/client-dynamodb"];

export const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;
export const manifest = readJson<Manifest>(join(root, "package.json"));
const lock = readJson<Lock>(join(root, "package-lock.json"));

const node = (args: readonly string[], cwd: string) =>
  execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: "pipe" });

/** npm without its questions, its advice and the packages' own scripts. */
export function npm(args: readonly string[], cwd: string): string {
  const quietly = ["--ignore-scripts", "--no-audit", "--no-fund"];
  return execFileSync("npm", [...args, ...quietly], { cwd, encoding: "utf8", stdio: "pipe" });
}

/**
 * Builds and packs a copy, so that a build going on in the repository cannot get in the way. The copy stays beside the
 * tarball, in `staging`.
 */
export function pack(work: string): { readonly tarball: string; readonly staging: string } {
  const staging = join(work, "staging");
  const tarball = join(work, "scache.tgz");
  mkdirSync(staging);
  for (const name of ["package.json", "README.md", "LICENSE", ...manifest.files.filter((file) => file !== "dist")]) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(staging, name), { recursive: true });
  }
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const compile = [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", join(staging, "dist")];
  // As package.json does it: bundlers keep comments, and what they say stands in the declarations and the sources.
  node([...compile, "--removeComments", "--declaration", "false"], root);
  node([...compile, "--emitDeclarationOnly"], root);
  node(["--import", "tsx", join(root, "tools/report-assets.ts"), join(staging, "dist")], root);
  // It is built already, and there is nothing in the copy to build it with.
  const [packed] = JSON.parse(npm(["pack", "--json", "--pack-destination", work], staging)) as { filename: string }[];
  renameSync(join(work, packed?.filename ?? ""), tarball);
  return { tarball, staging };
}

/** The version of a package in our lock file. */
export function lockedVersion(name: string): string {
  return lock.packages[`node_modules/${name}`]?.version ?? "";
}

/** The paths of a package and of all that it needs, in our lock file. */
function neededBy(name: string, found: Set<string>): Set<string> {
  const path = `node_modules/${name}`;
  const entry = lock.packages[path];
  if (entry === undefined || found.has(path)) return found;
  found.add(path);
  for (const dependency of Object.keys(entry.dependencies ?? {})) neededBy(dependency, found);
  return found;
}

/**
 * Makes a project with the tarball and its peers in it, of the very versions of our lock file, which npm has in its cache
 * since it installed them here: without a lock file it would ask the registry for every package's list of versions.
 */
export function installLocked(project: string, tarball: string): void {
  const peers = new Set<string>();
  for (const name of PEERS) neededBy(name, peers);
  const needed = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => (path !== "" && !dev && !devOptional) || peers.has(path),
  );
  const file = `file:${relative(project, tarball)}`;
  const versions = Object.fromEntries(PEERS.map((name) => [name, lockedVersion(name)]));
  const dependencies = { ...versions, scache: file };
  const wanted = { name: "empty-project", version: "1.0.0", private: true, type: "module", dependencies };
  const { version, bin, dependencies: own, peerDependencies, peerDependenciesMeta, engines } = manifest;
  const declared = { peerDependencies, peerDependenciesMeta };
  const scache = { version, resolved: file, bin, dependencies: own, ...declared, engines };
  const packages = { "": wanted, ...Object.fromEntries(needed), "node_modules/scache": scache };
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify(wanted));
  writeFileSync(
    join(project, "package-lock.json"),
    JSON.stringify({ ...lock, name: wanted.name, version: wanted.version, packages }),
  );
  npm(["ci", "--prefer-offline"], project);
}

/** Adds packages to a project, or makes one of them. Fails where npm cannot reach what it needs. */
export function install(project: string, packages: readonly string[]): void {
  mkdirSync(project, { recursive: true });
  const path = join(project, "package.json");
  if (!existsSync(path))
    writeFileSync(path, JSON.stringify({ name: "project", version: "1.0.0", private: true, type: "module" }));
  npm(["install", "--save-exact", "--prefer-offline", ...packages], project);
}
