/** Runs one fleet in virtual time, and says what it cost and what it was given. */
import { resolveOptions } from "../../src/options.js";
import type { Limit } from "../../src/plan/limits.js";
import { arrivalsOf, type FleetKind, seeded } from "./arrivals.js";
import { Datum } from "./data.js";
import { FleetEnvironment } from "./environment.js";
import { createLogService, type Latencies, type LogKind, type Usage } from "./log-service.js";
import { Measures } from "./measures.js";
import { VirtualClock } from "./virtual-clock.js";
import { HOT_SHARE, startWriters } from "./writers.js";

export interface FleetRequest {
  readonly log: LogKind;
  readonly fleet: FleetKind;
  readonly environments: number;
  readonly maxStalenessMs: number;
  readonly invalidationsPerSecond: number;
  readonly latencies: Latencies;
  /** Its environments begin spread over this time. */
  readonly beginningMs: number;
  /** How long it has run before it is looked at, */
  readonly settlingMs: number;
  /** and how long it is looked at. */
  readonly virtualMs: number;
  readonly seed: number;
}

export interface FleetRun {
  readonly measures: Measures;
  /** While it was looked at. */
  readonly usage: Usage;
}

export const DATA = 25;
export const LOOKUPS = 1;
export const SOURCE_MS = 20;
/** The log has been in use before: a reader that is behind finds more in it than it needs. */
const RECORDS_BEFORE = 300;

export async function runFleet(request: FleetRequest): Promise<FleetRun> {
  const { log, fleet, environments, maxStalenessMs, invalidationsPerSecond, seed } = request;
  const clock = new VirtualClock();
  const random = seeded(seed);
  const data = Array.from({ length: DATA }, (_, index) => new Datum(String(index)));
  const invalidatedPerSecond = (invalidationsPerSecond * HOT_SHARE) / DATA;
  const workload = { data, lookups: LOOKUPS, sourceMs: SOURCE_MS, invalidatedPerSecond };
  const service = createLogService(log, clock, request.latencies);
  const options = resolveOptions({ maxStalenessMs });
  let current = new Measures();
  const measures = () => current;
  startWriters(invalidationsPerSecond, { service, clock, random, data, measures });
  const begunMs = (RECORDS_BEFORE / invalidationsPerSecond) * 1_000;
  await clock.run(begunMs);
  for (let index = 0; index < environments; index++) {
    const arrivals = arrivalsOf(fleet, index, random);
    const environment = { log: service.connect(random), clock, random, options, workload, arrivals, measures };
    new FleetEnvironment(environment).start(random() * request.beginningMs);
  }
  const settledMs = begunMs + request.settlingMs;
  await clock.run(settledMs);
  const before = service.usage();
  current = new Measures();
  await clock.run(settledMs + request.virtualMs);
  return { measures: current, usage: difference(service.usage(), before) };
}

function difference(now: Usage, before: Usage): Usage {
  const limits = Object.keys(now.refused) as Limit[];
  const refused = limits.map((limit) => [limit, (now.refused[limit] ?? 0) - (before.refused[limit] ?? 0)] as const);
  return {
    records: now.records - before.records,
    readUnits: now.readUnits - before.readUnits,
    writeUnits: now.writeUnits - before.writeUnits,
    refused: Object.fromEntries(refused),
  };
}
