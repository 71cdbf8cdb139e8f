/**
 * Killed at any line: one environment after another is ended in the middle of reading and writing. What had been
 * acknowledged must not be lost: neither for the environments that live on nor for the one that takes its place.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LambdaEnvironment } from "../lambda/environment.js";
import { anyUser, type Site, USERS } from "./site.js";

export interface KillCounts {
  kills: number;
  /** Of these, so many met an invocation under way. */
  killedInvocations: number;
  killedReads: number;
  killedWrites: number;
}

/** Longer than an invocation takes here, so that a kill can meet any moment of one. */
const LATEST_MS = 60;

export async function runKills(site: Site, kills: number, signal: AbortSignal): Promise<KillCounts> {
  const counts: KillCounts = { kills: 0, killedInvocations: 0, killedReads: 0, killedWrites: 0 };
  const witness = await site.createEnvironment();
  const victim = await site.createEnvironment();
  for (; counts.kills < kills && !signal.aborted; counts.kills += 1) {
    for (const userid of USERS) await site.read(witness, userid);
    await site.write(victim, anyUser());
    await site.read(victim, anyUser());
    await killDuring(site, victim, counts);
    for (const userid of USERS) await site.read(witness, userid);
    // The next in its place starts with nothing, and must be right from its first answer on.
    for (const userid of USERS.slice(0, 3)) await site.read(victim, userid);
  }
  await site.remove(witness);
  await site.remove(victim);
  return counts;
}

async function killDuring(site: Site, victim: LambdaEnvironment, counts: KillCounts): Promise<void> {
  let over = false;
  const killed = sleep(Math.random() * LATEST_MS)
    .then(() => victim.kill())
    .then(() => {
      over = true;
    });
  const writes = counts.kills % 2 === 0;
  while (!over) {
    const answered = writes ? await site.write(victim, anyUser(), true) : await site.read(victim, anyUser(), true);
    if (answered === undefined) {
      counts.killedInvocations += 1;
      counts[writes ? "killedWrites" : "killedReads"] += 1;
      break;
    }
  }
  await killed;
}
