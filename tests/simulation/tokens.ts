/**
 * The tokens that publications resolved to, and what people make of them: each may come back in any environment, at any time,
 * after the log was begun anew, or changed. And the invocation that is shown one, with what it may be served from then on.
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

/** One reader who is shown a token; `served` is what it was last given without doubt. */
export interface TokenReading {
  readonly world: World;
  readonly env: SimEnvironment;
  readonly name: string;
  readonly cache: ContextCache;
  remainingMs(): number;
}

/** Shows the cache a token. Resolves to the changes that must be seen from then on; none, where nothing is promised. */
export async function showToken(reading: TokenReading): Promise<readonly Change[]> {
  const { world, env } = reading;
  const issued = world.tokens.draw(env.dice);
  if (issued === undefined || env.dice.chance(0.15)) {
    await refreshFor(reading, forge(env.dice, issued?.token));
    return [];
  }
  await refreshFor(reading, issued.token);
  const { state } = reading.cache.freshness;
  // What nobody can read any more, and what an environment chose to serve without being able to read.
  if (issued.order <= world.voidOrder) world.took("a token of a log that is gone");
  const isPromised = issued.order > world.voidOrder && state !== "stale";
  if (!isPromised) return [];
  // Bypassed, or with nothing cached, it has read nothing: later invocations are promised nothing by that.
  if (state === "fresh" || state === "unread") env.life.hasReadFor(issued.changes);
  return issued.changes;
}

async function refreshFor({ world, env, name, cache, remainingMs }: TokenReading, token: string): Promise<void> {
  const { api } = env.life;
  if (api.pendingReads === 0) api.refreshBegins();
  const [beganMs, calls] = [world.nowMs, api.calls];
  const limitMs = Math.min(env.options.refreshTimeoutMs, remainingMs() / 2);
  try {
    await env.life.alive(cache.refresh({ covers: token }));
  } catch (error) {
    if (!(error instanceof RefreshError) || env.options.onRefreshError !== "throw")
      world.violate(`${name}: refresh({ covers: ${token.slice(0, 80)} }) threw ${error}`);
  }
  const tookMs = world.nowMs - beganMs;
  if (tookMs > limitMs + ROUNDING_MS) world.violate(`${name}: refresh({ covers }) took ${tookMs} ms, over ${limitMs}`);
  const { state } = cache.freshness;
  const hasCalled = api.calls > calls;
  world.say(() => `${name} is shown the token ${token.slice(0, 80)}: ${state}${hasCalled ? ", by calls" : ""}`);
  if (hasCalled) world.took("a token made a reading");
  else if (tookMs === 0 && state === "fresh") world.took("a token was covered without a call");
  if (hasCalled && state === "fresh") await showAgain({ world, env, name, cache, remainingMs }, token);
}

/** What was just read for is either covered, or means nothing to this log: in neither case it may be read for again. */
async function showAgain({ world, env, name, cache }: TokenReading, token: string): Promise<void> {
  if (!env.dice.chance(0.3)) return;
  const { calls } = env.life.api;
  const beganMs = world.nowMs;
  await env.life.alive(cache.refresh({ covers: token }));
  if (env.life.api.calls > calls || world.nowMs > beganMs) world.violate(`${name}: read twice for the same token`);
  if (cache.freshness.state === "bypassed") world.took("a token in vain: every get misses");
}
