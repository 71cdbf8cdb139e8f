/**
 * Puts the report page's files beside the compiled report: our script and style, and the plotting library with its
 * licence. Part of the build, because the compiler copies no files. An argument names another folder than `dist`.
 */

import { copyFileSync, cpSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LIBRARY_FILES } from "../src/report/page-assets.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const assets = join(process.argv[2] ?? join(root, "dist"), "report/assets");
const library = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));

cpSync(join(root, "src/report/assets"), assets, { recursive: true });
for (const name of LIBRARY_FILES) copyFileSync(join(library, "dist", name), join(assets, name));
copyFileSync(join(library, "LICENSE"), join(assets, "uPlot.LICENSE"));
