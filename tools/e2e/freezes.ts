/**
 * Freeze and thaw: what happens to the stream, the connections and the clock while an environment is frozen must not
 * show in the first answer after it, except in how long it took, and that is bounded by the refresh's deadline.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LambdaEnvironment } from "../lambda/environment.js";
import type { AddedFault } from "../proxy.js";
import { anyUser, type Site, USERS } from "./site.js";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** `real`: the process is stopped for that long. `moved`: as long for its clock and for Kinesis's. */
interface Freeze {
  readonly name: string;
  readonly realMs?: number;
  readonly movedMs?: number;
}

/** On each side of every age the protocol knows: an iterator's 4 and 5 minutes, maxGapMs' 15 minutes, a day's retention. */
const FREEZES: readonly Freeze[] = [
  { name: "at once" },
  { name: "1 s", realMs: SECOND_MS },
  { name: "1 min", movedMs: MINUTE_MS },
  { name: "4 min 30 s", movedMs: 4.5 * MINUTE_MS },
  { name: "6 min", movedMs: 6 * MINUTE_MS },
  { name: "14 min", movedMs: 14 * MINUTE_MS },
  { name: "20 min", movedMs: 20 * MINUTE_MS },
  { name: "7 h", movedMs: 7 * HOUR_MS },
];

/**
 * What becomes of the way to the log meanwhile: connections `reset` or `swallowing` what is sent on them; the first answers `late`, so
 * that calls are made a second time; or no answers at all for one invocation (`silent`), which must then go without cache.
 */
type Trouble = "none" | "reset" | "swallowing" | "late" | "silent";
const TROUBLES: readonly Trouble[] = ["none", "reset", "swallowing", "late", "silent"];
const LATE_MS = 700;

export interface FreezeCounts {
  rounds: number;
  readonly troubles: Record<Trouble, number>;
  /** Connections that were open while their owner was frozen, and reset or made to swallow what is sent. */
  connectionsBroken: number;
  realFreezes: number;
  longestFreezeMs: number;
  /** How long the first invocation after a thaw took at most. */
  slowestThawMs: number;
  /** How long any other took at most. */
  slowestReadMs: number;
  hits: number;
}

export interface FreezePlan {
  readonly rounds: number;
  /** Where among all pairs of freeze and trouble to begin. */
  readonly first: number;
  /** How much longer than the slowest other answer the first after a thaw may take. */
  readonly thawBoundMs: number;
}

export async function runFreezes(site: Site, plan: FreezePlan, signal: AbortSignal): Promise<FreezeCounts> {
  const counts: FreezeCounts = {
    rounds: 0,
    troubles: { none: 0, reset: 0, swallowing: 0, late: 0, silent: 0 },
    connectionsBroken: 0,
    realFreezes: 0,
    longestFreezeMs: 0,
    slowestThawMs: 0,
    slowestReadMs: 0,
    hits: 0,
  };
  const frozen = await site.createEnvironment({ env: { WATCH_PROMISES: "1" } });
  const writer = await site.createEnvironment();
  for (; counts.rounds < plan.rounds && !signal.aborted; counts.rounds += 1) {
    const number = plan.first + counts.rounds;
    const freeze = FREEZES[number % FREEZES.length] ?? { name: "at once" };
    const trouble = TROUBLES[number % TROUBLES.length] ?? "none";
    await fillAndFreeze(site, frozen, counts);
    // Before or after the pause, since an invalidation may be as old as the freeze or brand new.
    const writeBefore = Math.random() < 0.5;
    if (writeBefore) await writeSome(site, writer);
    await pass(site, freeze, counts);
    if (!writeBefore) await writeSome(site, writer);
    await writer.idle();
    const added = makeTrouble(site, trouble, counts);
    counts.troubles[trouble] += 1;
    await thaw(site, frozen, counts, plan.thawBoundMs, `${freeze.name}, trouble: ${trouble}`);
    added?.remove();
    for (const userid of USERS) await site.read(frozen, userid);
  }
  await site.remove(frozen);
  await site.remove(writer);
  return counts;
}

/** One more than there are users: when the first finds an empty cache, the second takes the position to be frozen with. */
async function fillAndFreeze(site: Site, environment: LambdaEnvironment, counts: FreezeCounts): Promise<void> {
  for (const userid of [...USERS, anyUser()]) {
    const answered = await site.read(environment, userid);
    if (answered?.cache === "hit") counts.hits += 1;
    counts.slowestReadMs = Math.max(counts.slowestReadMs, answered?.durationMs ?? 0);
  }
  await environment.idle();
  if (!environment.frozen) site.failures.push("the environment was not frozen between invocations");
}

async function writeSome(site: Site, writer: LambdaEnvironment): Promise<void> {
  const writes = 1 + Math.floor(Math.random() * 4);
  for (let index = 0; index < writes; index += 1) await site.write(writer, anyUser());
}

async function pass(site: Site, { realMs = 0, movedMs = 0 }: Freeze, counts: FreezeCounts): Promise<void> {
  if (realMs > 0) {
    counts.realFreezes += 1;
    await sleep(realMs);
  }
  if (movedMs > 0) await site.passTime(movedMs);
  counts.longestFreezeMs = Math.max(counts.longestFreezeMs, realMs, movedMs);
}

function makeTrouble(site: Site, trouble: Trouble, counts: FreezeCounts): AddedFault | undefined {
  const { log } = site;
  if (trouble === "reset" || trouble === "swallowing") {
    const broken = trouble === "reset" ? log.resetConnections() : log.blackHoleConnections();
    counts.connectionsBroken += broken;
    if (broken === 0) site.failures.push(`no connection was open that could be ${trouble}`);
  }
  if (trouble === "late") return log.fault("any", { delayMs: LATE_MS }, 1);
  if (trouble === "silent") return log.fault("any", { hang: true });
  return undefined;
}

async function thaw(
  site: Site,
  environment: LambdaEnvironment,
  counts: FreezeCounts,
  boundMs: number,
  what: string,
): Promise<void> {
  const first = await site.read(environment, anyUser());
  if (first === undefined) return;
  counts.slowestThawMs = Math.max(counts.slowestThawMs, first.durationMs);
  if (first.durationMs - counts.slowestReadMs > boundMs) {
    site.failures.push(`the first answer after a freeze (${what}) took ${first.durationMs.toFixed(0)} ms`);
  }
}
