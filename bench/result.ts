/**
 * What a benchmark says: a figure, its unit, and the target it must meet, if it has one.
 * A target that fails is printed as failing and makes the run fail; it is never left out.
 */

import type { Figure } from "./statistics.js";

export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface Result {
  /** Which part of the measurement this belongs to: `latency`, `path`, `hits`, … */
  readonly suite: string;
  readonly name: string;
  /** `x` is a ratio. */
  readonly unit: "x" | "ms" | "us" | "ns" | "bytes" | "calls" | "ids/s" | "KB" | "%";
  readonly median: number;
  /** The middle half of the runs. */
  readonly spread: readonly [low: number, high: number];
  readonly runs: number;
  readonly target?: Target;
  /** Absent when the figure has no target and is only there to be read. */
  readonly pass?: boolean;
  readonly note?: string;
}

export interface ResultParts {
  readonly suite: string;
  readonly name: string;
  readonly unit: Result["unit"];
  readonly figure: Figure;
  readonly target?: Target;
  readonly note?: string;
}

export function result({ suite, name, unit, figure, target, note }: ResultParts): Result {
  return {
    suite,
    name,
    unit,
    median: rounded(figure.median),
    spread: [rounded(figure.low), rounded(figure.high)],
    runs: figure.runs,
    ...(target === undefined ? {} : { target, pass: meets(figure.median, target) }),
    ...(note === undefined ? {} : { note }),
  };
}

export function meets(value: number, target: Target): boolean {
  return "atLeast" in target ? value >= target.atLeast : value <= target.atMost;
}

/** True when no target failed. */
export function allPass(results: readonly Result[]): boolean {
  return results.every((one) => one.pass !== false);
}

/** One line for people. */
export function describeResult(one: Result): string {
  const verdict = one.pass === undefined ? "    " : one.pass ? "ok  " : "FAIL";
  const value = `${shown(one.median)} ${one.unit}`;
  const spread = one.runs > 1 ? ` (${shown(one.spread[0])}–${shown(one.spread[1])}, ${one.runs} runs)` : "";
  const target = one.target === undefined ? "" : `, target ${describeTarget(one.target)}`;
  const note = one.note === undefined ? "" : `  ${one.note}`;
  return `${verdict} ${one.suite.padEnd(13)} ${one.name.padEnd(58)} ${value}${spread}${target}${note}`;
}

export function describeTarget(target: Target): string {
  return "atLeast" in target ? `>= ${shown(target.atLeast)}` : `<= ${shown(target.atMost)}`;
}

/** A number as people read it: three significant digits, thousands apart. */
export function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
