/** What scache adds to a function's bundle, built with the build properties of template.yaml. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Bundle, bundleFunction } from "../tools/lambda/bundle.js";

/**
 * What it must not grow beyond; it was 94.0 on 2026-11-29. The rest is room for ordinary changes: a bound that fifty bytes
 * break invites golfing.
 */
export const ADDED_TARGET_KB = 95;

/** On a stream, and on a table. */
export type Variant = "without" | "with" | "table-without" | "table-with";

/** The function without scache, or with it. The caller removes it. */
export function bundleVariant(variant: Variant): Promise<Bundle> {
  const entryPoint = fileURLToPath(new URL(`./cold-${variant}.ts`, import.meta.url));
  return bundleFunction({ entryPoint, scacheFrom: "src" });
}

export interface Size {
  readonly kb: number;
  readonly gzipKb: number;
}

/** All files of a bundle together, in KB of 1,024 bytes. */
export function sizeOf({ taskRoot }: Bundle): Size {
  let [bytes, gzipped] = [0, 0];
  for (const file of readdirSync(taskRoot)) {
    bytes += statSync(join(taskRoot, file)).size;
    gzipped += gzipSync(readFileSync(join(taskRoot, file))).length;
  }
  return { kb: bytes / 1_024, gzipKb: gzipped / 1_024 };
}
