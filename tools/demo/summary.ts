/**
 * The demo's result: one object for machines, one table for people, both of the same figures.
 */
import type { FaultProxy } from "../proxy.js";
import type { Fleet } from "./fleet.js";
import type { LoadResult } from "./load.js";
import { type Measures, mean, percentile } from "./measures.js";
import type { Oracle } from "./oracle.js";
import type { DemoSettings } from "./settings.js";
import type { Terminal } from "./terminal.js";

export interface DemoResult {
  readonly invocations: number;
  readonly environments: number;
  readonly shards: number;
  readonly hits: number;
  readonly misses: number;
  readonly writes: number;
  /** Writes whose invalidation could not be published in time, and which were answered so. */
  readonly unacknowledgedWrites: number;
  readonly entriesInvalidated: number;
  readonly answersJudged: number;
  readonly staleReads: number;
  readonly kinesisCalls: number;
  readonly kinesisCallsByOperation: Readonly<Record<string, number>>;
  readonly kinesisCallsPerInvocation: number;
  /** Sums over the metrics lines that the environments printed. */
  readonly kinesisLatencyMs: number;
  readonly publishLatencyMs: number;
  readonly timeSavedMs: number;
  readonly netTimeSavedMs: number;
  readonly metricsLines: number;
  readonly readsWith: number;
  readonly readsWithout: number;
  readonly p50WithMs: number;
  readonly p99WithMs: number;
  readonly meanWithMs: number;
  readonly p50WithoutMs: number;
  readonly p99WithoutMs: number;
  readonly meanWithoutMs: number;
  readonly freezes: number;
  /** How long a call to Kinesis took on average, of which `simulatedKinesisMs` were added. */
  readonly meanKinesisCallMs: number;
  readonly simulatedKinesisMs: number;
  readonly simulatedSourceMs: number;
  readonly node: string;
}

export function summarise(parts: {
  readonly settings: DemoSettings;
  readonly fleet: Fleet;
  readonly load: LoadResult;
  readonly measures: Measures;
  readonly oracle: Oracle;
  readonly kinesisProxy: FaultProxy;
}): DemoResult {
  const { settings, fleet, load, measures, oracle, kinesisProxy } = parts;
  const sum = (of: (member: Fleet["withoutCache"]) => number) =>
    fleet.members.reduce((all, member) => all + of(member), 0);
  const invocations = sum((member) => member.invocations);
  return {
    invocations,
    environments: fleet.members.length,
    shards: settings.shards,
    hits: measures.hits,
    misses: measures.misses,
    writes: load.writes,
    unacknowledgedWrites: sum((member) => member.unacknowledged),
    entriesInvalidated: measures.invalidated,
    answersJudged: oracle.judged,
    staleReads: oracle.violations.length,
    kinesisCalls: kinesisProxy.totalCalls,
    kinesisCallsByOperation: { ...kinesisProxy.calls },
    kinesisCallsPerInvocation: round(kinesisProxy.totalCalls / invocations),
    kinesisLatencyMs: round(measures.kinesisLatencyMs),
    publishLatencyMs: round(measures.publishLatencyMs),
    timeSavedMs: round(measures.timeSavedMs),
    netTimeSavedMs: round(measures.netTimeSavedMs),
    metricsLines: measures.lines,
    readsWith: load.readsWithMs.length,
    readsWithout: load.readsWithoutMs.length,
    p50WithMs: round(percentile(load.readsWithMs, 0.5)),
    p99WithMs: round(percentile(load.readsWithMs, 0.99)),
    meanWithMs: round(mean(load.readsWithMs)),
    p50WithoutMs: round(percentile(load.readsWithoutMs, 0.5)),
    p99WithoutMs: round(percentile(load.readsWithoutMs, 0.99)),
    meanWithoutMs: round(mean(load.readsWithoutMs)),
    freezes: sum((member) => member.environment.counts.freezes),
    meanKinesisCallMs: round(kinesisProxy.meanMs),
    simulatedKinesisMs: settings.kinesisMs,
    simulatedSourceMs: settings.sourceMs,
    node: process.version,
  };
}

/** To a thousandth, as the metrics lines are: no sum ends in 000000001. */
const round = (value: number) => Math.round(value * 1000) / 1000;

export function printTable(result: DemoResult, seconds: number, terminal: Terminal): void {
  const { bold, dim, green, red } = terminal.styles;
  const row = (label: string, first: string, second = "") => {
    terminal.line(`  ${label.padEnd(22)}${first.padStart(14)}${second.padStart(18)}`);
  };
  const rule = () => terminal.line(dim(`  ${"─".repeat(54)}`));
  const note = (label: string, value: string, remark: string) => {
    terminal.line(`  ${label.padEnd(22)}${value.padStart(14)}    ${dim(remark)}`);
  };
  const reads = result.hits + result.misses;
  row("", bold("with scache".padStart(14)), bold("without".padStart(18)));
  row("reads", count(result.readsWith), count(result.readsWithout));
  row("latency, median", ms(result.p50WithMs), ms(result.p50WithoutMs));
  row("latency, 99 %", ms(result.p99WithMs), ms(result.p99WithoutMs));
  rule();
  note(
    "hits",
    count(result.hits),
    `${((100 * result.hits) / Math.max(1, reads)).toFixed(1)} % of ${count(reads)} reads`,
  );
  note("writes", count(result.writes), `made other environments drop ${count(result.entriesInvalidated)} entries`);
  note("time saved", ms(result.timeSavedMs), "for each hit, what loading it had cost");
  note("Kinesis latency", ms(result.kinesisLatencyMs), "waited for the stream");
  note("net", ms(result.netTimeSavedMs), `${ms(result.netTimeSavedMs / Math.max(1, reads))} a read`);
  note(
    "Kinesis calls",
    result.kinesisCallsPerInvocation.toFixed(2),
    `per invocation: ${count(result.kinesisCalls)} calls, ${count(result.invocations)} invocations`,
  );
  rule();
  const verdict = result.staleReads === 0 ? green : red;
  const judged = `${count(result.answersJudged)} answers judged against acknowledged writes`;
  terminal.line(
    `  ${bold("stale reads".padEnd(22))}${verdict(bold(count(result.staleReads).padStart(14)))}    ${dim(judged)}`,
  );
  terminal.line();
  printHonesty(result, seconds, terminal);
}

function printHonesty(result: DemoResult, seconds: number, terminal: Terminal): void {
  const readsPerShard = (result.kinesisCallsByOperation.GetRecords ?? 0) / result.shards / seconds;
  for (const text of [
    `Simulated: ${result.simulatedKinesisMs} ms on every call to Kinesis, ${result.simulatedSourceMs} ms on every call to DynamoDB, by a`,
    `proxy. The rest is measured here, the embedded Kinesis included: with it, a call took ${ms(result.meanKinesisCallMs)}.`,
    `A real shard allows 5 reads a second; these were ${readsPerShard.toFixed(0)}. maxStalenessMs makes one read serve many invocations.`,
  ]) {
    terminal.line(terminal.styles.dim(`  ${text}`));
  }
}

const ms = (value: number) =>
  `${new Intl.NumberFormat("en", { maximumFractionDigits: Math.abs(value) < 1000 ? 1 : 0 }).format(value)} ms`;
const count = (value: number) => new Intl.NumberFormat("en").format(value);
