/** What a curve is made of: medians with the middle half around them, one series per contestant. Printed as JSON. */

import { figure } from "./statistics.js";

export interface Point {
  readonly x: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Curve {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** `symlog` where the axis begins at 0. */
  readonly xScale: "log" | "symlog";
  readonly series: readonly Series[];
}

export function point(x: number, samples: readonly number[]): Point {
  const { median, low, high } = figure(samples);
  return {
    x,
    median: Number(median.toPrecision(4)),
    low: Number(low.toPrecision(4)),
    high: Number(high.toPrecision(4)),
  };
}

/** One point of every named series at one `x`. */
export function plot(series: Record<string, Point[]>, x: number, samples: Readonly<Record<string, readonly number[]>>) {
  for (const [name, taken] of Object.entries(samples)) {
    series[name] ??= [];
    series[name].push(point(x, taken));
  }
}

export function printCurve(curve: Omit<Curve, "series">, series: Readonly<Record<string, readonly Point[]>>): void {
  const named = Object.entries(series).map(([name, points]) => ({ name, points }));
  console.log(JSON.stringify({ ...curve, series: named } satisfies Curve));
}
