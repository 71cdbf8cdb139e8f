/**
 * One execution environment of a schedule: a clock of its own that may be wrong, a client that meets faults, and the cache
 * under test, which is built anew when the environment was killed. What a dead environment still had to do never happens.
 */

import type { Clock } from "../../src/core/clock.js";
import { createEnvironment, type Environment } from "../../src/core/environment.js";
import { type ResolvedOptions, resolveOptions } from "../../src/options.js";
import { type AuditOptions, AuditWatch, drawAuditOptions } from "./audits.js";
import type { Dice } from "./dice.js";
import type { LogClient } from "./log-world.js";
import type { Value } from "./truth.js";
import type { Change, Mood, World } from "./world.js";

/**
 * Never settles: what a killed process would have gone on to do. Each is a promise of its own: one for all would keep
 * everything that ever waited for it.
 */
const never = () => new Promise<never>(() => {});

/** A `getOrAdd` that has not been answered. */
export interface Asking {
  readonly key: string;
  /** Whether it may only be waiting for somebody else's load. */
  waitsForAnother(): boolean;
}

/** The part that dies: one process's life. */
export class Life {
  readonly core: Environment;
  readonly clock: LifeClock;
  readonly api: LogClient;
  /** Resolves when the process is killed. */
  readonly died: Promise<void>;
  dead = false;
  /** When a value was stored last, by this environment's clock. */
  readonly storedAtMs = new WeakMap<Value, number>();
  /** For each datum, the version that this environment's own settled invalidations make the oldest it may serve. */
  readonly #ownVersions = new Map<string, number>();
  /** The same for what was read for a token. */
  readonly #tokenVersions = new Map<string, number>();
  readonly loadsUnderWay = new Map<string, number>();
  /** Of each datum, how often a loader of `getOrAdd` was ever called, and how many of those calls are under way. */
  readonly loadersCalled = new Map<string, number>();
  readonly loadersUnderWay = new Map<string, number>();
  /** Of which data a load was begun that never settles: were another to share it and not wait, its timer would be left behind. */
  readonly hung = new Set<string>();
  /** Calls of `getOrAdd` that have not been answered. */
  readonly asking = new Set<Asking>();
  readonly audits: AuditWatch;
  /** When each datum was stored last: by this environment's clock, and in truth. */
  readonly #lastStored = new Map<string, { readonly clockMs: number; readonly trueMs: number }>();
  readonly #world: World;
  /** Invocations that wait for a refresh another one began. */
  waiters = 0;
  /** Until then the reading of an invocation that ended unseen may be under way. */
  leftBehindUntilMs = 0;
  /** When its last invocations had ended. */
  quietSinceMs = Number.POSITIVE_INFINITY;
  /** As of the last report. */
  callsReported = 0;
  lossesReported = 0;
  reports = 0;
  #die: () => void = () => {};

  constructor(world: World, env: SimEnvironment) {
    this.#world = world;
    this.died = new Promise((resolve) => (this.#die = resolve));
    this.clock = new LifeClock(world, env);
    this.audits = new AuditWatch(world, env);
    const { clock } = this;
    const { clockMarginMs } = env.options;
    this.api = world.log.connect(env.name, {
      clock,
      dice: world.dice.fork(),
      clockMarginMs,
      isDead: () => this.dead,
    });
    const { log } = this.api;
    const random = world.dice.fork().next;
    const newNonce = () => String(world.tick());
    this.core = createEnvironment({ log, clock, random, newNonce, options: env.options });
  }

  kill(world: World): void {
    if (this.api.pendingWrites > 0) world.took("published while the writer was killed");
    this.dead = true;
    this.clock.stop();
    this.#die();
  }

  /** Goes on only if the process still lives when the promise settles. */
  async alive<T>(promise: Promise<T>): Promise<T> {
    try {
      const result = await promise;
      return this.dead ? await never() : result;
    } catch (error) {
      if (this.dead) await never();
      throw error;
    }
  }

  stored(value: Value): void {
    this.offered(value);
    this.#lastStored.set(value.key, this.#bothClocks());
  }

  /** It may be stored, or refused in favour of an entry that is there, and expires sooner. */
  offered(value: Value): void {
    this.storedAtMs.set(value, this.clock.now());
    if (!this.#lastStored.has(value.key)) this.#lastStored.set(value.key, this.#bothClocks());
  }

  /** How long ago this was stored, at most: a clock that was set since may say less. 0 where it was not. */
  storedAgeMs(key: string): number {
    const stored = this.#lastStored.get(key);
    if (stored === undefined) return 0;
    return Math.max(this.clock.now() - stored.clockMs, this.#world.nowMs - stored.trueMs);
  }

  get oldestStoredAgeMs(): number {
    return Math.max(0, ...[...this.#lastStored.keys()].map((key) => this.storedAgeMs(key)));
  }

  forgetStored(key: string): void {
    this.#lastStored.delete(key);
  }

  #bothClocks() {
    return { clockMs: this.clock.now(), trueMs: this.#world.nowMs };
  }

  ownVersion(key: string): number {
    return this.#ownVersions.get(key) ?? 0;
  }

  /** An `invalidate` of this environment's own has settled, one way or the other. */
  invalidated(changes: readonly Change[]): void {
    raise(this.#ownVersions, changes);
  }

  tokenVersion(key: string): number {
    return this.#tokenVersions.get(key) ?? 0;
  }

  /** The log was read as far as these changes. */
  hasReadFor(changes: readonly Change[]): void {
    raise(this.#tokenVersions, changes);
  }
}

/** Notes for each datum the latest version that it was changed to. */
export function raise(versions: Map<string, number>, changes: readonly Change[]): void {
  for (const { datum, version } of changes) {
    versions.set(datum.key, Math.max(version, versions.get(datum.key) ?? 0));
  }
}

/** The environment's own idea of the time, and what is left of its timers. */
export class LifeClock implements Clock {
  readonly #world: World;
  readonly #env: SimEnvironment;
  #stopped = false;
  #cpuMs = 0;
  #frozenMs = 0;
  pendingTimers = 0;

  constructor(world: World, env: SimEnvironment) {
    this.#world = world;
    this.#env = env;
  }

  now(): number {
    return this.#world.nowMs + this.#env.skewMs;
  }

  /** A slow processor spends time between two looks at the clock. */
  monotonic(): number {
    if (this.#env.isSlow && this.#env.dice.chance(0.2)) this.#cpuMs += this.#env.dice.int(1, 10);
    return this.#world.clock.monotonic() + this.#cpuMs - this.#frozenMs;
  }

  /** The process is thawed: on some machines no monotonic time has passed. */
  thawed(afterMs: number): void {
    if (this.#env.standsStill) this.#frozenMs += afterMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    if (this.#stopped) return () => {};
    // A timer of no delay only gives way to other work.
    let pending = delayMs > 0;
    if (pending) this.pendingTimers++;
    const end = () => {
      if (pending) this.pendingTimers--;
      pending = false;
    };
    const cancel = this.#world.clock.after(delayMs, () => {
      end();
      if (!this.#stopped) callback();
    });
    return () => {
      end();
      cancel();
    };
  }

  stop(): void {
    this.#stopped = true;
  }
}

export class SimEnvironment {
  readonly name: string;
  readonly dice: Dice;
  readonly options: ResolvedOptions;
  /** How far the source's replica lags that this environment reads from, or at most, where hits are audited. */
  readonly replicaLagMs: number;
  /** Invocations at once, at most. */
  readonly concurrency: number;
  readonly isSlow: boolean;
  /** Whether its monotonic clock stands still while it is frozen. */
  readonly standsStill: boolean;
  /** How far its clock is ahead of the truth. */
  skewMs: number;
  /** When its clock was last set. */
  clockSetOrder = 0;
  life: Life;
  readonly #world: World;
  readonly #auditDice: Dice | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.dice = world.dice.fork();
    this.#auditDice = world.audits?.fork();
    this.options = drawOptions(this.dice, world.mood, this.#auditDice && drawAuditOptions(this.#auditDice));
    this.replicaLagMs =
      this.options.holdOffMs > 0 && this.dice.chance(0.5) ? this.dice.int(1, this.options.holdOffMs) : 0;
    const manyAtOnce = world.mood !== "mixed" || this.dice.chance(0.4);
    this.concurrency = manyAtOnce ? this.dice.int(2, 8) : 1;
    // What a slow processor spends is no time of the world's, in which a replica could catch up.
    this.isSlow = this.dice.chance(0.15) && this.replicaLagMs === 0;
    this.standsStill = this.dice.chance(0.5);
    this.skewMs = this.#drawSkew();
    this.life = new Life(world, this);
    world.say(() => `${name}: ${JSON.stringify({ ...this.options, skewMs: this.skewMs, lagMs: this.replicaLagMs })}`);
  }

  /** Where one clock stands still and ages bound what may be served, a step of the other leaves no way to tell them. */
  get needsItsClock(): boolean {
    const { maxStalenessMs, onRefreshError } = this.options;
    return this.standsStill && (maxStalenessMs > 0 || onRefreshError === "serve");
  }

  /** Of one load. Some replica or other answers. */
  drawLagMs(): number {
    return this.#auditDice?.int(0, this.replicaLagMs) ?? this.replicaLagMs;
  }

  sleep(ms: number): Promise<void> {
    return this.life.alive(this.#world.sleep(ms));
  }

  restart(): void {
    this.#world.took("killed and restarted");
    this.#world.say(() => `${this.name}: starts anew`);
    this.skewMs = this.#drawSkew();
    this.life = new Life(this.#world, this);
  }

  /** A time server may set the clock, while the environment is frozen or at work. */
  setClock(): void {
    if (this.needsItsClock) return;
    const skewMs = this.#drawSkew();
    // A step forward while nothing is under way looks like a freeze, in which a replica catches up.
    if (this.replicaLagMs > 0) {
      if (skewMs > this.skewMs) return;
      this.#world.took("clock set back while a replica lags");
    }
    this.setClockTo(skewMs);
  }

  setClockTo(skewMs: number): void {
    this.skewMs = skewMs;
    this.clockSetOrder = this.#world.tick();
    this.#world.say(() => `${this.name}: its clock is now off by ${this.skewMs} ms`);
  }

  /** Only a monotonic clock that never stands still can tell, once the clock is set right, how long ago a fence was. */
  get mayBeFarAhead(): boolean {
    return !this.standsStill && this.options.holdOffMs === 0;
  }

  /** Within the margin, of which one second is left for the service's own inaccuracy; or far beyond it. */
  #drawSkew(): number {
    if (this.dice.chance(0.3)) return 0;
    if (this.mayBeFarAhead && this.dice.chance(0.3)) {
      this.#world.took("clock off by far more than the margin");
      return this.dice.pick([1, 1, -1]) * this.dice.wide(10_000, this.dice.pick([60_000, 3_600_000]));
    }
    const mostMs = this.options.clockMarginMs - 1_000;
    const skewMs = this.dice.int(-mostMs, mostMs);
    if (Math.abs(skewMs) > mostMs / 2) this.#world.took("clock off by more than half the margin");
    return skewMs;
  }
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function drawOptions(dice: Dice, mood: Mood, audits: AuditOptions | undefined): ResolvedOptions {
  const gapsMs = [15 * MINUTE_MS, 15 * MINUTE_MS, MINUTE_MS, HOUR_MS, 20 * HOUR_MS];
  const maxGapMs = mood === "slow" ? MINUTE_MS : dice.pick(gapsMs);
  return resolveOptions({
    // At most half the gap: an older proof would be flushed before it is renewed.
    maxStalenessMs: Math.min(dice.pick([0, 0, 0, 0, 500, 3_000, MINUTE_MS]), maxGapMs / 2),
    refreshWhen: dice.pick(["before", "before", "before", "alongside", "used"]),
    onRefreshError: dice.pick(["bypass", "bypass", "bypass", "serve", "throw"]),
    refreshTimeoutMs: dice.pick([1_000, 1_000, 200, 3_000]),
    maxGapMs,
    clockMarginMs: dice.pick([10_000, 10_000, 3_000]),
    holdOffMs: dice.pick([0, 0, 0, 0, 2_000]),
    maxEntries: dice.pick([50, 50, 50, 1, 2]),
    ttlMs: dice.pick([
      HOUR_MS,
      HOUR_MS,
      { min: HOUR_MS / 2, max: HOUR_MS },
      { min: 15_000, max: 45_000 },
      72 * HOUR_MS,
    ]),
    ...audits,
  });
}
