/**
 * `npm run bench:coldstart`: what scache adds to the size of a minified bundle and to the time it takes to load, on a
 * stream and on a table, over the same handler with only Middy, Powertools and the SDK's client of that service. Fresh processes in turn; `--json` and `--write` as elsewhere.
 */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readArguments } from "../tools/arguments.js";
import type { Bundle } from "../tools/lambda/bundle.js";
import { ADDED_TARGET_KB, bundleVariant, sizeOf, type Variant } from "./added-bytes.js";
import { figuresTable, thisMachine, writeFigures } from "./figures.js";
import { allPass, describeResult, type Result, result } from "./result.js";
import { figure, interleave, ratio } from "./statistics.js";

/** Loading with scache, over loading without it; and a whole start of Node with it, over one without. */
const TIMES_TARGET = 1.06;
const suite = "coldstart";

const USAGE = `usage: npm run bench:coldstart -- [options]

What scache adds to the size of a minified bundle and to the time it takes to load.

  --quick   fewer rounds
  --write   puts the figures into docs/performance.md
  --json    one JSON object as the last line
  --help    prints this

Exit code: 0; 1 when a target does not hold; 2 for wrong arguments.`;

const { json, quick, write } = readArguments({
  usage: USAGE,
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
  read: (values) => values,
});

/**
 * Prints how long the import of a module takes, and how long it is by then since Node started, which a function waits for too.
 * The clock must not load anything that the module would have had to load.
 */
const TIMED_IMPORT = `
  const begunAt = process.hrtime.bigint();
  await import(process.argv[1]);
  const loadMs = Number(process.hrtime.bigint() - begunAt) / 1e6;
  console.log(JSON.stringify({ loadMs, startMs: process.uptime() * 1e3 }));
  process.exit(0);`;

interface Start {
  readonly loadMs: number;
  /** From the start of Node on. */
  readonly startMs: number;
}

function start(bundle: Bundle, variant: Variant): Start {
  const file = pathToFileURL(join(bundle.taskRoot, `cold-${variant}.mjs`)).href;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", TIMED_IMPORT, "--", file],
    { encoding: "utf8", env: { PATH: process.env.PATH, AWS_REGION: "eu-west-1", NODE_NO_WARNINGS: "1" } },
  );
  if (status !== 0) throw new Error(`${file} did not load: ${stderr}`);
  return JSON.parse(stdout);
}

interface Pair {
  /** As figures name it. */
  readonly log: string;
  readonly without: Variant;
  readonly with: Variant;
}

const PAIRS: readonly Pair[] = [
  { log: "stream", without: "without", with: "with" },
  { log: "table", without: "table-without", with: "table-with" },
];

async function measure(pair: Pair): Promise<Result[]> {
  const bundles = { without: await bundleVariant(pair.without), with: await bundleVariant(pair.with) };
  try {
    return await compare(pair, bundles);
  } finally {
    bundles.without.remove();
    bundles.with.remove();
  }
}

async function compare(pair: Pair, bundles: Readonly<Record<"without" | "with", Bundle>>): Promise<Result[]> {
  const sizes = { without: sizeOf(bundles.without), with: sizeOf(bundles.with) };
  const starts: Record<"without" | "with", Start[]> = { without: [], with: [] };
  const contestant = (which: "without" | "with") => () => starts[which].push(start(bundles[which], pair[which]));
  const contestants = { without: contestant("without"), with: contestant("with") };
  await interleave(contestants, 3);
  starts.without = [];
  starts.with = [];
  await interleave(contestants, quick ? 25 : 101);
  const took = (which: "without" | "with", name: keyof Start) => starts[which].map((one) => one[name]);
  const compared = (name: string, of: keyof Start) => {
    const [less, more] = [took("without", of), took("with", of)];
    return [
      result({ suite, name: `${name} without scache, ${pair.log}`, unit: "ms", figure: figure(less) }),
      result({ suite, name: `${name} with scache, ${pair.log}`, unit: "ms", figure: figure(more) }),
      result({
        suite,
        name: `${name} with scache / without, ${pair.log}`,
        unit: "x",
        figure: ratio(more, less),
        target: { atMost: TIMES_TARGET },
      }),
    ];
  };
  const one = (name: string, unit: Result["unit"], value: number) =>
    result({ suite, name: `${name}, ${pair.log}`, unit, figure: figure([value]) });
  return [
    one("bundle without scache", "KB", sizes.without.kb),
    one("bundle with scache", "KB", sizes.with.kb),
    result({
      suite,
      name: `added to the bundle, ${pair.log}`,
      unit: "KB",
      figure: figure([sizes.with.kb - sizes.without.kb]),
      target: { atMost: ADDED_TARGET_KB },
      note: `${(sizes.with.gzipKb - sizes.without.gzipKb).toFixed(1)} KB compressed`,
    }),
    ...compared("loading", "loadMs"),
    ...compared("a start of Node and loading", "startMs"),
  ];
}

const results: Result[] = [];
for (const pair of PAIRS) results.push(...(await measure(pair)));
for (const one of results) console.log(describeResult(one));
const pass = allPass(results);
if (write) writeFigures("coldstart", figuresTable(results, new Date(), thisMachine()));
if (json) console.log(JSON.stringify({ date: new Date().toISOString(), node: process.version, pass, results }));
process.exitCode = pass ? 0 : 1;
