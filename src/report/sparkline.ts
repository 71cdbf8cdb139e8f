/**
 * A row of block characters that shows how a figure went over time, one character a step; a time without figures is blank.
 * The scale always holds zero, so that the height of a block means something.
 */

const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

export interface Sample {
  readonly atMs: number;
  /** What is added up where several samples fall on one character. */
  readonly value: number;
  /** What the sum is divided by there; 1 for a plain sum. */
  readonly per?: number;
}

export interface Spark {
  readonly text: string;
  readonly lowest: number;
  readonly highest: number;
  /** The value of each character; undefined where it is blank. */
  readonly values: readonly (number | undefined)[];
}

/** `range` is what the row spans; `top` fixes the scale's upper end (1 for shares). */
export function sparkline(
  samples: readonly Sample[],
  range: { readonly firstMs: number; readonly lastMs: number; readonly width: number; readonly top?: number },
): Spark {
  const sums = new Array<{ value: number; per: number } | undefined>(range.width).fill(undefined);
  const stepMs = Math.max(1, (range.lastMs - range.firstMs + 1) / range.width);
  for (const { atMs, value, per } of samples) {
    const at = Math.min(range.width - 1, Math.max(0, Math.floor((atMs - range.firstMs) / stepMs)));
    const sum = sums[at] ?? { value: 0, per: 0 };
    sums[at] = { value: sum.value + value, per: per === undefined ? 1 : sum.per + per };
  }
  const values = sums.map((sum) => (sum === undefined || sum.per === 0 ? undefined : sum.value / sum.per));
  const known = values.filter((value) => value !== undefined);
  const lowest = Math.min(0, ...known);
  const highest = range.top ?? Math.max(0, ...known);
  const text = values.map((value) => (value === undefined ? " " : blockOf(value, lowest, highest))).join("");
  return { text, lowest, highest, values };
}

function blockOf(value: number, lowest: number, highest: number): string {
  if (highest === lowest) return "▁";
  const height = Math.round(((value - lowest) / (highest - lowest)) * (BLOCKS.length - 1));
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, height))] ?? " ";
}
