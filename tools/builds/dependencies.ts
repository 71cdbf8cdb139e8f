/**
 * The same project with other versions of what the package needs: the lowest that package.json allows, which must really
 * work, and the newest of today.
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { install, manifest } from "./package.js";

export const DEPENDENCIES = ["lowest", "newest"] as const;
export type Dependencies = (typeof DEPENDENCIES)[number];

/** What npm is to install: `^3.632.0` is 3.632.0 at least, and whatever has its major at most. */
export function wanted(which: Dependencies, name: string, range: string): string {
  return `${name}@${which === "lowest" ? range.replace("^", "") : range}`;
}

/** @param further more packages in the same versions as their like in package.json */
export function installDependencies(
  from: string,
  project: string,
  which: Dependencies,
  further: readonly string[] = [],
): void {
  cpSync(from, project, { recursive: true, verbatimSymlinks: true });
  // Locked to others.
  rmSync(join(project, "package-lock.json"));
  rmSync(join(project, "node_modules/.package-lock.json"), { force: true });
  const { dependencies } = manifest;
  const like = dependencies["@aws-lambda-powertools/metrics"] ?? "latest";
  // Powertools' packages go together in one version: npm alone would give the oldest of them the newest commons.
  const same = ["@aws-lambda-powertools/commons", ...further];
  const all = { ...dependencies, ...Object.fromEntries(same.map((name) => [name, like])) };
  install(
    project,
    Object.entries(all).map(([name, range]) => wanted(which, name, range)),
  );
}
