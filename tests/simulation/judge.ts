/**
 * The oracle: whether what an invocation was given keeps the promises; each function says what is wrong, or undefined. It
 * knows when each change was acknowledged and when each invocation began, and nothing of how the cache works.
 */
import type { Freshness } from "../../src/core/invocation/context-cache.js";
import { LoadCycleError } from "../../src/errors.js";
import type { SimEnvironment } from "./sim-environment.js";
import { LoadFailure } from "./source-load.js";
import type { Acknowledgement, Datum, Value } from "./truth.js";

/** Virtual time is a sum of fractions. */
export const ROUNDING_MS = 0.01;

/** What the invocation could rely on when it asked. */
export interface Asked {
  readonly freshness: Freshness;
  /** When the invocation, or its last `refresh()`, began. */
  readonly beganOrder: number;
  readonly beganMs: number;
  /** Whether that was a `refresh()`, which allows no staleness. */
  readonly refreshed: boolean;
  /** The oldest version that this environment's own invalidations had left when it asked. */
  readonly ownVersion: number;
  /** The oldest version that the tokens leave which it was shown, or an environment that has read for them. */
  readonly tokenVersion: number;
  /** Acknowledgements up to this event cannot be read by anyone: their stream was deleted. */
  readonly voidOrder: number;
  /** Whether the runtime would still let the invocation run, by an undisturbed clock: lifetimes are not looked at after its deadline. */
  readonly inTime: boolean;
}

/** Judges a value that `get` returned. */
export function judgeHit(env: SimEnvironment, datum: Datum, value: Value, asked: Asked): string | undefined {
  if (asked.freshness.state === "bypassed") return "get hit while bypassed";
  const storedAtMs = env.life.storedAtMs.get(value);
  if (storedAtMs === undefined) return "get returned what was never stored";
  const ageMs = env.life.clock.now() - storedAtMs;
  if (asked.inTime && ageMs >= env.options.ttl.maxMs) return `get returned an entry ${ageMs} ms after it was stored`;
  return judgeValue(env, datum, value, asked);
}

/** Judges a value from the cache or from a load that was shared. */
export function judgeValue(env: SimEnvironment, datum: Datum, value: Value, asked: Asked): string | undefined {
  const given = `version ${value.version} of ${datum.key} was given`;
  if (value.key !== datum.key) return `${given}, but it is ${value.key}`;
  if (value.version < asked.ownVersion) return `${given} after its own invalidation of all before ${asked.ownVersion}`;
  // A lagging replica may return what was invalidated before: only this environment's own invalidations hold it off.
  if (env.replicaLagMs > 0) return undefined;
  if (value.version < asked.tokenVersion)
    return `${given} though a token names all before ${asked.tokenVersion} as outdated`;
  const outdated = datum.outdated(value.version, asked.voidOrder);
  if (outdated === undefined) return undefined;
  const { boundMs, state } = asked.freshness;
  const promisedMs = promisedBoundMs(env, asked);
  const how = `${given}, outdated ${asked.beganMs - outdated.atMs} ms before the invocation began`;
  if (isTooOld(outdated, asked, promisedMs)) return `${how}, which may be ${promisedMs} when ${state}`;
  if (boundMs !== undefined && isTooOld(outdated, asked, boundMs))
    return `${how}, which was told to be at most ${boundMs}`;
  return undefined;
}

/** Judges what a `getOrAdd` rejected with, that of a loader within so many loads of the same datum. */
export function judgeFailedLoad(name: string, timesWithin: number, error: unknown): string | undefined {
  if (error instanceof LoadFailure) return error.of === name ? undefined : `getOrAdd failed since ${error.message}`;
  if (!(error instanceof LoadCycleError)) throw error;
  return timesWithin >= 2 ? undefined : `${error.message}, within ${timesWithin} loads of it`;
}

/** How long before the invocation began the proof may lie, by the options. */
function promisedBoundMs(env: SimEnvironment, asked: Asked): number {
  if (asked.freshness.state === "stale") return env.options.maxGapMs;
  return asked.refreshed ? 0 : env.options.maxStalenessMs;
}

function isTooOld(outdated: Acknowledgement, asked: Asked, boundMs: number): boolean {
  return boundMs === 0 ? outdated.order < asked.beganOrder : outdated.atMs < asked.beganMs - boundMs;
}

/** Judges what an invocation was told about its freshness, when by its clock it had begun, or called `refresh()` last, at `beganAtMs`. */
export function judgeFreshness(
  env: SimEnvironment,
  freshness: Freshness,
  refreshed: boolean,
  beganAtMs: number,
): string | undefined {
  const { state, boundMs, asOf } = freshness;
  const { maxStalenessMs, maxGapMs, onRefreshError } = env.options;
  const told = `freshness was ${JSON.stringify(freshness)}`;
  if ((state === "bypassed") !== (boundMs === undefined)) return `${told}: a bound, unless bypassed`;
  if ((asOf === undefined) !== (boundMs === undefined)) return `${told}: asOf and boundMs go together`;
  if (boundMs === undefined || asOf === undefined) return undefined;
  if (asOf + boundMs < beganAtMs - ROUNDING_MS)
    return `${told}, of ${beganAtMs - boundMs - asOf} ms before it was asked for`;
  if (state === "stale" && onRefreshError !== "serve") return `${told} under ${onRefreshError}`;
  const mostMs = { fresh: refreshed ? 0 : maxStalenessMs, empty: 0, unread: 0, stale: maxGapMs, bypassed: 0 }[state];
  return boundMs > mostMs ? `${told}, above ${mostMs}` : undefined;
}
