/**
 * Puts the report page's files beside the compiled report: our script and style, and the plotting library with its
 * licence; and makes the command executable. Part of the build, because the compiler copies no files and leaves those it
 * writes as ordinary ones: npm makes a command executable once, when it links it. An argument names another folder than `dist`.
 */

import { chmodSync, copyFileSync, cpSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LIBRARY_FILES } from "../src/report/page-assets.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = process.argv[2] ?? join(root, "dist");
const assets = join(dist, "report/assets");
const library = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));

cpSync(join(root, "src/report/assets"), assets, { recursive: true });
for (const name of LIBRARY_FILES) copyFileSync(join(library, "dist", name), join(assets, name));
copyFileSync(join(library, "LICENSE"), join(assets, "uPlot.LICENSE"));
for (const command of ["cli.js", "report/cli.js"]) chmodSync(join(dist, command), 0o755);
