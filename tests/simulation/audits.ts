/**
 * What is added to the schedules in which hits are audited, and the judge of it: where all publish, nothing may ever be
 * counted as an inconsistent read. It has dice of its own, so that a schedule without it goes as it always went.
 */
import type { InvocationReport } from "../../src/core/invocation/report.js";
import type { Dice } from "./dice.js";
import { ROUNDING_MS } from "./judge.js";
import type { SimEnvironment } from "./sim-environment.js";
import { type Datum, isSame, type Stamp, type Value } from "./truth.js";
import { CALM } from "./weather.js";
import type { World } from "./world.js";

const MINUTE_MS = 60_000;

/** No check takes longer than this together with the others of its invocation. */
const LONGEST_MS = 1_000;

export interface AuditOptions {
  readonly auditShare: number;
  readonly auditGraceMs: number;
}

export function drawAuditOptions(dice: Dice): AuditOptions {
  return {
    auditShare: dice.pick([0, 0.2, 0.5, 1, 1, 1]),
    // No shorter than the second for which a stamp by the clock may stay the same.
    auditGraceMs: dice.pick([1_000, 1_000, 3_000, 3_000, 10_000, 10_000, MINUTE_MS]),
  };
}

/** Between bursts: longer than most graces, and mostly too short for the cache to be flushed. */
export function drawGapMs(dice: Dice): number {
  return dice.pick([dice.wide(1, 1_000), dice.wide(1_000, MINUTE_MS), dice.wide(10_000, 5 * MINUTE_MS)]);
}

/** What a source may add to its values that is no change of the datum: it differs from load to load, or as time goes by. */
export function drawStamp(dice: Dice): Stamp | undefined {
  const kinds = [undefined, undefined, undefined, "flag", "flag", "flag", dice.next, time, second] as const;
  return dice.pick<Stamp | undefined>(kinds);
}

const time = (nowMs: number) => nowMs;
const second = (nowMs: number) => Math.floor(nowMs / 1_000);

/**
 * Changes that are published by something that captures them, and comes behind: sometimes later than the grace. In a few
 * schedules half are not captured at all.
 */
export async function writeCapturedLate(world: World, dice: Dice): Promise<void> {
  const forgets = dice.chance(0.3) && !world.allPublish;
  for (let writes = dice.int(0, 6); writes > 0; writes--) {
    await world.sleep(dice.wide(1, 3_000));
    writeToBeCaptured(world, dice, forgets && dice.chance(0.5));
  }
}

function writeToBeCaptured(world: World, dice: Dice, isForgotten: boolean): void {
  const datum = dice.pick(world.data);
  const changes = [{ datum, version: world.write(datum) }];
  if (isForgotten) {
    world.say(() => `outside: writes ${datum.key}, and nobody publishes it`);
    return;
  }
  const lagMs = dice.wide(10, 20_000);
  world.say(() => `outside: writes ${datum.key}, to be published in ${lagMs} ms`);
  world.clock.after(lagMs, async () => {
    if (!(await world.log.write([JSON.stringify({ keys: [datum.key] })], dice))) return;
    world.acknowledge(changes);
    world.say(() => `outside: has published ${datum.key}`);
  });
}

/** A while in which one environment is asked again and again for what others change: hardly anything is dropped but for that. */
export async function askAgainAndAgain(world: World, dice: Dice, ask: () => Promise<void>): Promise<void> {
  const forgets = dice.chance(0.3) && !world.allPublish;
  if (dice.chance(0.7)) world.climate = CALM;
  for (let times = dice.int(3, 10); times > 0; times--) {
    if (dice.chance(0.4)) writeToBeCaptured(world, dice, forgets && dice.chance(0.5));
    await world.sleep(dice.wide(1, 20_000));
    await ask();
  }
}

/** A hit that two loads contradicted: they agreed with each other. */
interface Suspicion {
  readonly datum: Datum;
  readonly served: number;
  readonly seen: number;
  readonly sinceMs: number;
}

/** Watches the audits of one life. */
export class AuditWatch {
  readonly #world: World;
  readonly #env: SimEnvironment;
  /** All there ever were, save those that came to nothing. */
  #suspicions: Suspicion[] = [];
  #condemned = 0;

  constructor(world: World, env: SimEnvironment) {
    this.#world = world;
    this.#env = env;
  }

  /** A hit of `served` was audited, and these are its loads so far. */
  loaded(datum: Datum, served: Value, loads: readonly Value[]): void {
    const world = this.#world;
    world.took("hit audited");
    const first = loads.find((one, index) => loads.findIndex((other) => isSame(one, other)) < index);
    if (first === undefined || isSame(first, served)) return;
    world.took("audit: a suspicion");
    world.say(() => `${this.#env.name} suspects ${datum.key} version ${served.version}, now ${first.version}`);
    this.#suspicions.push({ datum, served: served.version, seen: first.version, sinceMs: world.nowMs });
  }

  async run(name: string, remainingMs: number, audit: Promise<void> | undefined): Promise<void> {
    if (audit === undefined) return;
    const world = this.#world;
    const startedMs = world.nowMs;
    const limitMs = Math.min(LONGEST_MS, remainingMs / 2);
    await audit;
    const tookMs = world.nowMs - startedMs;
    if (tookMs > limitMs + ROUNDING_MS) world.violate(`${name}: audited for ${tookMs} ms, longer than ${limitMs}`);
  }

  /**
   * Each that is counted must be one of the suspicions whose change was not published in time. Which one is not told, so they
   * are counted against each other; in most schedules there is none that would excuse anything.
   */
  reported(report: InvocationReport): void {
    const world = this.#world;
    if (report.auditsFailed > 0) world.took("audit: could not be made");
    this.#condemned += report.inconsistentReads;
    if (report.inconsistentReads === 0) this.#clear(report);
    else this.#judge();
  }

  #judge(): void {
    const world = this.#world;
    world.took("audit: inconsistent read");
    const deserved = this.#suspicions.filter((one) => !this.#isPublished(one));
    if (this.#condemned <= deserved.length) return;
    const all = this.#suspicions.map(({ datum, served, seen }) => `${datum.key} version ${served}, now ${seen}`);
    world.violate(
      `${this.#env.name}: ${this.#condemned} inconsistent reads, ${deserved.length} deserved it; suspected: ${all.join("; ")}`,
    );
  }

  /** What has stood for longer than the grace, in an invocation that has read the log, was cleared. */
  #clear({ state }: InvocationReport): void {
    if (state !== "fresh" || this.#suspicions.length === 0) return;
    const { auditGraceMs, holdOffMs } = this.#env.options;
    const isOver = ({ sinceMs }: Suspicion) => this.#world.nowMs - sinceMs > auditGraceMs + holdOffMs + MINUTE_MS;
    if (this.#suspicions.some((one) => isOver(one) && this.#isPublished(one))) this.#world.took("audit: cleared");
    this.#suspicions = this.#suspicions.filter((one) => !(isOver(one) && this.#isPublished(one)));
  }

  /**
   * Whether a change that the loads had seen, and the hit had not, was acknowledged within the grace, and in a log that was
   * not deleted since. Nothing else excuses: not a writer that was killed, nor one that was told that it could not publish,
   * unless it was this very change. What the loads had not seen says nothing of the hit.
   */
  #isPublished({ datum, served, seen }: Suspicion): boolean {
    const { auditGraceMs } = this.#env.options;
    return seen <= served || datum.isPublishedWithin(auditGraceMs, served, seen, this.#world.voidOrder);
  }
}
