/**
 * `npm run bench:curves`: measures cost as the work grows and draws docs/*.svg. `--only shards,entries` draws some of
 * them. Light and dark pages both show the pictures, so they bring their own white ground.
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Curve } from "./curve.js";
import { compile, run } from "./launch.js";

const CURVES = ["shards", "entries", "invalidations", "concurrency"];
const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));

const { values } = parseArgs({ options: { json: { type: "boolean" }, only: { type: "string" } } });

function draw(curve: Curve): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const points = curve.series.flatMap(({ name, points }) => points.map((at) => ({ ...at, series: name })));
  const domain = curve.series.map(({ name }) => name);
  const svg = Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
    width: 720,
    height: 420,
    marginLeft: 60,
    marginRight: 200,
    style: { background: "white", color: "black", fontFamily: "system-ui, sans-serif", fontSize: "12px" },
    x: {
      type: curve.xScale,
      label: curve.xLabel,
      labelAnchor: "center",
      grid: true,
      ticks: ticks(points.map(({ x }) => x)),
      tickFormat: short,
    },
    y: { type: "log", label: curve.yLabel, grid: true, tickFormat: short },
    color: { domain },
    marks: [
      Plot.areaY(points, { x: "x", y1: "low", y2: "high", fill: "series", fillOpacity: 0.15 }),
      Plot.lineY(points, { x: "x", y: "median", stroke: "series", strokeWidth: 2, marker: "circle" }),
      Plot.text(
        points,
        Plot.selectLast({
          x: "x",
          y: "median",
          z: "series",
          text: "series",
          fill: "series",
          textAnchor: "start",
          dx: 8,
        }),
      ),
      Plot.text([curve.title], { frameAnchor: "top", dy: -14, fontSize: 13, fontWeight: "bold" }),
    ],
    marginTop: 40,
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML}\n`;
}

/** The measured places, or every other one when there are many. */
function ticks(xs: readonly number[]): number[] {
  const places = [...new Set(xs)].sort((a, b) => a - b);
  return places.length > 9 ? places.filter((_, index) => index % 2 === 0) : places;
}

function short(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}

await compile();
const measured: Record<string, Curve> = {};
for (const name of values.only?.split(",") ?? CURVES) {
  if (!CURVES.includes(name)) throw new Error(`no curve is called ${name}; there are ${CURVES}`);
  const curve = (await run(`curve-${name}`, [])) as Curve;
  measured[name] = curve;
  writeFileSync(`${DOCS}${name}.svg`, draw(curve));
  console.log(`docs/${name}.svg: ${curve.title}`);
  for (const { name: series, points } of curve.series) {
    console.log(`  ${series.padEnd(34)} ${points.map(({ x, median }) => `${short(x)}: ${median}`).join("  ")}`);
  }
}
if (values.json) console.log(JSON.stringify(measured));
