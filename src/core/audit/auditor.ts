/**
 * Finds writers that do not publish. A share of the hits is loaded again once the handler has returned; what differs is a
 * suspicion (suspicions.ts). What no invalidation clears in time is loaded again, and if that agrees with the suspicion, not
 * with the hit, it is counted, dropped and named by its source.
 *
 * It must never fail a handler, keep one waiting for its answer beyond its bound, or go on in an invocation that has ended;
 * nothing it tells a person may contain an id or a value.
 */
import { type Clock, type Random, within } from "../clock.js";
import type { DataId } from "../data-id.js";
import { auditLimitMs } from "../time-limits.js";
import type { TroubleLog } from "../trouble-log.js";
import { compare } from "./same.js";
import type { Suspicions, Watched } from "./suspicions.js";

/** What happened since the last report, in all invocations of the environment together. */
export interface AuditCounters {
  /** Hits that were compared with what their loader returned once more. */
  audits: number;
  /** That could not be: the loader failed or took too long, or the values cannot be compared. */
  auditsFailed: number;
  /** How long invocations were prolonged by it. */
  auditMs: number;
  /** Hits that were wrong, by the rule for condemning. */
  inconsistentReads: number;
}

type Load = () => unknown;

/** In a box: a loader may return undefined. */
interface Loaded {
  readonly value: unknown;
}

interface Check {
  readonly watched: Watched;
  readonly served: unknown;
  readonly load: Load;
  readonly costMs: number;
}

/** The checks of one invocation. */
export interface Audit {
  /** Whether there is anything to check. */
  readonly isDue: boolean;
  /** A hit of `getOrAdd`, which may be chosen to be checked. @param costMs what loading it took */
  hit(id: DataId, served: unknown, load: Load, costMs: number): void;
  /** Makes the checks, in at most half of what is left. Never rejects. */
  run(remainingMs: number): Promise<void>;
  /** The invocation has ended: what was not checked is let go. */
  end(): void;
}

export interface Auditor {
  begin(): Audit;
  takeCounters(): Readonly<AuditCounters>;
}

export interface AuditorDeps {
  readonly share: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly trouble: Pick<TroubleLog, "adviseOnce">;
  readonly suspicions: Suspicions;
  /** Drops the entry, since it is wrong. */
  drop(key: string): void;
}

/** What is checked in one invocation at most. */
const MAX_CHECKS = 10;
/** With less time left none is made, nor with less than this multiple of what loading took: nothing stops a load. */
const LEAST_MS = 20;
const LEAST_LOADS = 2;
/** Sources may have been named by chance: beyond so many, they are only counted. */
const MAX_NAMED = 100;
/** Loads that differ from each other, so often in a row: the source is left out. */
const UNSTEADY = 3;

export function createAuditor({ share, clock, random, trouble, suspicions, drop }: AuditorDeps): Auditor {
  let counters = noAudits();
  const named = new Set<string>();
  /** How often in a row two loads of a source returned two things. */
  const unsteady = new Map<string, number>();

  function advise(about: string, source: string, message: string, fix: string): void {
    const name = `${about} ${source}`;
    if (!named.has(name) && named.size >= MAX_NAMED) return;
    named.add(name);
    trouble.adviseOnce(name, `${message}. To do: ${fix}`, { source, fix });
  }

  function cannotCompare({ source }: Watched, why: string): void {
    counters.auditsFailed++;
    const message = `the audit leaves out values of source "${source}": ${why}`;
    advise("not audited", source, message, "nothing, if this source need not be audited; else cache plain data");
  }

  /** Loads within what is left until `endMs`; undefined where that fails. */
  async function loaded({ load, costMs }: Check, endMs: number): Promise<Loaded | undefined> {
    const leftMs = endMs - clock.monotonic();
    if (leftMs < Math.max(LEAST_MS, LEAST_LOADS * costMs)) return undefined;
    try {
      const loading = Promise.resolve(load()).then((value) => ({ value }));
      return await within(clock, leftMs, loading);
    } catch {
      return undefined;
    }
  }

  /** Whether the check could be made. */
  async function check(one: Check, endMs: number): Promise<boolean> {
    const { watched, served } = one;
    const first = await loaded(one, endMs);
    if (first === undefined) return false;
    const found = compare(served, first.value);
    if (found === "incomparable") cannotCompare(watched, "they hold functions, Proxies or the like");
    else counters.audits++;
    if (found === "different") await lookInto(watched, first.value, () => loaded(one, endMs));
    else watched.suspicion = undefined;
    if (found === "same") unsteady.delete(watched.source);
    return true;
  }

  /** It was served one thing, and its source says another. */
  async function lookInto(
    watched: Watched,
    value: unknown,
    loadAgain: () => Promise<Loaded | undefined>,
  ): Promise<void> {
    if (watched.suspicion !== undefined && compare(watched.suspicion.seen, value) === "same") return condemn(watched);
    // Another thing each time: that it was changed once more cannot be told from what changes by itself.
    watched.suspicion = undefined;
    const since = { atMs: clock.now(), monotonicMs: clock.monotonic() };
    const second = await loadAgain();
    if (second === undefined) return;
    if (compare(value, second.value) !== "same") return differsByItself(watched);
    unsteady.delete(watched.source);
    watched.suspicion = { since, seen: second.value, isDue: false };
  }

  function condemn(watched: Watched): void {
    const { key, source } = watched;
    watched.suspicion = undefined;
    // It was cleared while it was loaded.
    if (!suspicions.stands(watched)) return;
    counters.inconsistentReads++;
    drop(key);
    const message = `a value of source "${source}" was served though its source says otherwise, and nobody invalidated it`;
    advise("inconsistent", source, message, "find the writer that changes it without invalidating it");
  }

  /** Once it may have been written in between; time and again it holds the time of day, or a signature. */
  function differsByItself(watched: Watched): void {
    const { source } = watched;
    if (unsteady.size >= MAX_NAMED) unsteady.clear();
    const times = (unsteady.get(source) ?? 0) + 1;
    unsteady.set(source, times);
    if (times >= UNSTEADY) cannotCompare(watched, "each load returns something else");
  }

  function watch(id: DataId): Watched | undefined {
    return named.has(`not audited ${id.source}`) ? undefined : suspicions.watch(id.toString(), id.source);
  }

  function begin(): Audit {
    let checks: Check[] = [];
    let isOver = false;
    /** What a loader that it calls is served is not the handler's. */
    let isRunning = false;

    async function checkAll(endMs: number): Promise<void> {
      for (const one of checks) {
        // Cleared meanwhile: the entry is gone, and a load would be for nothing.
        if (isOver || !suspicions.stands(one.watched)) continue;
        if (!(await check(one, endMs)) && !isOver) counters.auditsFailed++;
      }
    }

    /** Suspicions stay; what is not one is let go. */
    function letGo(): void {
      for (const { watched } of checks) suspicions.checked(watched);
      checks = [];
    }

    return {
      get isDue() {
        return checks.length > 0;
      },

      hit(id, served, load, costMs) {
        if (isOver || isRunning || checks.length >= MAX_CHECKS) return;
        const due = suspicions.size > 0 ? suspicions.due(id.toString()) : undefined;
        const watched = due ?? (random() < share ? watch(id) : undefined);
        if (watched !== undefined) checks.push({ watched, served, load, costMs });
      },

      async run(remainingMs) {
        isRunning = true;
        const startedMs = clock.monotonic();
        const budgetMs = auditLimitMs(remainingMs);
        await checkAll(startedMs + budgetMs);
        if (!isOver) counters.auditMs += clock.monotonic() - startedMs;
        letGo();
      },

      end() {
        isOver = true;
        letGo();
      },
    };
  }

  return {
    begin,

    takeCounters() {
      const taken = counters;
      counters = noAudits();
      return taken;
    },
  };
}

export function noAudits(): AuditCounters {
  return { audits: 0, auditsFailed: 0, auditMs: 0, inconsistentReads: 0 };
}
