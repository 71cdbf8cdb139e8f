/**
 * The mixed load: for some seconds, requests to all set-ups alike, mostly reads, a few users far more often than the others.
 * The first environments of all set-ups are asked for the same, one after another, and so are the second ones, and so on: no
 * set-up has an easier time, and the next request waits for the last, so the load is what the machine can do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet, Member, Visit } from "./fleet.js";
import type { SetupName } from "./setups.js";

const USERS = 8;
/** One request in so many is a write, in each environment at another time. */
const REQUESTS_PER_WRITE = 30;
/** A machine that is too busy for so many in the time given takes longer, but not much: fewer would say little. */
const MIN_ROUNDS = 12;
const LONGEST_MS = 20_000;
/** Between two requests to one environment, which is frozen meanwhile. */
const MEAN_PAUSE_MS = 60;

export interface LoadResult {
  /** What was asked of each set-up, in the same order. */
  readonly visits: ReadonlyMap<SetupName, readonly Visit[]>;
  readonly seconds: number;
}

export interface LoadProgress {
  readonly seconds: number;
  /** Of all set-ups. */
  readonly requests: number;
}

export const userIds = Array.from({ length: USERS }, (_, index) => `user-${index + 1}`);

export async function runLoad(options: {
  readonly fleets: readonly Fleet[];
  readonly seconds: number;
  readonly signal: AbortSignal;
  onProgress(progress: LoadProgress): void;
}): Promise<LoadResult> {
  const { fleets, seconds, signal, onProgress } = options;
  const beganMs = performance.now();
  const endMs = beganMs + seconds * 1000;
  const elapsedSeconds = () => (performance.now() - beganMs) / 1000;
  const visits = new Map<SetupName, Visit[]>(fleets.map(({ setup }) => [setup.name, []]));
  let requests = 0;
  let writes = 0;

  const ask = async (member: Member, userid: string, isWrite: boolean) => {
    const visit = isWrite ? await member.write(userid, `Ann the ${writes}.`) : await member.read(userid);
    await member.environment.idle();
    requests += 1;
    onProgress({ seconds: elapsedSeconds(), requests });
    return visit;
  };
  const isOver = (rounds: number) => {
    const nowMs = performance.now();
    return signal.aborted || (nowMs >= endMs && (rounds >= MIN_ROUNDS || nowMs >= endMs + LONGEST_MS));
  };
  const lane = async (_: unknown, number: number) => {
    for (let round = 0; !isOver(round); round += 1) {
      const userid = pickUser();
      const isWrite = (round + 10 * number) % REQUESTS_PER_WRITE === 5;
      if (isWrite) writes += 1;
      for (const { setup, members } of fleets) {
        const member = members[number];
        if (member !== undefined) visits.get(setup.name)?.push(await ask(member, userid, isWrite));
      }
      await sleep(-MEAN_PAUSE_MS * Math.log(1 - Math.random()));
    }
  };
  await Promise.all((fleets[0]?.members ?? []).map(lane));
  return { visits, seconds: elapsedSeconds() };
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
