/**
 * Watches one `getOrAdd` from outside: how long it took beside its load, which is the tenth promise, and which of the ways it
 * went that a reading beside the handler opens.
 */
import type { FreshnessState } from "../../src/core/invocation/report.js";
import { ROUNDING_MS } from "./judge.js";
import type { SimEnvironment } from "./sim-environment.js";
import type { Datum } from "./truth.js";
import type { World } from "./world.js";

/** What is expected of a reading where none has been seen. */
const FIRST_GUESS_MS = 15;
/** For so many times what is expected of a reading one may wait for it; and for one that began too early, before it. */
const MOST_PATIENCE = 2;

export class GetOrAddWatch {
  readonly #world: World;
  readonly #env: SimEnvironment;
  readonly #name: string;
  readonly #datum: Datum;
  readonly #beganMs: number;
  readonly #begunBefore: number;
  /** No reading was ever seen to take longer, so none may be expected to. */
  #mostExpectedMs: number;
  /** Whether another load of the datum was under way when it was asked for. */
  readonly wasUnderWay: boolean;
  /** Whether another call of a loader for it was under way. */
  readonly #mayShare: boolean;
  #loadBeganMs = 0;
  #loadMs = 0;
  loaded = false;
  loadEnded = false;

  constructor(world: World, env: SimEnvironment, name: string, datum: Datum) {
    this.#world = world;
    this.#env = env;
    this.#name = name;
    this.#datum = datum;
    this.#beganMs = world.nowMs;
    this.#begunBefore = this.#begun;
    this.#mostExpectedMs = this.#expectedNow();
    const { loadersUnderWay, loadsUnderWay } = env.life;
    this.wasUnderWay = (loadsUnderWay.get(datum.key) ?? 0) > 0;
    this.#mayShare = (loadersUnderWay.get(datum.key) ?? 0) > 0;
  }

  loads(): void {
    this.loaded = true;
    this.#count(this.#env.life.loadersCalled, 1);
    this.#count(this.#env.life.loadersUnderWay, 1);
    this.#loadBeganMs = this.#world.nowMs;
  }

  hasLoaded(): void {
    this.loadEnded = true;
    this.#count(this.#env.life.loadersUnderWay, -1);
    this.#loadMs = this.#world.nowMs - this.#loadBeganMs;
  }

  /** Now it waits for a reading after all, and what is expected of one may have grown meanwhile. */
  hasFailed(): void {
    this.hasLoaded();
    this.#mostExpectedMs = this.#expectedNow();
  }

  /** It has been answered; what could be served when it was asked for, and now. */
  ends(then: FreshnessState, now: FreshnessState): void {
    const world = this.#world;
    const tookMs = world.nowMs - this.#beganMs;
    const waitedMs = (this.loaded ? this.#loadBeganMs : world.nowMs) - this.#beganMs;
    // A load that never settles is not among those begun, and may have begun since.
    const mayShare = this.#mayShare || this.#env.life.hung.has(this.#datum.key);
    const sharesNone = !mayShare && this.#begun - this.#begunBefore <= (this.loaded ? 1 : 0);
    // A slow processor spends time that is nobody's.
    if (sharesNone && !this.#env.isSlow) this.#checkTime(tookMs);
    if (then !== "unread" || !sharesNone || waitedMs === 0) return;
    if (!this.loaded) {
      world.took("entry found, waited for and served");
      if (now === "stale") world.took("served stale after waiting in the handler");
    } else if (!this.loadEnded) world.took("waited longer than was expected, and served");
    else if (now === "unread") world.took("waited longer than was expected, and loaded");
    else world.took("waited, and found the entry gone");
  }

  #expectedNow(): number {
    const { times } = this.#env.life.api;
    const readings = MOST_PATIENCE + (times.mayBeUnderWay(this.#world.nowMs) ? 1 : 0);
    return readings * Math.max(FIRST_GUESS_MS, times.longestMs);
  }

  #checkTime(tookMs: number): void {
    const mostMs = this.#mostExpectedMs + (this.loadEnded ? this.#loadMs : tookMs - this.#waitedBeforeLoadMs(tookMs));
    if (tookMs > mostMs + ROUNDING_MS) {
      const what = `a getOrAdd of ${this.#datum.key} took ${tookMs} ms`;
      this.#world.violate(
        `${this.#name}: ${what}, with a load of ${this.#loadMs} and ${this.#mostExpectedMs} of reading`,
      );
    }
  }

  /** Of one that was answered before its load had ended, or without any. */
  #waitedBeforeLoadMs(tookMs: number): number {
    return this.loaded ? this.#loadBeganMs - this.#beganMs : tookMs;
  }

  get #begun(): number {
    return this.#env.life.loadersCalled.get(this.#datum.key) ?? 0;
  }

  #count(counts: Map<string, number>, by: 1 | -1): void {
    counts.set(this.#datum.key, (counts.get(this.#datum.key) ?? 0) + by);
  }
}
