/**
 * One execution environment of a fleet: the shipped core, invoked one time after another for as long as the fleet lives. The
 * oracle looks at every value that an invocation is given.
 */
import type { Random } from "../../src/core/clock.js";
import { createEnvironment, type Environment } from "../../src/core/environment.js";
import type { InvalidationLog } from "../../src/core/log.js";
import type { ResolvedOptions } from "../../src/core/settings.js";
import { type Arrivals, nonceOf } from "./arrivals.js";
import type { Datum } from "./data.js";
import type { Measures } from "./measures.js";
import type { VirtualClock } from "./virtual-clock.js";

export interface Workload {
  /** What the environments read. */
  readonly data: readonly Datum[];
  /** Data that one invocation reads, one after another. */
  readonly lookups: number;
  /** How long loading one takes. */
  readonly sourceMs: number;
  /** How often one of them is invalidated, each. */
  readonly invalidatedPerSecond: number;
}

export interface FleetEnvironmentDeps {
  readonly log: InvalidationLog;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly options: ResolvedOptions;
  readonly workload: Workload;
  readonly arrivals: Arrivals;
  readonly measures: () => Measures;
}

/** As most functions have it. */
const FUNCTION_TIMEOUT_MS = 6_000;
const LIMITS = { remainingMs: () => FUNCTION_TIMEOUT_MS };

export class FleetEnvironment {
  readonly #deps: FleetEnvironmentDeps;
  readonly #core: Environment;

  constructor(deps: FleetEnvironmentDeps) {
    this.#deps = deps;
    this.#core = createEnvironment({ ...deps, newNonce: () => nonceOf(deps.random) });
  }

  /** The first invocation comes after `delayMs`; it reads what the environment would have cached if it had been at work before. */
  start(delayMs: number): void {
    const { clock, random, workload, arrivals } = this.#deps;
    const { data, lookups, invalidatedPerSecond } = workload;
    const readPerSecond = (arrivals.perSecond * lookups) / data.length;
    const cached = readPerSecond / (readPerSecond + invalidatedPerSecond);
    clock.after(delayMs, () => void this.#invoke(() => data.filter(() => random() < cached), true));
  }

  async #invoke(chosen: () => readonly Datum[], warmsUp = false): Promise<void> {
    const { clock, measures, arrivals } = this.#deps;
    const beganMs = clock.monotonic();
    const invocation = this.#core.begin(LIMITS);
    await invocation.catchUp();
    if (warmsUp) await Promise.all(chosen().map((datum) => this.#read(invocation.cache, datum, beganMs)));
    else for (const datum of chosen()) await this.#read(invocation.cache, datum, beganMs);
    const report = invocation.end();
    if (report !== undefined) measures().add(report);
    // One that comes while this one is under way goes to another environment.
    clock.after(arrivals.gapMs(), () => void this.#invoke(this.#choose));
  }

  readonly #choose = (): readonly Datum[] => {
    const { random, workload } = this.#deps;
    const { data, lookups } = workload;
    return Array.from({ length: lookups }, () => data[Math.floor(random() * data.length)] as Datum);
  };

  async #read(cache: ReturnType<Environment["begin"]>["cache"], datum: Datum, beganMs: number): Promise<void> {
    const { clock, measures, workload } = this.#deps;
    const version = await cache.getOrAdd(datum.id, async () => {
      // As early as a source may look: what changes while the answer is on its way has to be refused.
      const read = datum.version;
      await clock.sleep(workload.sourceMs);
      return read;
    });
    measures().served(datum.stalenessMs(version, beganMs));
  }
}
