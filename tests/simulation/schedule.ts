/**
 * One schedule: a world, some environments, bursts of activity with gaps of anything from milliseconds to days between
 * them, and a calm end in which every environment must serve hits again. Seed and number decide all of it.
 */
import { askAgainAndAgain, drawGapMs as drawAuditGapMs, writeCapturedLate } from "./audits.js";
import { Dice } from "./dice.js";
import { writeBacklog, writeFromOutside } from "./outside-writers.js";
import type { LogKind, PathCounts } from "./rare-paths.js";
import { SimEnvironment } from "./sim-environment.js";
import { SimInvocation } from "./sim-invocation.js";
import { CALM, drawClimate, OUTAGE } from "./weather.js";
import { World } from "./world.js";
import { readByAWrongClock } from "./wrong-clocks.js";

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
/** Within which the runtime ends an invocation. */
const TIMEOUTS_MS = [100, 3 * SECOND_MS, 30 * SECOND_MS, 900 * SECOND_MS, 900 * SECOND_MS];
/** No back-off lasts longer, and no fault is felt longer, once faults have stopped: nor where the clock was just set back. */
const BACKOFF_MS = 30 * SECOND_MS;
/** Each makes other dice of the same seed. */
const AUDITS = 0x5ad17;
const CLOCKS = 0xc10c5;

export interface ScheduleResult {
  readonly violation: string | undefined;
  readonly paths: PathCounts;
  readonly transcript: readonly string[];
}

export interface ScheduleOptions {
  readonly transcript?: boolean;
  /** Hits are audited in any case, and whoever changes something publishes it. */
  readonly audited?: boolean;
}

export async function runSchedule(
  log: LogKind,
  seed: number,
  schedule: number,
  { transcript = false, audited = false }: ScheduleOptions = {},
): Promise<ScheduleResult> {
  const dice = Dice.forSchedule(seed, schedule);
  const auditDice = Dice.forSchedule(seed ^ AUDITS, schedule);
  const audits = auditDice.chance(0.5) || audited ? auditDice : undefined;
  const world = new World(dice, { transcript, log, audits, allPublish: audited });
  const count = dice.pick([1, 1, 1, 2, 2, 2, 3, 5, 6]);
  const environments = Array.from({ length: count }, (_, index) => new SimEnvironment(world, `env${index + 1}`));
  // A table is not read by time.
  const clocks = log === "kinesis" ? Dice.forSchedule(seed ^ CLOCKS, schedule) : undefined;
  await world.run(new Story(world, environments, clocks).tell());
  return { violation: world.violation, paths: world.paths, transcript: world.transcript ?? [] };
}

/** How such an invocation went. */
interface Visit {
  readonly hit: boolean;
  /** Something was dropped since the invocation before, or pushed out by what was stored late. */
  readonly dropped: boolean;
  /** Something stored before may have expired. */
  readonly expired: boolean;
  /** The log could not be read, or was left alone for a while. */
  readonly bypassed: boolean;
}

class Story {
  readonly #world: World;
  readonly #environments: readonly SimEnvironment[];
  readonly #clocks: Dice | undefined;
  /** Those that could not read all of a backlog yet, since they were throttled. */
  readonly #throttled = new Set<SimEnvironment>();
  #invocations = 0;

  constructor(world: World, environments: readonly SimEnvironment[], clocks: Dice | undefined) {
    this.#world = world;
    this.#environments = environments;
    this.#clocks = clocks;
  }

  async tell(): Promise<void> {
    const world = this.#world;
    const { dice } = world;
    for (let bursts = dice.pick([1, 2, 2, 3]); bursts > 0; bursts--) {
      const drawn = drawClimate(dice);
      world.climate = world.mood === "crowded" ? { ...CALM, latencyMs: dice.pick([20, 100, 300]) } : drawn;
      world.say(() => `the climate is now ${JSON.stringify(world.climate)}`);
      const recreates = bursts > 1 && dice.chance(0.05);
      await this.#burst(recreates);
      if (dice.chance(0.3)) await writeBacklog(world, dice);
      // Long enough for iterators to grow old, short enough for the cache to be kept.
      await world.sleep(recreates ? dice.wide(250_000, 850_000) : this.#drawGapMs());
    }
    if (world.audits?.chance(0.8)) await this.#askAgainAndAgain(world.audits.fork());
    if (this.#clocks?.chance(0.2)) await this.#readByAWrongClock(this.#clocks);
    if (dice.chance(0.04)) await this.#outage();
    world.climate = CALM;
    world.say(() => "all is calm from now on");
    await world.sleep(BACKOFF_MS);
    for (const environment of this.#environments) await this.#mustServe(environment);
    world.log.end();
  }

  #drawGapMs(): number {
    const { audits, dice } = this.#world;
    return audits?.chance(0.7) ? drawAuditGapMs(audits) : drawGapMs(dice);
  }

  async #askAgainAndAgain(dice: Dice): Promise<void> {
    const environment = dice.pick(this.#environments);
    await askAgainAndAgain(this.#world, dice, async () => {
      if (environment.life.dead) environment.restart();
      const invocation = this.#begin(environment, 30 * SECOND_MS);
      const handled = async () => {
        if (await invocation.catchUp()) {
          for (const datum of this.#world.data) await invocation.getOrAdd(datum);
          await invocation.audit();
        }
        invocation.end();
      };
      await Promise.race([handled(), environment.life.died]);
    });
  }

  async #readByAWrongClock(dice: Dice): Promise<void> {
    const environment = dice.pick(this.#environments);
    // It may be killed yet, as was drawn in its last batch.
    const visit = () => Promise.race([this.#visit(environment), environment.life.died]);
    await readByAWrongClock(this.#world, environment, dice, visit);
  }

  /** Long enough for back-off to grow as far as it may. */
  async #outage(): Promise<void> {
    this.#world.climate = OUTAGE;
    const environment = this.#world.dice.pick(this.#environments);
    for (let visits = 12; visits > 0 && !environment.life.dead; visits--) {
      // It may be killed yet, as was drawn in its last batch.
      await Promise.race([this.#visit(environment), environment.life.died]);
      await this.#world.sleep(this.#world.dice.int(1_000, 5_000));
    }
  }

  async #burst(recreates: boolean): Promise<void> {
    const { dice } = this.#world;
    const { audits } = this.#world;
    await Promise.all([
      ...this.#environments.filter(() => dice.chance(0.8)).map((environment) => this.#live(environment)),
      writeFromOutside(this.#world, dice.fork()),
      recreates ? this.#world.log.recreate(dice.fork()) : this.#world.log.disturb(dice.fork()),
      audits && writeCapturedLate(this.#world, audits.fork()),
    ]);
  }

  /** Some batches of invocations in one environment, with short freezes between them. */
  async #live(environment: SimEnvironment): Promise<void> {
    const { dice } = environment;
    for (let batches = dice.pick([1, 1, 2, 3]); batches > 0; batches--) {
      await this.#world.sleep(dice.wide(1, 2_000));
      if (environment.life.dead) environment.restart();
      await this.#batch(environment);
    }
  }

  /** Invocations that overlap, or one alone; afterwards nothing may be left behind. */
  async #batch(environment: SimEnvironment): Promise<void> {
    const { dice, concurrency, life } = environment;
    if (this.#world.nowMs - life.quietSinceMs > DAY_MS) this.#world.took("frozen for more than a day");
    life.clock.thawed(Math.max(0, this.#world.nowMs - life.quietSinceMs));
    if (dice.chance(0.2)) environment.setClock();
    if (dice.chance(0.1)) this.#setClockLater(environment);
    const count = concurrency === 1 ? 1 : dice.int(1, concurrency);
    if (count > 1) this.#world.took("invocations at once");
    if (dice.chance(0.03)) this.#killLater(environment);
    const all = Promise.all(Array.from({ length: count }, (_, index) => this.#invoke(environment, index)));
    await Promise.race([all, life.died]);
    if (life.dead) return;
    this.#mustBeQuiet(environment);
    life.quietSinceMs = this.#world.nowMs;
  }

  async #invoke(environment: SimEnvironment, index: number): Promise<void> {
    const { dice } = environment;
    const latestMs = this.#world.mood === "slow" ? 200_000 : dice.pick([300, 300, 300, 1_000, 200_000]);
    if (index > 0 && dice.chance(0.8)) await environment.sleep(dice.wide(1, latestMs));
    const timeoutMs = this.#world.mood === "slow" ? 900 * SECOND_MS : dice.pick(TIMEOUTS_MS);
    const invocation = this.#begin(environment, timeoutMs);
    if (dice.chance(0.1)) await environment.sleep(dice.wide(1, 50));
    if (await invocation.catchUp()) {
      await invocation.handle();
      await invocation.audit();
    }
    if (dice.chance(invocation.hangs ? 0.2 : 0.03)) invocation.endsUnseen();
    else invocation.end();
  }

  #begin(environment: SimEnvironment, timeoutMs: number): SimInvocation {
    return new SimInvocation(this.#world, environment, `${environment.name}#${++this.#invocations}`, timeoutMs);
  }

  #setClockLater(environment: SimEnvironment): void {
    this.#world.clock.after(environment.dice.wide(1, 1_000), () => {
      if (!environment.needsItsClock) this.#world.took("clock set anew in mid-invocation");
      environment.setClock();
    });
  }

  #killLater(environment: SimEnvironment): void {
    const { life, dice } = environment;
    this.#world.clock.after(dice.wide(1, 1_000), () => {
      if (life.dead) return;
      this.#world.say(() => `${environment.name} is killed`);
      life.kill(this.#world);
    });
  }

  #mustBeQuiet(environment: SimEnvironment): void {
    const { clock, api, leftBehindUntilMs } = environment.life;
    if (this.#world.nowMs <= leftBehindUntilMs) return;
    if (clock.pendingTimers > 0)
      this.#world.violate(`${environment.name}: leaves ${clock.pendingTimers} timers behind`);
    if (api.pendingCalls > 0) this.#world.violate(`${environment.name}: leaves ${api.pendingCalls} calls behind`);
  }

  /**
   * Once faults have stopped, what one invocation loaded is a hit in the next. A refresh may still drop it once, when it
   * reads what was published before (from a fence or a position of long ago, or within the margin), hold it off, find
   * that its time is up, or be throttled by the many pages of a backlog.
   */
  async #mustServe(environment: SimEnvironment): Promise<void> {
    if (environment.life.dead) environment.restart();
    const { holdOffMs, clockMarginMs } = environment.options;
    await this.#visit(environment);
    let last = await this.#visit(environment);
    // Several of these may each come between: a lifetime that ends, a refresh that was put off, a flush.
    for (let tries = 3; tries > 0 && !last.hit; tries--) {
      if (!last.dropped && !last.expired && !last.bypassed && holdOffMs === 0) break;
      // By then nothing that was published before is read again, and held off anew; and no back-off holds.
      await this.#world.sleep(clockMarginMs + 2 * holdOffMs + (last.bypassed ? BACKOFF_MS : 0));
      await this.#visit(environment);
      last = await this.#visit(environment);
    }
    if (!last.hit) this.#world.violate(`${environment.name}: no hit though all faults have stopped`);
  }

  /** An invocation that gets one datum, and loads it on a miss. */
  async #visit(environment: SimEnvironment): Promise<Visit> {
    const { life, options } = environment;
    const expired = life.oldestStoredAgeMs >= options.ttl.minMs;
    const invocation = this.#begin(environment, 30 * SECOND_MS);
    const caughtUp = await invocation.catchUp();
    const threw = !caughtUp || (environment.options.refreshWhen !== "before" && !(await invocation.ready()));
    const hit = invocation.getOrAddAtOnce();
    const report = invocation.end();
    // A backlog in many small pages takes more reads than a shard allows in a second, and a back-off follows.
    if (report !== undefined && report.throttles > 0) this.#throttled.add(environment);
    else if (!threw) this.#throttled.delete(environment);
    if (threw && this.#world.climate === CALM && !this.#throttled.has(environment))
      this.#world.violate(`${environment.name}: threw though all was calm`);
    const dropped = report !== undefined && report.entriesInvalidated + report.flushes + report.evictions > 0;
    this.#mustBeQuiet(environment);
    await this.#world.sleep(SECOND_MS);
    return { hit, dropped, expired, bypassed: report?.state === "bypassed" };
  }
}

/** Between bursts: mostly short, sometimes long enough to lose iterators, positions, or all records. */
function drawGapMs(dice: Dice): number {
  return dice.pick([
    dice.wide(1, 1_000),
    dice.wide(1_000, 60_000),
    dice.wide(60_000, 240_000),
    dice.wide(240_000, 900_000),
    dice.wide(900_000, 6 * 3_600_000),
    dice.wide(DAY_MS, 5 * DAY_MS),
  ]);
}
