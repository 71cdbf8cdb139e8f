/**
 * Medians of interleaved runs, and how far they spread: every figure of the benchmarks goes through here.
 * Contestants take turns within a round, in an order that rotates, so that a slow moment of the machine meets all of
 * them; a ratio is formed within each round before the median is taken. Nothing is ever averaged or thrown away.
 */

/** A median and the middle half of what was measured around it. */
export interface Figure {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

export type Samples<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** The value below which `share` of the sorted samples lie, interpolated. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) throw new Error("no samples");
  return below + (above - below) * (position - Math.floor(position));
}

export function figure(samples: readonly number[]): Figure {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    runs: sorted.length,
  };
}

export function median(samples: readonly number[]): number {
  return figure(samples).median;
}

/** The figure of one round's numerator over the same round's denominator. */
export function ratio(numerators: readonly number[], denominators: readonly number[]): Figure {
  return combine(numerators, denominators, (a, b) => a / b);
}

/** The figure of one round's first value less the same round's second. */
export function difference(firsts: readonly number[], seconds: readonly number[]): Figure {
  return combine(firsts, seconds, (a, b) => a - b);
}

function combine(
  firsts: readonly number[],
  seconds: readonly number[],
  join: (first: number, second: number) => number,
): Figure {
  if (firsts.length !== seconds.length) throw new Error("the samples are not of the same rounds");
  return figure(firsts.map((first, round) => join(first, seconds[round] ?? Number.NaN)));
}

/** Runs every contestant once per round, beginning with another one each round. A contestant returns its sample. */
export async function interleave<Name extends string>(
  contestants: Readonly<Record<Name, () => number | Promise<number>>>,
  rounds: number,
): Promise<Samples<Name>> {
  const names = Object.keys(contestants) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      const name = names[(round + turn) % names.length] as Name;
      samples[name].push(await contestants[name]());
    }
  }
  return samples;
}

/** Milliseconds `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const begunAt = performance.now();
  await work();
  return performance.now() - begunAt;
}

/** The same numbers at every run: a small generator (mulberry32), uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
