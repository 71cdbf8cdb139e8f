/**
 * `npm run bench:curves`: measures cost as the work grows and draws docs/*.svg. `--only shards,entries` draws some of
 * them. Light and dark pages both show the pictures, so they bring their own white ground.
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { namesOf, readArguments } from "../tools/arguments.js";
import type { Curve } from "./curve.js";
import { compile, run } from "./launch.js";

const CURVES = ["shards", "entries", "invalidations", "concurrency"];
const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));

const USAGE = `usage: npm run bench:curves -- [options]

Measures cost as the work grows, and draws docs/*.svg.

  --only A,B   some of the curves (${CURVES})
  --json       one JSON object as the last line
  --help       prints this`;

const { json, wanted } = readArguments({
  usage: USAGE,
  options: { json: { type: "boolean", default: false }, only: { type: "string" } },
  read: ({ only, json }) => ({ json, wanted: only === undefined ? CURVES : namesOf("only", only, CURVES) }),
});

const LINE_HEIGHT = 14;

function draw(curve: Curve): string {
  const points = curve.series.flatMap(({ name, points }) => points.map((at) => ({ ...at, series: name })));
  const measuredAt = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const marks = [
    Plot.axisX(measuredAt, {
      label: curve.xLabel,
      labelAnchor: "center",
      labelOffset: 36,
      text: measuredAt.map(short),
    }),
    Plot.gridX(measuredAt),
    Plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: "series", fillOpacity: 0.15 }),
    Plot.lineY(points, { x: "x", y: "median", stroke: "series", strokeWidth: 2, marker: "circle" }),
    Plot.text([curve.title], { frameAnchor: "top-left", dy: -18, fontSize: 13, fontWeight: "bold" }),
  ];
  const yPixels = plotted(curve, marks).scale("y")?.apply ?? (() => 0);
  const svg = plotted(curve, [...marks, ...labels(curve, yPixels)]);
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML}\n`;
}

function plotted(curve: Curve, marks: Plot.Markish[]) {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  return Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
    width: 760,
    height: 420,
    marginTop: 50,
    marginBottom: 50,
    marginLeft: 60,
    marginRight: 220,
    style: { background: "white", color: "black", fontFamily: "system-ui, sans-serif", fontSize: "12px" },
    x: { type: curve.xScale },
    y: { type: "log", label: curve.yLabel, grid: true, tickFormat: short },
    color: { domain: curve.series.map(({ name }) => name) },
    marks,
  });
}

/** Each series' name beside its last point, pushed down where two of them would lie on each other. */
function labels(curve: Curve, yPixels: (value: number) => number): Plot.Markish[] {
  const lasts = curve.series.flatMap(({ name, points }) => points.slice(-1).map((last) => ({ ...last, series: name })));
  let free = Number.NEGATIVE_INFINITY;
  return lasts
    .sort((a, b) => b.median - a.median)
    .map((last) => {
      const at = yPixels(last.median);
      const placed = Math.max(at, free);
      free = placed + LINE_HEIGHT;
      const options = { x: "x", y: "median", text: "series", fill: "series", textAnchor: "start" as const };
      return Plot.text([last], { ...options, dx: 10, dy: placed - at });
    });
}

function short(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}

await compile();
const measured: Record<string, Curve> = {};
for (const name of wanted) {
  const curve = (await run(`curve-${name}`, [])) as Curve;
  measured[name] = curve;
  writeFileSync(`${DOCS}${name}.svg`, draw(curve));
  console.log(`docs/${name}.svg: ${curve.title}`);
  for (const { name: series, points } of curve.series) {
    console.log(`  ${series.padEnd(34)} ${points.map(({ x, median }) => `${short(x)}: ${median}`).join("  ")}`);
  }
}
if (json) console.log(JSON.stringify(measured));
