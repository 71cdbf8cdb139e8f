/**
 * The mixed load: every environment serves one request after another for some seconds, mostly reads, a few users far
 * more often than the others. Each write and each answer goes through the oracle.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet, Member, Visit } from "./fleet.js";

export const USERS = 50;
const SHARE_OF_WRITES = 0.05;
/** Between two requests to one environment, which is frozen meanwhile. */
const MEAN_PAUSE_MS = 10;

export interface LoadResult {
  readonly readsWithMs: readonly number[];
  readonly readsWithoutMs: readonly number[];
  readonly writes: number;
  readonly seconds: number;
}

export interface LoadProgress {
  readonly seconds: number;
  readonly reads: number;
  readonly hits: number;
  readonly writes: number;
}

export const userIds = Array.from({ length: USERS }, (_, index) => `user-${index + 1}`);

export async function runLoad(options: {
  readonly fleet: Fleet;
  readonly seconds: number;
  readonly signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
}): Promise<LoadResult> {
  const { fleet, seconds, signal, onProgress } = options;
  const beganMs = performance.now();
  const endMs = beganMs + seconds * 1000;
  const elapsedSeconds = () => (performance.now() - beganMs) / 1000;
  const readsWithMs: number[] = [];
  const readsWithoutMs: number[] = [];
  let writes = 0;
  let hits = 0;

  /** A start takes hundreds of milliseconds with and without a cache, and is left out of both. */
  const keep = (durations: number[], { cold, durationMs }: Visit) => {
    if (!cold) durations.push(durationMs);
  };
  const step = async (member: Member) => {
    const userid = pickUser();
    if (Math.random() < SHARE_OF_WRITES) {
      writes += 1;
      await member.write(userid, `Ann the ${writes}.`);
    } else {
      const visit = await member.read(userid);
      keep(readsWithMs, visit);
      if (visit.cache === "hit") hits += 1;
    }
    onProgress({ seconds: elapsedSeconds(), reads: readsWithMs.length, hits, writes });
  };
  const repeat = async (member: Member, work: () => Promise<unknown>) => {
    while (performance.now() < endMs && !signal.aborted) {
      await work();
      await member.environment.idle();
      await sleep(-MEAN_PAUSE_MS * Math.log(1 - Math.random()));
    }
  };
  await Promise.all([
    ...fleet.members.map((member) => repeat(member, () => step(member))),
    repeat(fleet.withoutCache, async () => keep(readsWithoutMs, await fleet.withoutCache.read(pickUser()))),
  ]);
  return { readsWithMs, readsWithoutMs, writes, seconds: elapsedSeconds() };
}

/** Zipf's law: the second user is asked for half as often as the first, the third a third as often. */
const weights = userIds.map((_, index) => 1 / (index + 1));
const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);

function pickUser(): string {
  let left = Math.random() * totalWeight;
  const index = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return userIds[index] ?? "user-1";
}
