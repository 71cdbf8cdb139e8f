/**
 * Adds up lines into what the report says: the answer first, then the whole, each function and each log.
 * Memory is bounded whatever comes in: groups beyond a limit are put together as one.
 */

import type { FreshnessState } from "../core/invocation/report.js";
import type { LogKind } from "../metrics/names.js";
import { type BoundOutcome, BoundReplay, breakEvenMs, LADDER_MS } from "./bound-replay.js";
import { LogHistogram } from "./log-histogram.js";
import { addCounts, type Counts, type MetricLine, noCounts, waitedMsOf } from "./metric-line.js";
import { type ReadingOutcome, ReadingReplay } from "./reading-replay.js";
import { type SeriesPoint, TimeSeries } from "./time-series.js";

const MAX_GROUPS = 40;
/** Of the groups beyond, so many more, one for each log. */
const MAX_LOGS = 20;
const OTHERS = "others";
const BINS_PER_DECADE = 100;
/** Fewer lines in a bucket tell little about its hit rate, and nothing about its percentiles. */
const LINES_PER_BUCKET = 10;
const MIN_BUCKETS = 24;
const STATES = ["fresh", "empty", "unread", "bypassed", "stale"] as const satisfies readonly FreshnessState[];

export interface Account extends Counts {
  readonly invocations: number;
  /** Time waited for the log, whichever it is. */
  readonly waitedMs: number;
  /** `timeSavedMs - waitedMs`. */
  readonly netTimeSavedMs: number;
  /** Of all `get` calls; null when there were none. */
  readonly hitRate: number | null;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Invocations that waited for the log, and how long those waited. */
  readonly waits: number;
  readonly waitP50Ms: number | null;
  readonly waitP99Ms: number | null;
  readonly states: Readonly<Record<string, number>>;
  readonly bucketMs: number;
  readonly series: readonly SeriesPoint[];
  /** Each cache's lines came in the order of their times. Where they did not, nothing is known of other bounds. */
  readonly isInOrder: boolean;
  /** What other bounds would have cost. None where several logs were read: each has bounds of its own. */
  readonly bounds: readonly BoundOutcome[];
  /** The smallest `maxStalenessMs` tried under which the cache would have paid; null if none. */
  readonly breakEvenMs: number | null;
}

export interface GroupAccount extends Account {
  /** What reading the log at another moment would have cost; null where the lines do not tell. */
  readonly reading: ReadingOutcome | null;
  readonly service: string;
  readonly functionName: string;
  readonly logKind: LogKind;
  readonly log: string;
}

/** What all that read one log add up to. */
export interface LogAccount {
  readonly logKind: LogKind;
  readonly log: string;
  readonly invocations: number;
  readonly timeSavedMs: number;
  readonly waitedMs: number;
  readonly netTimeSavedMs: number;
  readonly isInOrder: boolean;
  readonly bounds: readonly BoundOutcome[];
  readonly breakEvenMs: number | null;
}

export interface ReportSummary extends Account {
  /** More time was saved than waited. */
  readonly pays: boolean;
  /** Groups put together, by log, because there were too many. */
  readonly groupsMerged: number;
  readonly groups: readonly GroupAccount[];
  readonly logs: readonly LogAccount[];
}

type GroupNames = Pick<GroupAccount, "service" | "functionName" | "logKind" | "log">;

export class Summary {
  readonly #all = new Ledger(undefined);
  readonly #groups = new Map<string, { readonly names: GroupNames; readonly ledger: Ledger }>();
  readonly #merged = new Set<string>();

  add(line: MetricLine): void {
    this.#all.add(line);
    this.#groupOf(line).add(line);
  }

  result(): ReportSummary {
    const groups = [...this.#groups.values()].map(({ names, ledger }) => ({
      ...names,
      ...ledger.account(),
      reading: ledger.reading(),
    }));
    groups.sort((a, b) => b.invocations - a.invocations);
    const logs = logsOf(groups);
    const [log] = logs;
    const all = this.#all.account();
    const { bounds, breakEvenMs } = logs.length === 1 && log !== undefined ? log : { bounds: [], breakEvenMs: null };
    const isInOrder = logs.every((each) => each.isInOrder);
    const told = { ...all, isInOrder, bounds, breakEvenMs };
    return { pays: all.netTimeSavedMs > 0, ...told, groupsMerged: this.#merged.size, groups, logs };
  }

  /** Never two logs in one: they are waited for differently, and may have other bounds. */
  #groupOf({ service, functionName, logKind, log }: MetricLine): Ledger {
    const names = { service, functionName, logKind, log };
    const known = this.#groups.get(keyOf(names));
    if (known !== undefined) return known.ledger;
    if (this.#groups.size < MAX_GROUPS) return this.#open(names);
    if (this.#merged.size < 100_000) this.#merged.add(keyOf(names));
    const others = { service: OTHERS, functionName: OTHERS, logKind, log };
    const found = this.#groups.get(keyOf(others))?.ledger;
    if (found !== undefined) return found;
    if (this.#groups.size < MAX_GROUPS + MAX_LOGS) return this.#open(others);
    const rest = { ...others, log: OTHERS };
    return this.#groups.get(keyOf(rest))?.ledger ?? this.#open(rest);
  }

  #open(names: GroupNames): Ledger {
    const ledger = new Ledger(new BoundReplay());
    this.#groups.set(keyOf(names), { names, ledger });
    return ledger;
  }
}

const keyOf = ({ service, functionName, logKind, log }: GroupNames) =>
  `${logKind}\n${log}\n${service}\n${functionName}`;

/** A wait that did not happen is taken as long as its own group's; so a log is the sum of its groups. */
function logsOf(groups: readonly GroupAccount[]): LogAccount[] {
  const byLog = new Map<string, GroupAccount[]>();
  for (const group of groups) {
    const key = `${group.logKind}\n${group.log}`;
    byLog.set(key, [...(byLog.get(key) ?? []), group]);
  }
  return [...byLog.values()].map(logOf).sort((a, b) => b.invocations - a.invocations);
}

function logOf(groups: readonly GroupAccount[]): LogAccount {
  const sum = (figure: (group: GroupAccount) => number) => groups.reduce((total, group) => total + figure(group), 0);
  const timeSavedMs = sum((group) => group.timeSavedMs);
  const isInOrder = groups.every((group) => group.isInOrder);
  const ladder = isInOrder ? LADDER_MS : [];
  const bounds = ladder.map((maxStalenessMs, step) => ({
    maxStalenessMs,
    waits: sum(({ bounds }) => bounds[step]?.waits ?? 0),
    waitedMs: sum(({ bounds }) => bounds[step]?.waitedMs ?? 0),
    netTimeSavedMs: sum(({ bounds }) => bounds[step]?.netTimeSavedMs ?? 0),
  }));
  return {
    logKind: groups[0]?.logKind ?? "Kinesis",
    log: groups[0]?.log ?? "?",
    invocations: sum((group) => group.invocations),
    timeSavedMs,
    waitedMs: sum((group) => group.waitedMs),
    netTimeSavedMs: sum((group) => group.netTimeSavedMs),
    isInOrder,
    bounds,
    breakEvenMs: breakEvenMs(bounds, timeSavedMs) ?? null,
  };
}

/** The books of one group, or of all. */
class Ledger {
  readonly #counts = noCounts();
  readonly #waits = new LogHistogram(BINS_PER_DECADE);
  readonly #series = new TimeSeries();
  readonly #replay: BoundReplay | undefined;
  readonly #reading = new ReadingReplay();
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
    const waitedMs = waitedMsOf(line.counts);
    if (waitedMs > 0) this.#waits.add(waitedMs);
    this.#series.add(line);
    this.#replay?.add(line);
    this.#reading.add(line);
    if (Object.hasOwn(this.#states, line.state)) this.#states[line.state] = (this.#states[line.state] ?? 0) + 1;
    this.#firstMs = Math.min(this.#firstMs, line.timestampMs);
    this.#lastMs = Math.max(this.#lastMs, line.timestampMs);
  }

  reading(): ReadingOutcome | null {
    return this.#reading.outcome(this.#waits.total, this.#waits.quantile(0.5));
  }

  account(): Account {
    const counts = { ...this.#counts };
    const waitedMs = waitedMsOf(counts);
    const gets = counts.hits + counts.misses;
    const isInOrder = this.#replay?.isInOrder ?? true;
    const bounds = isInOrder ? (this.#replay?.outcomes() ?? []) : [];
    const series = this.#series.atMost(Math.max(MIN_BUCKETS, Math.floor(this.#invocations / LINES_PER_BUCKET)));
    return {
      invocations: this.#invocations,
      waitedMs,
      netTimeSavedMs: counts.timeSavedMs - waitedMs,
      hitRate: gets === 0 ? null : counts.hits / gets,
      ...counts,
      firstMs: this.#invocations === 0 ? 0 : this.#firstMs,
      lastMs: this.#invocations === 0 ? 0 : this.#lastMs,
      waits: this.#waits.total,
      waitP50Ms: this.#waits.quantile(0.5) ?? null,
      waitP99Ms: this.#waits.quantile(0.99) ?? null,
      states: { ...this.#states },
      bucketMs: series.widthMs,
      series: series.points(),
      isInOrder,
      bounds,
      breakEvenMs: breakEvenMs(bounds, counts.timeSavedMs) ?? null,
    };
  }
}
