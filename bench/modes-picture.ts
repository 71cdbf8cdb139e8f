/** Draws docs/modes.svg: where each `refreshWhen` pays, by what the source takes, the log takes, and the hit rate. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { MODES, type Row } from "./modes-model.js";

const FILE = fileURLToPath(new URL("../docs/modes.svg", import.meta.url));

/** One load an invocation: there a wait shows most. */
const SHAPE: Row["shape"] = "1";

export function drawModes(rows: readonly Row[]): void {
  const shown = rows.filter(({ shape }) => shape === SHAPE);
  const points = shown.flatMap((row) =>
    MODES.map((mode) => ({
      mode,
      sourceMs: row.sourceMs,
      ratio: row[mode].meanMs / row.none.meanMs,
      hits: `${100 * row.hitRate} % hits`,
      log: `log ${row.logMs} ms`,
    })),
  );
  const sources = [...new Set(points.map(({ sourceMs }) => sourceMs))];
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
    width: 860,
    height: 440,
    marginTop: 50,
    marginLeft: 60,
    marginBottom: 45,
    marginRight: 75,
    // Light and dark pages both show it, so it brings its own ground.
    style: { background: "white", color: "black", fontFamily: "system-ui, sans-serif", fontSize: "12px" },
    x: { type: "log", label: "what a load takes, ms", ticks: sources, tickFormat: String },
    y: {
      type: "log",
      label: "mean time of an invocation, over no cache",
      grid: true,
      ticks: [0.1, 0.3, 1, 3, 10],
      tickFormat: String,
    },
    fx: { label: null, domain: ["0 % hits", "50 % hits", "95 % hits"] },
    fy: { label: null, domain: [...new Set(points.map(({ log }) => log))] },
    color: { domain: [...MODES], range: ["#888888", "#1f6fd6", "#d9731a"] },
    marks: [
      Plot.frame({ stroke: "#cccccc" }),
      Plot.ruleY([1], { stroke: "black", strokeDasharray: "3 3" }),
      Plot.lineY(points, {
        x: "sourceMs",
        y: "ratio",
        fx: "hits",
        fy: "log",
        stroke: "mode",
        strokeWidth: 2,
        marker: "circle",
      }),
      ...legend(),
    ],
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  writeFileSync(FILE, `${svg.outerHTML}\n`);
}

/** The names in the first panel, each in its colour. */
function legend(): Plot.Markish[] {
  return MODES.map((mode, index) =>
    Plot.text([mode], {
      text: [mode],
      fx: ["0 % hits"],
      fy: ["log 3 ms"],
      frameAnchor: "bottom-left",
      textAnchor: "start",
      dx: 8 + index * 70,
      dy: -10,
      fontWeight: "bold",
      fill: () => mode,
    }),
  );
}
