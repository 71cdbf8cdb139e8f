/**
 * Adds up lines into what the report says: the answer first, then the whole and each function and stream.
 * Memory is bounded whatever comes in: groups beyond a limit are put together as one.
 */

import type { FreshnessState } from "../core/invocation/report.js";
import { type BoundOutcome, BoundReplay, breakEvenMs, LADDER_MS } from "./bound-replay.js";
import { LogHistogram } from "./log-histogram.js";
import { addCounts, type Counts, type MetricLine, noCounts } from "./metric-line.js";
import { type SeriesPoint, TimeSeries } from "./time-series.js";

const MAX_GROUPS = 40;
const BINS_PER_DECADE = 100;
/** Fewer lines in a bucket tell little about its hit rate, and nothing about its percentiles. */
const LINES_PER_BUCKET = 10;
const MIN_BUCKETS = 24;
const STATES = ["fresh", "empty", "bypassed", "stale"] as const satisfies readonly FreshnessState[];

export interface Account extends Counts {
  readonly invocations: number;
  /** `timeSavedMs - kinesisLatencyMs`. */
  readonly netTimeSavedMs: number;
  /** Of all `get` calls; null when there were none. */
  readonly hitRate: number | null;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Invocations that waited for the stream, and how long those waited. */
  readonly kinesisWaits: number;
  readonly waitP50Ms: number | null;
  readonly waitP99Ms: number | null;
  readonly states: Readonly<Record<string, number>>;
  readonly bucketMs: number;
  readonly series: readonly SeriesPoint[];
  readonly bounds: readonly BoundOutcome[];
  /** The smallest `maxStalenessMs` tried under which the cache would have paid; null if none. */
  readonly breakEvenMs: number | null;
}

export interface GroupAccount extends Account {
  readonly service: string;
  readonly functionName: string;
  readonly stream: string;
}

export interface ReportSummary extends Account {
  /** More time was saved than waited. */
  readonly pays: boolean;
  /** Groups put together as one because there were too many. */
  readonly groupsMerged: number;
  readonly groups: readonly GroupAccount[];
}

export class Summary {
  readonly #all = new Ledger(undefined);
  readonly #groups = new Map<string, { readonly names: readonly string[]; readonly ledger: Ledger }>();
  readonly #merged = new Set<string>();

  add(line: MetricLine): void {
    this.#all.add(line);
    this.#groupOf(line).add(line);
  }

  result(): ReportSummary {
    const groups = [...this.#groups.values()].map(({ names, ledger }) => {
      const [service = "?", functionName = "?", stream = "?"] = names;
      return { service, functionName, stream, ...ledger.account() };
    });
    groups.sort((a, b) => b.invocations - a.invocations);
    const all = sumOfBounds(this.#all.account(), groups);
    return { pays: all.netTimeSavedMs > 0, ...all, groupsMerged: this.#merged.size, groups };
  }

  #groupOf(line: MetricLine): Ledger {
    const names = [line.service, line.functionName, line.stream];
    const key = names.join("\n");
    const known = this.#groups.get(key);
    if (known !== undefined) return known.ledger;
    if (this.#groups.size < MAX_GROUPS) return this.#open(key, names);
    if (this.#merged.size < 100_000) this.#merged.add(key);
    return this.#groups.get("others")?.ledger ?? this.#open("others", ["others", "others", "others"]);
  }

  #open(key: string, names: readonly string[]): Ledger {
    const ledger = new Ledger(new BoundReplay());
    this.#groups.set(key, { names, ledger });
    return ledger;
  }
}

/** A wait that did not happen is taken as long as its own group's; so the whole is the groups' sum. */
function sumOfBounds(all: Account, groups: readonly GroupAccount[]): Account {
  const bounds = LADDER_MS.map((maxStalenessMs, step) => {
    const sum = { maxStalenessMs, waits: 0, kinesisLatencyMs: 0, netTimeSavedMs: 0 };
    for (const group of groups) {
      sum.waits += group.bounds[step]?.waits ?? 0;
      sum.kinesisLatencyMs += group.bounds[step]?.kinesisLatencyMs ?? 0;
      sum.netTimeSavedMs += group.bounds[step]?.netTimeSavedMs ?? 0;
    }
    return sum;
  });
  return { ...all, bounds, breakEvenMs: breakEvenMs(bounds, all.timeSavedMs) ?? null };
}

/** The books of one group, or of all. */
class Ledger {
  readonly #counts = noCounts();
  readonly #waits = new LogHistogram(BINS_PER_DECADE);
  readonly #series = new TimeSeries();
  readonly #replay: BoundReplay | undefined;
  readonly #states: Record<string, number> = Object.fromEntries(STATES.map((state) => [state, 0]));
  #invocations = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(replay: BoundReplay | undefined) {
    this.#replay = replay;
  }

  add(line: MetricLine): void {
    this.#invocations += 1;
    addCounts(this.#counts, line.counts);
    if (line.counts.kinesisLatencyMs > 0) this.#waits.add(line.counts.kinesisLatencyMs);
    this.#series.add(line);
    this.#replay?.add(line);
    if (Object.hasOwn(this.#states, line.state)) this.#states[line.state] = (this.#states[line.state] ?? 0) + 1;
    this.#firstMs = Math.min(this.#firstMs, line.timestampMs);
    this.#lastMs = Math.max(this.#lastMs, line.timestampMs);
  }

  account(): Account {
    const counts = { ...this.#counts };
    const gets = counts.hits + counts.misses;
    const bounds = this.#replay?.outcomes() ?? [];
    const series = this.#series.atMost(Math.max(MIN_BUCKETS, Math.floor(this.#invocations / LINES_PER_BUCKET)));
    return {
      invocations: this.#invocations,
      netTimeSavedMs: counts.timeSavedMs - counts.kinesisLatencyMs,
      hitRate: gets === 0 ? null : counts.hits / gets,
      ...counts,
      firstMs: this.#invocations === 0 ? 0 : this.#firstMs,
      lastMs: this.#invocations === 0 ? 0 : this.#lastMs,
      kinesisWaits: this.#waits.total,
      waitP50Ms: this.#waits.quantile(0.5) ?? null,
      waitP99Ms: this.#waits.quantile(0.99) ?? null,
      states: { ...this.#states },
      bucketMs: series.widthMs,
      series: series.points(),
      bounds,
      breakEvenMs: breakEvenMs(bounds, counts.timeSavedMs) ?? null,
    };
  }
}
