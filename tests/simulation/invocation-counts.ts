/** Counts the rare paths that can be told from what an invocation was told, and checks the bounds of what it reports. */
import type { FreshnessState, InvocationReport } from "../../src/core/invocation/report.js";
import type { SimEnvironment } from "./sim-environment.js";
import type { Datum } from "./truth.js";
import type { World } from "./world.js";

/** How catching up went, as seen from outside. */
export interface CatchUpSeen {
  readonly state: FreshnessState;
  /** It waited without making a call of its own. */
  readonly waited: boolean;
  /** It lasted until its deadline. */
  readonly cutOff: boolean;
  /** Calls the environment made meanwhile. */
  readonly made: number;
}

export function countCatchUp(world: World, env: SimEnvironment, { state, waited, cutOff, made }: CatchUpSeen): void {
  if (waited) world.took("waited for a refresh of another");
  if (cutOff && state !== "fresh" && state !== "empty") world.took("deadline cut a refresh off");
  if (made === 0 && !waited) {
    if (state === "bypassed" || state === "stale") world.took("back-off: log left alone");
    if (state === "fresh") world.took("served within maxStalenessMs, no call");
    if (state === "empty") world.took(env.life.reports > 0 ? "fence renewed" : "empty cache, no call");
  }
  if (state === "bypassed") world.took("bypass");
  if (state === "stale") world.took("serve");
}

export function countReport(world: World, env: SimEnvironment, report: InvocationReport): void {
  const { life } = env;
  if (report.fillsRefused > 0) world.took("fill refused");
  if (report.loadsShared > 0) world.took("load shared");
  if (report.loadsPreferred > 0) world.took("entry found, and loaded before the log was read");
  if (report.evictions > 0) world.took("evicted by size");
  if (report.entries > env.options.maxEntries) world.violate(`${env.name}: holds ${report.entries} entries`);
  if (report.flushes > 0) countFlush(world, env, report);
  life.callsReported = life.api.calls;
  life.lossesReported = life.api.placesLost;
  life.reports++;
}

function countFlush(world: World, env: SimEnvironment, report: InvocationReport): void {
  const { api, callsReported, lossesReported } = env.life;
  if (report.recordsSkipped > 0) world.took("flush by a record not understood");
  else if (api.placesLost > lossesReported) world.took("flush by lost position");
  else if (api.calls === callsReported) world.took("flush by gap");
  else if (report.entriesInvalidated > 0) world.took("flush by an order to drop all");
}

/** After a miss: whether it was for an entry whose time was up. */
export function countExpiry(world: World, env: SimEnvironment, datum: Datum): void {
  if (env.life.storedAgeMs(datum.key) < env.options.ttl.maxMs) return;
  world.took("entry expired");
  env.life.forgetStored(datum.key);
}
