/**
 * One invocation of a schedule, as a handler would behave: it catches up, reads, loads, stores, writes, invalidates, and
 * ends, mostly. Everything the cache returns goes to the judge.
 */
import type { ContextCache } from "../../src/core/context-cache.js";
import type { Invocation } from "../../src/core/invocation.js";
import type { InvocationReport } from "../../src/core/invocation-report.js";
import { PublishError, RefreshError } from "../../src/errors.js";
import { type Asked, judgeFreshness, judgeHit, judgeValue } from "./judge.js";
import type { Life, SimEnvironment } from "./sim-environment.js";
import type { Datum, Value } from "./truth.js";
import type { Change, World } from "./world.js";

/** Virtual time is a sum of fractions. */
const ROUNDING_MS = 0.01;

class LoadFailure extends Error {}

export class SimInvocation {
  readonly #world: World;
  readonly #env: SimEnvironment;
  readonly #life: Life;
  readonly #name: string;
  readonly #core: Invocation;
  readonly #remainingMs: () => number;
  #beganOrder: number;
  #beganMs: number;
  #refreshed = false;
  #ended = false;

  constructor(world: World, env: SimEnvironment, name: string, timeoutMs: number) {
    this.#world = world;
    this.#env = env;
    this.#life = env.life;
    this.#name = name;
    this.#beganOrder = world.tick();
    this.#beganMs = world.nowMs;
    const endMs = world.nowMs + timeoutMs;
    this.#remainingMs = () => Math.max(0, endMs - world.nowMs);
    this.#core = env.life.core.begin({ remainingMs: this.#remainingMs });
    world.say(() => `${name} begins (${timeoutMs} ms)`);
  }

  get #cache(): ContextCache {
    return this.#core.cache;
  }

  /** The before-hook. False when it threw, as `onRefreshError: "throw"` may. */
  async catchUp(): Promise<boolean> {
    const world = this.#world;
    const { api } = this.#life;
    const callsBefore = api.calls;
    if (api.pendingReads === 0) api.refreshBegins();
    else if (this.#life.waiters > 0) world.took("two waited for one refresh");
    const pendingBefore = api.pendingReads;
    const startedMs = world.nowMs;
    const limitMs = Math.min(this.#env.options.refreshTimeoutMs, this.#remainingMs() / 2);
    const caughtUp = this.#core.catchUp();
    const waits = api.calls === callsBefore && pendingBefore > 0;
    if (waits) this.#life.waiters++;
    const failure = await this.#life.alive(caughtUp.then(noFailure, (error: unknown) => error));
    if (waits) this.#life.waiters--;
    const tookMs = world.nowMs - startedMs;
    if (tookMs > limitMs + ROUNDING_MS)
      world.violate(`${this.#name}: caught up for ${tookMs} ms, longer than ${limitMs}`);
    const made = api.calls - callsBefore;
    this.#countCatchUp({ waited: waits && tookMs > 0, cutOff: tookMs > 0 && tookMs >= limitMs - ROUNDING_MS, made });
    if (failure === undefined) return true;
    if (!(failure instanceof RefreshError) || this.#env.options.onRefreshError !== "throw") {
      world.violate(`${this.#name}: catching up threw ${failure}`);
    }
    world.took("throw");
    return false;
  }

  /** The after-hook. */
  end(): InvocationReport | undefined {
    this.#ended = true;
    const report = this.#core.end();
    if (report === undefined) this.#world.violate(`${this.#name}: no report`);
    else this.#countReport(report);
    return report;
  }

  #countReport(report: InvocationReport): void {
    const world = this.#world;
    world.say(() => `${this.#name} ends: ${report.state}, ${report.hits} hits, ${report.misses} misses`);
    if (report.fillsRefused > 0) world.took("fill refused");
    if (report.loadsShared > 0) world.took("load shared");
    if (report.evictions > 0) world.took("evicted by size");
    if (report.entries > this.#env.options.maxEntries) world.violate(`${this.#name}: ${report.entries} entries`);
    if (report.flushes > 0) this.#countFlush(report);
    this.#life.callsReported = this.#life.api.calls;
    this.#life.lossesReported = this.#life.api.positionsLost;
    this.#life.reports++;
  }

  #countFlush(report: InvocationReport): void {
    const { api, callsReported, lossesReported } = this.#life;
    const world = this.#world;
    if (report.recordsSkipped > 0) world.took("flush by a record not understood");
    else if (api.positionsLost > lossesReported) world.took("flush by lost position");
    else if (api.calls === callsReported) world.took("flush by gap");
    else if (report.entriesInvalidated > 0) world.took("flush by an order to drop all");
  }

  /** The handler: some of what handlers do, in any order. */
  async handle(): Promise<void> {
    const { dice } = this.#env;
    for (let steps = dice.int(1, 4); steps > 0; steps--) {
      await this.#step(dice.next(), dice.pick(this.#world.data));
      if (dice.chance(0.3)) await this.#env.sleep(dice.wide(1, 100));
    }
  }

  async #step(chance: number, datum: Datum): Promise<void> {
    if (chance < 0.3) return this.getThenAdd(datum);
    if (chance < 0.4) for (const each of this.#world.data) this.get(each);
    else if (chance < 0.65) return this.#getOrAdd(datum);
    else if (chance < 0.71) void this.#lateAdd(datum);
    else if (chance < 0.77) return this.#twoPaths(datum);
    else if (chance < 0.8) return this.#refresh();
    else if (chance < 0.83) return this.#refreshWhileLoading(datum);
    else if (chance < 0.96) return this.#change(datum);
    else return this.#addUnasked(datum);
  }

  get(datum: Datum): Value | undefined {
    const asked = this.#asked(datum);
    const value = this.#cache.get(datum.id) as Value | undefined;
    this.#world.say(() => `${this.#name} get ${datum.key} -> ${value?.version ?? "miss"}`);
    if (value === undefined) this.#countExpiry(datum);
    else {
      if (asked.freshness.state === "stale") this.#world.took("hit under serve");
      this.#world.check(this.#name, judgeHit(this.#env, datum, value, asked));
    }
    return value;
  }

  #countExpiry(datum: Datum): void {
    const storedMs = this.#life.lastStoredMs.get(datum.key);
    if (storedMs === undefined || this.#life.clock.now() - storedMs < this.#env.options.ttl.maxMs) return;
    this.#world.took("entry expired");
    this.#life.lastStoredMs.delete(datum.key);
  }

  async getThenAdd(datum: Datum): Promise<void> {
    if (this.get(datum) === undefined) await this.#loadAndAdd(datum);
  }

  async #loadAndAdd(datum: Datum): Promise<boolean> {
    const ownVersion = this.#life.ownVersion(datum.key);
    const value = await this.#load(datum).catch(failedLoad);
    if (value === undefined) return false;
    const added = this.#cache.add(datum.id, value);
    this.#world.say(() => `${this.#name} add ${datum.key} version ${value.version} -> ${added}`);
    if (added) this.#life.stored(value);
    else if (this.#env.options.holdOffMs > 0 && ownVersion > 0 && ownVersion === this.#life.ownVersion(datum.key)) {
      this.#world.took("hold-off refused a fill");
    }
    return added;
  }

  /** Whether the first datum was a hit; if not it is loaded and stored, without delay and without failure. */
  getOrAddAtOnce(): boolean {
    const [datum] = this.#world.data;
    if (datum === undefined || this.get(datum) !== undefined) return true;
    const value = datum.read(this.#world.nowMs, this.#env.replicaLagMs);
    const added = this.#cache.add(datum.id, value);
    if (added) this.#life.stored(value);
    this.#world.say(() => `${this.#name} add ${datum.key} version ${value.version} -> ${added}`);
    return false;
  }

  /** A value loaded in this invocation without asking the cache first. */
  async #addUnasked(datum: Datum): Promise<void> {
    await this.#loadAndAdd(datum);
  }

  /** Two parts of a handler load the same datum at once, and one may change it before. */
  async #twoPaths(datum: Datum): Promise<void> {
    const second = async () => {
      await this.#env.sleep(this.#env.dice.wide(1, 50));
      if (this.#env.dice.chance(0.3)) await this.#change(datum);
      await this.getThenAdd(datum);
    };
    await Promise.all([this.getThenAdd(datum), second()]);
  }

  /** A load nobody waits for: it may end in a later invocation, after a freeze, or never. */
  async #lateAdd(datum: Datum): Promise<void> {
    if (this.get(datum) !== undefined) return;
    await this.#env.sleep(this.#env.dice.wide(1, 60_000));
    const added = await this.#loadAndAdd(datum);
    if (this.#ended && !added) this.#world.took("late fill after the end refused");
  }

  async #getOrAdd(datum: Datum): Promise<void> {
    const asked = this.#asked(datum);
    let loaded = false;
    const underWay = (this.#life.loadsUnderWay.get(datum.key) ?? 0) > 0;
    const load = async () => {
      loaded = true;
      if (underWay) this.#world.took("load not shared");
      const value = await this.#load(datum);
      this.#life.stored(value);
      return value;
    };
    try {
      const value = await this.#life.alive(this.#cache.getOrAdd(datum.id, load) as Promise<Value>);
      this.#world.say(() => `${this.#name} getOrAdd ${datum.key} -> ${value.version}${loaded ? " loaded" : ""}`);
      if (!loaded) this.#world.check(this.#name, judgeValue(this.#env, datum, value, asked));
    } catch (error) {
      if (!(error instanceof LoadFailure)) throw error;
    }
  }

  async #load(datum: Datum): Promise<Value> {
    const { dice } = this.#env;
    const { loadsUnderWay } = this.#life;
    loadsUnderWay.set(datum.key, (loadsUnderWay.get(datum.key) ?? 0) + 1);
    const slow = this.#world.mood === "slow" && dice.chance(0.5);
    const longest = slow ? 300_000 : dice.pick([20, 20, 20, 500, 5_000, 300_000]);
    const [beforeMs, afterMs] = [dice.wide(1, longest) - 1, dice.wide(1, longest) - 1];
    if (beforeMs + afterMs > 60_000) this.#world.took("load longer than a minute");
    try {
      await this.#env.sleep(beforeMs);
      const value = datum.read(this.#world.nowMs, this.#env.replicaLagMs);
      await this.#env.sleep(afterMs);
      if (dice.chance(0.03)) throw new LoadFailure("the source failed");
      return value;
    } finally {
      loadsUnderWay.set(datum.key, (loadsUnderWay.get(datum.key) ?? 1) - 1);
    }
  }

  async #refreshWhileLoading(datum: Datum): Promise<void> {
    const refresh = async () => {
      await this.#env.sleep(this.#env.dice.wide(1, 60_000));
      await this.#refresh();
    };
    await Promise.all([this.#loadAndAdd(datum), refresh()]);
  }

  async #refresh(): Promise<void> {
    const world = this.#world;
    if (this.#life.api.pendingReads === 0) this.#life.api.refreshBegins();
    const [beganOrder, beganMs] = [world.tick(), world.nowMs];
    const limitMs = Math.min(this.#env.options.refreshTimeoutMs, this.#remainingMs() / 2);
    world.took("refresh in mid-invocation");
    try {
      await this.#life.alive(this.#cache.refresh());
    } catch (error) {
      if (!(error instanceof RefreshError)) world.violate(`${this.#name}: refresh() threw ${error}`);
    }
    if (world.nowMs - beganMs > limitMs + ROUNDING_MS)
      world.violate(`${this.#name}: refresh() took longer than ${limitMs} ms`);
    [this.#beganOrder, this.#beganMs, this.#refreshed] = [beganOrder, beganMs, true];
    this.#sayFreshness();
  }

  async #change(datum: Datum): Promise<void> {
    const { dice } = this.#env;
    const kind = dice.pick(["id", "id", "id", "ids", "source", "all"] as const);
    const world = this.#world;
    const changed = { id: [datum], ids: world.data, source: world.sourceOf(datum), all: world.data }[kind];
    const changes = changed.map((each) => ({ datum: each, version: world.write(each) }));
    world.say(() => `${this.#name} writes ${describe(changes)}, invalidates by ${kind}`);
    await this.#env.sleep(dice.wide(1, 20) - 1);
    const since = world.tick();
    const failuresBefore = this.#life.api.partialFailures;
    const published = () => {
      if (kind === "all") return world.ledger.holdsAll(since);
      if (kind === "source") return world.ledger.holdsSource(datum.id.source, since);
      return changes.every((change) => world.ledger.holdsKey(change.datum.key, since));
    };
    try {
      const token = await this.#life.alive(this.#invalidate(kind, datum));
      if (!published()) world.violate(`${this.#name}: resolved, but the stream does not hold ${describe(changes)}`);
      if (typeof token !== "string" || token === "") world.violate(`${this.#name}: token ${token}`);
      if (kind === "source") world.took("source invalidated");
      if (this.#life.api.partialFailures > failuresBefore) world.took("partial failure, then published");
      world.acknowledge(changes);
      world.say(() => `${this.#name} is acknowledged ${describe(changes)}`);
    } catch (error) {
      world.say(() => `${this.#name} is refused ${describe(changes)}: ${error}`);
      this.#judgeRejection(error, kind, changes, since);
    }
    this.#life.invalidated(changes);
  }

  #invalidate(kind: "id" | "ids" | "source" | "all", datum: Datum): Promise<string> {
    if (kind === "all") return this.#cache.invalidateAll();
    if (kind === "source") return this.#cache.invalidateSource(datum.id.source);
    if (kind === "ids") return this.#cache.invalidate(...this.#world.data.map(({ id }) => id));
    return this.#cache.invalidate({ observableId: () => datum.id });
  }

  #judgeRejection(error: unknown, kind: string, changes: readonly Change[], since: number): void {
    const world = this.#world;
    if (!(error instanceof PublishError)) {
      world.violate(`${this.#name}: invalidate threw ${error}`);
      return;
    }
    world.took("invalidate rejected");
    if (kind === "source" && !error.sources.includes(changes[0]?.datum.id.source ?? "")) {
      world.violate(`${this.#name}: rejected, but the error does not name the source`);
    }
    for (const { datum } of kind === "id" || kind === "ids" ? changes : []) {
      if (!world.ledger.holdsKey(datum.key, since) && !error.ids.includes(datum.key)) {
        world.violate(`${this.#name}: rejected without naming ${datum.key}, which the stream does not hold`);
      }
    }
  }

  #asked(datum: Datum): Asked {
    return {
      freshness: this.#cache.freshness,
      beganOrder: this.#beganOrder,
      beganMs: this.#beganMs,
      refreshed: this.#refreshed,
      ownVersion: this.#life.ownVersion(datum.key),
      voidOrder: this.#world.voidOrder,
      inTime: this.#remainingMs() > 0,
    };
  }

  #countCatchUp(seen: { waited: boolean; cutOff: boolean; made: number }): void {
    const world = this.#world;
    const { state } = this.#cache.freshness;
    if (seen.waited) world.took("waited for a refresh of another");
    if (seen.cutOff && state !== "fresh" && state !== "empty") world.took("deadline cut a refresh off");
    if (seen.made === 0 && !seen.waited) {
      if (state === "bypassed" || state === "stale") world.took("back-off: stream left alone");
      if (state === "fresh") world.took("served within maxStalenessMs, no call");
      if (state === "empty") world.took(this.#life.reports > 0 ? "fence renewed" : "empty cache, no call");
    }
    if (state === "bypassed") world.took("bypass");
    if (state === "stale") world.took("serve");
    this.#sayFreshness();
  }

  #sayFreshness(): void {
    const { freshness } = this.#cache;
    this.#world.say(() => `${this.#name} is told ${freshness.state}, bound ${freshness.boundMs}`);
    this.#world.check(this.#name, judgeFreshness(this.#env, freshness, this.#refreshed));
  }
}

function failedLoad(error: unknown): undefined {
  if (!(error instanceof LoadFailure)) throw error;
}

const noFailure = () => undefined;

function describe(changes: readonly Change[]): string {
  return changes.map(({ datum, version }) => `${datum.key} version ${version}`).join(", ");
}
