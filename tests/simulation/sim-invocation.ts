/**
 * One invocation of a schedule, as a handler would behave: it catches up, reads, loads, stores, writes, invalidates, and
 * ends, mostly. Everything the cache returns goes to the judge.
 */
import type { ContextCache } from "../../src/core/invocation/context-cache.js";
import type { Invocation } from "../../src/core/invocation/invocation.js";
import type { InvocationReport } from "../../src/core/invocation/report.js";
import { RefreshError } from "../../src/errors.js";
import { GetOrAddWatch } from "./get-or-add-watch.js";
import { changeFromInside } from "./inside-writer.js";
import { countCatchUp, countExpiry, countReport } from "./invocation-counts.js";
import { type Asked, judgeFailedLoad, judgeFreshness, judgeHit, judgeValue, ROUNDING_MS } from "./judge.js";
import { type Asking, type Life, raise, type SimEnvironment } from "./sim-environment.js";
import { failedLoad, loadFromSource } from "./source-load.js";
import { TokenReader } from "./tokens.js";
import type { Datum, Value } from "./truth.js";
import type { World } from "./world.js";

/** Nobody waits for the load of an invocation that has ended; others may begin one in the same moment. */
const GIVEN_UP_WITHIN_MS = 2;

export class SimInvocation {
  readonly #world: World;
  readonly #env: SimEnvironment;
  readonly #life: Life;
  readonly #name: string;
  readonly #core: Invocation;
  readonly #cache: ContextCache;
  readonly #remainingMs: () => number;
  /** Before any refresh. */
  readonly #firstBeganOrder: number;
  #beganOrder: number;
  #beganMs: number;
  /** The same by the environment's own clock. */
  #beganAtMs: number;
  #refreshed = false;
  readonly #tokens: TokenReader;
  /** For each datum, the oldest version that it may be served by the tokens it was shown. */
  readonly #tokenVersions = new Map<string, number>();
  #ended = false;
  #isAudited = false;
  /** Of which data loads are under way that nobody waits for. */
  readonly #lateAdds = new Set<Datum>();
  /** Of which data it has begun a load that never settles: only others ask for them. */
  readonly #hung = new Set<Datum>();

  constructor(world: World, env: SimEnvironment, name: string, timeoutMs: number) {
    this.#world = world;
    this.#env = env;
    this.#life = env.life;
    this.#name = name;
    this.#beganAtMs = env.life.clock.now();
    this.#beganOrder = this.#firstBeganOrder = world.tick();
    this.#beganMs = world.nowMs;
    const endMs = world.nowMs + timeoutMs;
    this.#remainingMs = () => Math.max(0, endMs - world.nowMs);
    this.#core = env.life.core.begin({ remainingMs: this.#remainingMs });
    this.#cache = this.#core.cache;
    this.#tokens = new TokenReader(world, env, name, this.#cache, this.#remainingMs);
    world.say(() => `${name} begins (${timeoutMs} ms)`);
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
    const cutOff = tookMs > 0 && tookMs >= limitMs - ROUNDING_MS;
    countCatchUp(world, this.#env, { ...this.#cache.freshness, waited: waits && tookMs > 0, cutOff, made });
    this.#sayFreshness();
    if (failure === undefined) return true;
    if (this.#reads) world.violate(`${this.#name}: the before-hook threw though it does not wait`);
    if (!(failure instanceof RefreshError) || this.#env.options.onRefreshError !== "throw") {
      world.violate(`${this.#name}: catching up threw ${failure}`);
    }
    world.took("throw");
    return false;
  }

  /** Whether it reads while it works. */
  get #reads(): boolean {
    return this.#env.options.refreshWhen !== "before";
  }

  /** Waits for the reading. False when that threw, as `onRefreshError: "throw"` may. */
  async ready(): Promise<boolean> {
    const world = this.#world;
    const { api } = this.#life;
    const [beganMs, calls] = [world.nowMs, api.calls];
    if (api.pendingReads === 0) api.refreshBegins();
    const limitMs = Math.min(this.#env.options.refreshTimeoutMs, this.#remainingMs() / 2);
    const wasUnread = this.#cache.freshness.state === "unread";
    world.took("ready");
    const failure = await this.#life.alive(this.#cache.ready().then(noFailure, (error: unknown) => error));
    if (api.calls > calls && wasUnread) world.took("ready began a reading");
    if (world.nowMs - beganMs > limitMs + ROUNDING_MS)
      world.violate(`${this.#name}: ready() took longer than ${limitMs} ms`);
    if (!this.#ended && this.#remainingMs() > 0 && this.#cache.freshness.state === "unread")
      world.violate(`${this.#name}: ready() left it unread`);
    this.#sayFreshness();
    if (failure === undefined) return true;
    if (!(failure instanceof RefreshError) || this.#env.options.onRefreshError !== "throw" || !this.#reads)
      world.violate(`${this.#name}: ready() threw ${failure}`);
    return false;
  }

  /** Before the after-hook ends it. */
  async audit(): Promise<void> {
    const remainingMs = this.#remainingMs();
    await this.#life.alive(this.#core.outrunLoads() ?? Promise.resolve());
    this.#isAudited = true;
    await this.#life.alive(this.#life.audits.run(this.#name, remainingMs, this.#core.audit()));
  }

  /** The after-hook. */
  end(): InvocationReport | undefined {
    this.#ended = true;
    if (this.#reads && this.#life.api.pendingReads > 0) this.#world.took("reading left behind at the end");
    const report = this.#core.end();
    if (report === undefined) this.#world.violate(`${this.#name}: no report`);
    else {
      this.#world.say(() => `${this.#name} ends: ${report.state}, ${report.hits} hits, ${report.misses} misses`);
      countReport(this.#world, this.#env, report);
      this.#life.audits.reported(report);
    }
    for (const { key } of this.#hung) void this.#mustBeGivenUp(key);
    return report;
  }

  /** A load of this invocation's never settles: whoever waited for it loads now, or waits for one that has begun since. */
  async #mustBeGivenUp(key: string): Promise<void> {
    const { asking, loadsUnderWay, loadersUnderWay } = this.#life;
    const waiting = [...asking].filter((one) => one.key === key && one.waitsForAnother());
    if (waiting.length === 0) return;
    this.#world.took("load given up with its owner");
    await this.#env.sleep(GIVEN_UP_WITHIN_MS);
    const othersLoad = [loadsUnderWay, loadersUnderWay].some((counts) => (counts.get(key) ?? 0) > 0);
    const waits = (one: Asking) => asking.has(one) && one.waitsForAnother();
    if (!this.#env.isSlow && !othersLoad && waiting.some(waits))
      this.#world.violate(`${this.#name} has ended, and its load of ${key} is waited for`);
  }

  /** It has ended, and no hook says so: a reading beside it goes on until its own deadline, if nobody ends it. */
  endsUnseen(): void {
    this.#world.took("ended without its after-hook");
    if (this.#reads) this.#life.leftBehindUntilMs = this.#world.nowMs + this.#env.options.refreshTimeoutMs;
  }

  get hangs(): boolean {
    return this.#hung.size > 0;
  }

  /** The handler: some of what handlers do, in any order. */
  async handle(): Promise<void> {
    const { dice } = this.#env;
    const most = this.#world.mood === "crowded" ? 8 : 4;
    for (let steps = dice.int(1, most); steps > 0; steps--) {
      await this.#step(dice.next(), dice.pick(this.#world.data));
      if (dice.chance(0.3)) await this.#env.sleep(dice.wide(1, 100));
    }
  }

  async #step(chance: number, datum: Datum): Promise<void> {
    if (chance < 0.26) return this.#world.audits?.chance(0.8) ? this.getOrAdd(datum) : this.getThenAdd(datum);
    if (chance < 0.3) return this.#showToken();
    if (chance < 0.4) for (const each of this.#world.data) this.get(each);
    else if (chance < 0.65) return this.getOrAdd(datum);
    else if (chance < 0.71) void this.#lateAdd(datum);
    else if (chance < 0.77) return this.#twoPaths(datum);
    else if (chance < 0.775) return this.#refresh();
    else if (chance < 0.79) await this.ready();
    else if (chance < 0.8) return this.#twoRefreshes(datum);
    else if (chance < 0.83) return this.#refreshWhileLoading(datum);
    else if (chance < 0.955) return this.#change(datum);
    else if (chance < 0.97) this.#hang(datum);
    else await this.#addUnasked(datum);
  }

  get(datum: Datum): Value | undefined {
    const asked = this.#asked(datum);
    const { api } = this.#life;
    const calls = api.calls;
    const value = this.#cache.get(datum.id) as Value | undefined;
    if (api.calls > calls) this.#world.took("get began a reading");
    this.#world.say(() => `${this.#name} get ${datum.key} -> ${value?.version ?? "miss"}`);
    if (value === undefined) countExpiry(this.#world, this.#env, datum);
    else {
      if (asked.freshness.state === "stale") this.#world.took("hit under serve");
      this.#world.check(this.#name, judgeHit(this.#env, datum, value, asked));
    }
    return value;
  }

  async getThenAdd(datum: Datum): Promise<void> {
    if (this.get(datum) === undefined) await this.#loadAndAdd(datum);
  }

  /** An `add` without a `get`. Beside a load that may outlast a change nobody could tell which of them it answers. */
  async #addUnasked(datum: Datum): Promise<void> {
    if (!this.#lateAdds.has(datum)) await this.#loadAndAdd(datum);
  }

  async #loadAndAdd(datum: Datum): Promise<boolean> {
    const ownVersion = this.#life.ownVersion(datum.key);
    const value = await loadFromSource(this.#world, this.#env, datum, this.#name).catch(failedLoad);
    if (value === undefined) return false;
    const added = this.#add(datum, value);
    if (
      !added &&
      this.#env.options.holdOffMs > 0 &&
      ownVersion > 0 &&
      ownVersion === this.#life.ownVersion(datum.key)
    ) {
      this.#world.took("hold-off refused a fill");
    }
    return added;
  }

  #add(datum: Datum, value: Value): boolean {
    const added = this.#cache.add(datum.id, value);
    if (added) this.#life.stored(value);
    this.#world.say(() => `${this.#name} add ${datum.key} version ${value.version} -> ${added}`);
    return added;
  }

  /** Whether the first datum was a hit; if not it is loaded and stored, without delay and without failure. */
  getOrAddAtOnce(): boolean {
    const [datum] = this.#world.data;
    if (datum === undefined || this.get(datum) !== undefined) return true;
    const value = datum.read(this.#world.nowMs, this.#env.drawLagMs());
    this.#add(datum, value);
    return false;
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
    this.#lateAdds.add(datum);
    await this.#env.sleep(this.#env.dice.wide(1, 60_000));
    const added = await this.#loadAndAdd(datum);
    if (this.#ended && !added) this.#world.took("late fill after the end refused");
  }

  /** @param within the data whose loaders ask for this one, the outermost first: itself may be among them */
  async getOrAdd(datum: Datum, within: readonly Datum[] = []): Promise<void> {
    if (this.#hung.has(datum)) return;
    if (this.#life.api.pendingReads === 0) this.#life.api.refreshBegins();
    const asked = this.#asked(datum);
    const watch = new GetOrAddWatch(this.#world, this.#env, this.#name, datum);
    const asking = { key: datum.key, waitsForAnother: () => !watch.loaded && this.#isServing };
    this.#life.asking.add(asking);
    let served: Value | undefined;
    const audited: Value[] = [];
    const load = async () => {
      if (served !== undefined && this.#isAudited) return this.#loadToAudit(datum, served, audited);
      watch.loads();
      if (watch.wasUnderWay) this.#world.took("load not shared");
      if (within.includes(datum)) this.#world.took("load within a load of the same");
      try {
        if (within.length < 3 && this.#env.dice.chance(0.15)) await this.#askWithin([...within, datum]);
        const value = await loadFromSource(this.#world, this.#env, datum, this.#name);
        this.#life.offered(value);
        watch.hasLoaded();
        return value;
      } catch (error) {
        watch.hasFailed();
        throw error;
      }
    };
    try {
      const given = this.#cache.getOrAdd(datum.id, load) as Promise<Value>;
      const shared = !watch.loaded;
      const value = await this.#life.alive(given);
      served = value;
      this.#world.say(() => `${this.#name} getOrAdd ${datum.key} -> ${value.version}${watch.loaded ? " loaded" : ""}`);
      const { freshness } = this.#cache;
      watch.ends(asked.freshness.state, freshness.state);
      // What was waited for is served by what the reading has shown.
      const judged = asked.freshness.state === "unread" ? { ...asked, freshness } : asked;
      if (!watch.loadEnded) this.#world.check(this.#name, judgeValue(this.#env, datum, value, judged));
      if (watch.loaded && shared && watch.wasUnderWay) this.#world.took("load of another failed, and was made anew");
    } catch (error) {
      if (error instanceof RefreshError && this.#reads && this.#env.options.onRefreshError === "throw") {
        this.#world.took("throw within the handler");
        return;
      }
      const timesWithin = within.filter((each) => each === datum).length;
      this.#world.check(this.#name, judgeFailedLoad(this.#name, timesWithin, error));
    } finally {
      this.#life.asking.delete(asking);
    }
  }

  /** Under way, and not waiting for the log. */
  get #isServing(): boolean {
    return !this.#ended && this.#remainingMs() > 0 && this.#cache.freshness.state !== "unread";
  }

  /** The loader is called again after its value was given, and the handler had returned: nobody but an audit does that. */
  async #loadToAudit(datum: Datum, served: Value, audited: Value[]): Promise<Value> {
    const value = await loadFromSource(this.#world, this.#env, datum, this.#name);
    // Hardly ever it is a load that was shared, failed, and is now made anew beside the audit: then it is stored.
    this.#life.offered(value);
    audited.push(value);
    this.#life.audits.loaded(datum, served, audited);
    return value;
  }

  /** A loader asks for what it needs, which may be what it is loading, or what waits for it. */
  async #askWithin(within: readonly Datum[]): Promise<void> {
    await this.#env.sleep(this.#env.dice.wide(1, 100) - 1);
    await this.getOrAdd(this.#env.dice.pick(this.#world.data), within);
  }

  /** A load that never settles, and that nobody of this invocation waits for. */
  #hang(datum: Datum): void {
    const underWay = (this.#life.loadsUnderWay.get(datum.key) ?? 0) > 0;
    if (underWay || this.#life.hung.has(datum.key) || this.get(datum) !== undefined) return;
    this.#world.took("load that never settles");
    this.#world.say(() => `${this.#name} getOrAdd ${datum.key} with a load that never settles`);
    this.#hung.add(datum);
    this.#life.hung.add(datum.key);
    this.#cache
      .getOrAdd(datum.id, () => new Promise<never>(() => {}))
      .catch((error: unknown) => {
        // It may have waited for the log first.
        if (!(error instanceof RefreshError)) throw error;
      });
  }

  async #refreshWhileLoading(datum: Datum): Promise<void> {
    const refresh = async () => {
      await this.#env.sleep(this.#env.dice.wide(1, 60_000));
      await this.#refresh();
    };
    await Promise.all([this.#addUnasked(datum), refresh()]);
  }

  /** Two parts of a handler each ask for one, and either may end first. */
  async #twoRefreshes(datum: Datum): Promise<void> {
    const later = async (work: () => Promise<void>) => {
      await this.#env.sleep(this.#env.dice.wide(1, 2_000));
      await work();
      this.get(datum);
    };
    this.#world.took("two refreshes in one invocation");
    await Promise.all([this.#refresh(), later(() => this.#refresh()), later(() => this.getOrAdd(datum))]);
    this.get(datum);
  }

  async #refresh(): Promise<void> {
    const world = this.#world;
    if (this.#life.api.pendingReads === 0) this.#life.api.refreshBegins();
    const beganAtMs = this.#life.clock.now();
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
    if (beganOrder > this.#beganOrder) {
      [this.#beganOrder, this.#beganMs, this.#beganAtMs, this.#refreshed] = [beganOrder, beganMs, beganAtMs, true];
    }
    this.#sayFreshness();
  }

  /** Somebody has just written, maybe elsewhere: whatever she changed is read, by one look each. */
  async #showToken(): Promise<void> {
    const changes = await this.#tokens.show();
    raise(this.#tokenVersions, changes);
    this.#sayFreshness();
    for (const { datum } of changes) this.get(datum);
  }

  #change(datum: Datum): Promise<void> {
    return changeFromInside(this.#world, this.#env, this.#name, this.#cache, datum);
  }

  #asked(datum: Datum): Asked {
    return {
      freshness: this.#cache.freshness,
      beganOrder: this.#beganOrder,
      beganMs: this.#beganMs,
      refreshed: this.#refreshed,
      ownVersion: this.#life.ownVersion(datum.key),
      tokenVersion: Math.max(this.#tokenVersions.get(datum.key) ?? 0, this.#life.tokenVersion(datum.key)),
      voidOrder: this.#world.voidOrder,
      inTime: this.#remainingMs() > 0 && this.#env.clockSetOrder < this.#firstBeganOrder,
    };
  }

  #sayFreshness(): void {
    const { freshness } = this.#cache;
    this.#world.say(() => `${this.#name} is told ${freshness.state}, bound ${freshness.boundMs}`);
    // What it is told of ages is by its clock; what it is served is judged by the order of events.
    if (!this.#clockWasSet)
      this.#world.check(this.#name, judgeFreshness(this.#env, freshness, this.#refreshed, this.#beganAtMs));
  }

  get #clockWasSet(): boolean {
    return this.#env.clockSetOrder > this.#beganOrder;
  }
}

const noFailure = () => undefined;
