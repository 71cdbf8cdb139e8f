/**
 * Bundles a worker, of the simulation unless told, into one file, as it is or with one rule of the protocol broken. Bundled it
 * starts at once and runs a fifth faster; and a breakage never touches the sources.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Another text for one file of the repository. */
export interface Change {
  readonly file: string;
  change(text: string): string;
}

export interface WorkerBundle {
  readonly file: string;
  remove(): Promise<void>;
}

export async function bundleWorker(change?: Change, entry = "tools/simulate-worker.ts"): Promise<WorkerBundle> {
  const name = entry
    .replace(/^tools\//, "")
    .replace(/\.ts$/, "")
    .replaceAll("/", "-");
  const folder = await mkdtemp(join(tmpdir(), `scache-${name}-`));
  const file = join(folder, `${name}.mjs`);
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await build({
      entryPoints: [join(ROOT, entry)],
      outfile: file,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "error",
      plugins: change === undefined ? [] : [changing(change)],
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { file, remove };
}

function changing(change: Change): Plugin {
  const path = resolve(ROOT, change.file);
  return {
    name: "one change",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async (args) => {
        if (args.path !== path) return undefined;
        return { contents: change.change(await readFile(path, "utf8")), loader: "ts" };
      });
    },
  };
}
