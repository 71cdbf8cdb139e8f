/**
 * What it costs to keep a handler from changing what the next one is served: to freeze a value once, when it is added, or
 * to copy it at every hit (`freeze: "copy"`), beside `structuredClone`. A small object must take less than a microsecond either
 * way: then the safe choice is the default, and copies may be asked for. Exits 1 when a median is above the limit. `--json`:
 * one object as the last line.
 */
import { deepCopy } from "../src/core/store/copy.js";
import { deepFreeze } from "../src/core/store/freeze.js";
import { readArguments } from "../tools/arguments.js";
import { type Figure, figure, interleave } from "./statistics.js";

const LIMIT_US = 1;
const USAGE = `usage: npm run bench:freeze -- [options]

What it costs to freeze a value when it is added, and to copy it at a hit; a small object must take less than
${LIMIT_US} µs.

  --json   one JSON object as the last line
  --help   prints this

Exit code: 0; 1 when the median is not below the limit; 2 for wrong arguments.`;
const ROUNDS = 61;
const OBJECTS_PER_ROUND = 5_000;

const SHAPES = {
  small: (n: number) => ({ id: String(n), name: "Ann", email: "ann@example.com", active: true, visits: n }),
  nested: (n: number) => ({ id: n, name: "Ann", address: { street: "Main", city: "Berne" }, tags: ["a", "b", "c"] }),
  large: (n: number) => ({ id: n, lines: Array.from({ length: 50 }, (_, at) => ({ at, sku: `s${at}`, quantity: 1 })) }),
} as const;

type Shape = keyof typeof SHAPES;

/** Microseconds an object, the making of it not counted. */
function cost(shape: Shape, work: (value: object) => unknown): () => number {
  return () => {
    const objects = Array.from({ length: OBJECTS_PER_ROUND }, (_, n) => SHAPES[shape](n));
    const beganMs = performance.now();
    for (const object of objects) work(object);
    return ((performance.now() - beganMs) * 1_000) / OBJECTS_PER_ROUND;
  };
}

async function main(json: boolean): Promise<void> {
  const samples = await interleave(
    {
      small: cost("small", deepFreeze),
      nested: cost("nested", deepFreeze),
      large: cost("large", deepFreeze),
      copySmall: cost("small", deepCopy),
      copyNested: cost("nested", deepCopy),
      copyLarge: cost("large", deepCopy),
      cloneSmall: cost("small", structuredClone),
      cloneNested: cost("nested", structuredClone),
      cloneLarge: cost("large", structuredClone),
    },
    ROUNDS,
  );
  const figures = Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, figure(values)]));
  for (const [name, { median, low, high }] of Object.entries(figures) as [string, Figure][]) {
    const spread = `${low.toFixed(2)}–${high.toFixed(2)}`;
    console.log(`${name.padEnd(11)} ${median.toFixed(2).padStart(7)} µs an object (middle half ${spread})`);
  }
  const freezeSmallUs = figures.small?.median ?? Number.NaN;
  const copySmallUs = figures.copySmall?.median ?? Number.NaN;
  const pass = freezeSmallUs < LIMIT_US && copySmallUs < LIMIT_US;
  const verdict = `${pass ? "below" : "NOT BELOW"} ${LIMIT_US} µs on Node ${process.version}`;
  console.log(`freezing a small object, and copying it, is ${verdict}`);
  if (json) console.log(JSON.stringify({ freezeSmallUs, copySmallUs, limitUs: LIMIT_US, pass, figures }));
  process.exitCode = pass ? 0 : 1;
}

const options = { json: { type: "boolean", default: false } } as const;
await main(readArguments({ usage: USAGE, options, read: ({ json }) => json }));
