/**
 * Killed at any line: one environment after another is ended in the middle of reading and writing, at a random moment or
 * while a certain call is under way. What had been acknowledged must not be lost: neither for the environments that live
 * on nor for the one that takes its place.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { LambdaEnvironment } from "../lambda/environment.js";
import type { AddedFault } from "../proxy.js";
import { isOfSource } from "./log-access.js";
import { anyUser, type Site, USERS } from "./site.js";

/**
 * Where a kill finds the environment: while it reads the stream; with the source's answer awaited, so that `add` never
 * comes; with the source written or not; with the invalidation written or not, before either is known.
 */
const MOMENTS = ["anywhere", "refresh", "load", "save", "publish", "published"] as const;
type Moment = (typeof MOMENTS)[number];

export interface KillCounts {
  kills: number;
  readonly moments: Record<Moment, number>;
  /** Of these, so many met an invocation under way. */
  killedInvocations: number;
  killedReads: number;
  killedWrites: number;
}

/** Longer than an invocation takes here, so that a kill can meet any moment of one. */
const LATEST_MS = 60;
/** Longer than it takes to notice that the call is under way, and shorter than any time-out. */
const HELD_MS = 400;

export async function runKills(site: Site, kills: number, signal: AbortSignal): Promise<KillCounts> {
  const counts: KillCounts = {
    kills: 0,
    moments: { anywhere: 0, refresh: 0, load: 0, save: 0, publish: 0, published: 0 },
    killedInvocations: 0,
    killedReads: 0,
    killedWrites: 0,
  };
  const witness = await site.createEnvironment();
  // One that waits for the log, so that it can be killed while it does.
  const victim = await site.createEnvironment({ env: { REFRESH_WHEN: "before" } });
  for (; counts.kills < kills && !signal.aborted; counts.kills += 1) {
    for (const userid of USERS) await site.read(witness, userid);
    await site.write(victim, anyUser());
    await site.read(victim, anyUser());
    // Every other kill is at random: there are more lines than moments with a name.
    const moment = counts.kills % 2 === 0 ? "anywhere" : MOMENTS[1 + ((counts.kills >> 1) % (MOMENTS.length - 1))];
    counts.moments[moment ?? "anywhere"] += 1;
    if (moment === undefined || moment === "anywhere") await killAnywhere(site, victim, counts);
    else await killDuring(site, victim, moment, counts);
    for (const userid of USERS) await site.read(witness, userid);
    // The next in its place starts with nothing, and must be right from its first answer on.
    for (const userid of USERS.slice(0, 3)) await site.read(victim, userid);
  }
  await site.remove(witness);
  await site.remove(victim);
  return counts;
}

async function killAnywhere(site: Site, victim: LambdaEnvironment, counts: KillCounts): Promise<void> {
  let over = false;
  const killed = sleep(Math.random() * LATEST_MS)
    .then(() => victim.kill())
    .then(() => {
      over = true;
    });
  const writes = counts.kills % 4 === 0;
  while (!over && !(await invokeDying(site, victim, writes, anyUser(), counts)));
  await killed;
}

async function killDuring(site: Site, victim: LambdaEnvironment, moment: Moment, counts: KillCounts): Promise<void> {
  const userid = anyUser();
  // So that the source is asked for this one.
  if (moment === "load") await site.write(victim, userid);
  const writes = moment === "save" || moment === "publish" || moment === "published";
  const held = hold(site, moment);
  const died = invokeDying(site, victim, writes, userid, counts);
  const latestMs = performance.now() + 5_000;
  while (held.used === 0 && performance.now() < latestMs) await sleep(1);
  // Half of the time it goes on in the service; what was sent is done there all the same.
  await sleep(Math.random() * 10);
  await victim.kill();
  if (held.used === 0 || !(await died)) site.failures.push(`killed at ${moment}, but no invocation was met by it`);
  held.remove();
}

function hold(site: Site, moment: Moment): AddedFault {
  const { log, services } = site;
  if (moment === "refresh") return log.fault("read", { delayMs: HELD_MS }, 1);
  if (moment === "publish") return log.fault("publish", { delayMs: HELD_MS }, 1);
  if (moment === "published") return log.fault("publish", { loseAnswer: "hang" }, 1);
  const operation = moment === "load" ? "GetItem" : "UpdateItem";
  return services.dynamoDbProxy.fault(operation, { delayMs: HELD_MS, when: isOfSource }, 1);
}

/** Whether the invocation was met by the kill. */
async function invokeDying(
  site: Site,
  victim: LambdaEnvironment,
  writes: boolean,
  userid: string,
  counts: KillCounts,
): Promise<boolean> {
  const answered = writes ? await site.write(victim, userid, true) : await site.read(victim, userid, true);
  if (answered !== undefined) return false;
  counts.killedInvocations += 1;
  counts[writes ? "killedWrites" : "killedReads"] += 1;
  return true;
}
