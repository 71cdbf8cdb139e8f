/**
 * The tokens that publications resolved to, and what people make of them: each may come back in any environment, at any time,
 * after the log was begun anew, or changed. And an invocation that is shown them, with what must be seen from then on.
 */
import type { ContextCache } from "../../src/core/invocation/context-cache.js";
import { RefreshError } from "../../src/errors.js";
import type { Dice } from "./dice.js";
import { ROUNDING_MS } from "./judge.js";
import type { SimEnvironment } from "./sim-environment.js";
import type { Change, World } from "./world.js";

/** Some are shown soon after they were given out, as by a browser; others come from its history. */
const RECENT = 3;

/** A token, and what nobody may be served any more who was shown it. */
export interface Issued {
  readonly token: string;
  readonly changes: readonly Change[];
  /** When its publication began. */
  readonly since: number;
  /** When it was given out. */
  readonly order: number;
}

export class Tokens {
  readonly #issued: Issued[] = [];

  issue(issued: Issued): void {
    this.#issued.push(issued);
  }

  draw(dice: Dice): Issued | undefined {
    if (this.#issued.length === 0) return undefined;
    return dice.pick(dice.chance(0.7) ? this.#issued.slice(-RECENT) : this.#issued);
  }
}

/** What no publication has given out, or what is left of what one has. */
export function forge(dice: Dice, genuine = "read"): string {
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  const text = Buffer.from(genuine, "base64url").toString();
  // Of this log, as far as such a forgery can know it: beyond its tip, long before it, of no shard, of no record.
  const digits = dice.pick(["0", "1", "9".repeat(15), "9".repeat(60)]);
  return dice.pick([
    "",
    "read",
    "%%%",
    genuine.slice(0, dice.int(0, genuine.length)),
    `${genuine}${"A".repeat(dice.pick([1, 4, 5_000]))}`,
    encode(text.replace(/\d+(?="\]\]$|:)/, digits)),
    encode(text.replace("simulated", "another")),
    encode(text.replace(/shardId-\d+/, "shardId-999999999999")),
    encode(`${digits}:0123456789abcdef`),
    encode('["simulated",["__proto__","1"],[1,2]]'),
    encode('[["simulated"]]'),
    encode("null"),
  ]);
}

/** One invocation that is shown tokens, as somebody's browser hands them on. */
export class TokenReader {
  readonly #world: World;
  readonly #env: SimEnvironment;
  readonly #name: string;
  readonly #cache: ContextCache;
  readonly #remainingMs: () => number;
  /** As the invocation began. */
  readonly #began: { readonly order: number; readonly ms: number; readonly lost: number; readonly bare: number };

  constructor(world: World, env: SimEnvironment, name: string, cache: ContextCache, remainingMs: () => number) {
    [this.#world, this.#env, this.#name] = [world, env, name];
    [this.#cache, this.#remainingMs] = [cache, remainingMs];
    this.#began = {
      order: world.tick(),
      ms: world.nowMs,
      lost: env.life.api.placesLost,
      bare: world.paths["answer without fields"],
    };
  }

  /** Shows the cache a token. Resolves to the changes that must be seen from then on; none, where nothing is promised. */
  async show(): Promise<readonly Change[]> {
    const [world, env] = [this.#world, this.#env];
    const issued = world.tokens.draw(env.dice);
    if (issued === undefined || env.dice.chance(0.15)) {
      await this.#refreshFor(forge(env.dice, issued?.token), undefined);
      return [];
    }
    await this.#refreshFor(issued.token, issued);
    // Nobody can read it any more.
    if (issued.order <= world.voidOrder) {
      world.took("a token of a log that is gone");
      return [];
    }
    const { state } = this.#cache.freshness;
    // The log could not be read, and to serve all the same was asked for.
    if (state === "stale") return [];
    // Bypassed, or with nothing cached, it may have read nothing: later invocations are promised nothing by that.
    if (state === "fresh" || state === "unread") env.life.hasReadFor(issued.changes);
    return issued.changes;
  }

  async #refreshFor(token: string, issued: Issued | undefined): Promise<void> {
    const [world, env] = [this.#world, this.#env];
    const { api } = env.life;
    if (api.pendingReads === 0) api.refreshBegins();
    const [beganMs, calls] = [world.nowMs, api.calls];
    const limitMs = Math.min(env.options.refreshTimeoutMs, this.#remainingMs() / 2);
    try {
      await env.life.alive(this.#cache.refresh({ covers: token }));
    } catch (error) {
      if (!(error instanceof RefreshError) || env.options.onRefreshError !== "throw")
        world.violate(`${this.#name}: refresh({ covers: ${token.slice(0, 80)} }) threw ${error}`);
    }
    const tookMs = world.nowMs - beganMs;
    if (tookMs > limitMs + ROUNDING_MS)
      world.violate(`${this.#name}: refresh({ covers }) took ${tookMs} ms, longer than ${limitMs}`);
    const { state } = this.#cache.freshness;
    const hasCalled = api.calls > calls;
    world.say(() => `${this.#name} shows the token ${token.slice(0, 80)}: ${state}${hasCalled ? ", by calls" : ""}`);
    if (hasCalled) world.took("a token made a reading");
    else if (tookMs === 0 && state === "fresh" && issued) world.took("a token was covered without a call");
    if (hasCalled && state === "fresh" && env.dice.chance(0.4)) await this.#showAgain(token, issued);
  }

  /** What was just read for is either covered, or means nothing to this log: in neither case it is read for again. */
  async #showAgain(token: string, issued: Issued | undefined): Promise<void> {
    const world = this.#world;
    const beganMs = world.nowMs;
    await this.#env.life.alive(this.#cache.refresh({ covers: token }));
    // A reading takes time; calls may be another invocation's.
    if (world.nowMs > beganMs) world.violate(`${this.#name}: read twice for the same token`);
    if (this.#cache.freshness.state !== "bypassed") return;
    world.took("a token in vain: every get misses");
    // Where a head could not be read, or too much was written, the token says no more than that.
    if (token !== "read" && issued && this.#mustKnow(issued))
      world.violate(`${this.#name}: has read for a token, and does not know it`);
  }

  /**
   * Whether all of it was written while this invocation was under way, and nothing has moved its environment's place since. Of
   * one whose time is over no place is kept.
   */
  #mustKnow({ since }: Issued): boolean {
    const { options, life, clockSetOrder } = this.#env;
    const began = this.#began;
    return (
      this.#remainingMs() > 0 &&
      since > began.order &&
      since > this.#world.log.changedOrder &&
      clockSetOrder < began.order &&
      this.#world.nowMs - began.ms < options.maxGapMs / 2 &&
      life.api.placesLost === began.lost &&
      this.#world.paths["answer without fields"] === began.bare
    );
  }
}
