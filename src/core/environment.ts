/**
 * One execution environment: a coherent cache, and the invocations under way over it. It is what the middleware, the
 * simulation and the tests build; everything it needs from outside comes in as a port.
 */
import { createAuditor } from "./audit/auditor.js";
import { createSuspicions } from "./audit/suspicions.js";
import { NOTHING } from "./changed.js";
import type { Clock, Random } from "./clock.js";
import { createCoherence } from "./coherence/coherence.js";
import { createDemand } from "./invocation/demand.js";
import { Invocation, type Shared } from "./invocation/invocation.js";
import { createLoads } from "./invocation/loads.js";
import type { InvocationLimits } from "./invocation/serving.js";
import type { LoadOwner } from "./invocation/sharing.js";
import { createTokenReadings } from "./invocation/token-readings.js";
import type { InvalidationLog } from "./log.js";
import type { Moment } from "./moment.js";
import type { Notices } from "./notices.js";
import { createOwnRecords } from "./own-records.js";
import { createRecordPublisher } from "./publishing/publisher.js";
import type { ResolvedOptions } from "./settings.js";
import { createFencedStore } from "./store/fenced-store.js";
import { keepingBy } from "./store/keeping.js";
import { createTroubleLog } from "./trouble-log.js";

export interface EnvironmentDeps {
  readonly log: InvalidationLog;
  readonly clock: Clock;
  readonly random: Random;
  /** A text that no other environment draws, of letters and digits. */
  readonly newNonce: () => string;
  readonly options: ResolvedOptions;
  readonly notices?: Notices;
}

export interface Environment {
  /** Call at the invocation's first moment, before anything it may serve or store is read. */
  begin(limits: InvocationLimits): Invocation;
}

export function createEnvironment(deps: EnvironmentDeps): Environment {
  const { log, clock, random, options } = deps;
  const trouble = createTroubleLog(clock, deps.notices);
  const reader = log.open();
  const own = createOwnRecords(deps.newNonce);
  const suspicions = options.auditShare > 0 ? createSuspicions(options.auditGraceMs + options.holdOffMs) : undefined;
  const store = createFencedStore(clock, options, {
    ...(suspicions && { onChanged: suspicions.changed }),
    isPlaced: () => reader.isPlaced,
    onTooLarge({ source }, bytes) {
      const { maxBytes } = options;
      const sizes = `at least ${Math.ceil(bytes)} bytes, maxBytes is ${maxBytes}`;
      const what = `a value of source "${source}" is too large to be cached: it has ${sizes}`;
      trouble.adviseOnce("too large", what, { source, bytes, maxBytes });
    },
  });
  const auditor =
    suspicions &&
    createAuditor({
      share: options.auditShare,
      clock,
      random,
      trouble,
      suspicions,
      drop: (key) => store.drop({ ...NOTHING, keys: [key] }),
    });
  const proofs = suspicions && { caughtUp: suspicions.caughtUp, skipped: suspicions.forget };
  const loads = createLoads<LoadOwner>();
  const underWay = new Set<Invocation>();
  let latest: Invocation | undefined;
  const parts = { ...deps, store, reader, trouble, own, proofs };
  const shared: Shared = {
    ...parts,
    coherence: createCoherence(parts),
    keeping: keepingBy(options.freeze),
    loads,
    auditor,
    tokenReadings: createTokenReadings(),
    demand: createDemand(),
    unreported: { publishFailures: 0 },
    publisher: createRecordPublisher(log, clock, random, own),
    isAlone: (invocation) => underWay.size === 1 && underWay.has(invocation),
    isLatest: (invocation) => invocation === latest,
    ended(invocation) {
      struckOff(invocation);
      if (underWay.size === 0) store.rests();
    },
  };

  function struckOff(invocation: Invocation): void {
    underWay.delete(invocation);
    loads.leave(invocation);
  }

  /** The beginning of the oldest invocation that can still be running; those that cannot are struck off. */
  function oldest(latest: Moment): Moment {
    for (const invocation of underWay) {
      if (!invocation.isOver) return invocation.began;
      struckOff(invocation);
    }
    return latest;
  }

  return {
    begin(limits) {
      store.wakes();
      const invocation = new Invocation(shared, limits);
      underWay.add(invocation);
      latest = invocation;
      store.forgetBefore(oldest(invocation.began));
      return invocation;
    },
  };
}
