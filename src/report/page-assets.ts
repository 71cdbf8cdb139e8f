/**
 * The files a page is made of. They lie beside this one in the built package; run from the sources, the plotting library
 * comes from where npm installed it. Read only when a page is written.
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export interface PageAssets {
  readonly library: string;
  readonly libraryStyle: string;
  readonly script: string;
  readonly style: string;
}

/** In the package that npm installs for development; the build copies them, with the licence, into the assets. */
export const LIBRARY_FILES = ["uPlot.iife.min.js", "uPlot.min.css"] as const;

export function readPageAssets(): PageAssets {
  const [library, libraryStyle] = LIBRARY_FILES;
  return {
    library: read(library),
    libraryStyle: read(libraryStyle),
    script: read("page.js"),
    style: read("page.css"),
  };
}

function read(name: string): string {
  const beside = fileURLToPath(new URL(`./assets/${name}`, import.meta.url));
  const path = existsSync(beside) ? beside : createRequire(import.meta.url).resolve(`uplot/dist/${name}`);
  return readFileSync(path, "utf8");
}
