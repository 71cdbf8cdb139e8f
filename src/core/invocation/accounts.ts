/**
 * The accounts of one invocation while it is under way: what it has waited, hit, missed and been refused. They exist apart
 * from the invocation so that a figure has one place: what it means is said in report.ts, it is counted where it happens,
 * and it goes into the report here.
 */
import type { AuditCounters } from "../audit/auditor.js";
import type { Counters } from "../coherence/counters.js";
import type { Hit } from "../store/entry-store.js";
import type { InvocationReport } from "./report.js";

/** What it was served, and what it waited for that. */
export type ServedFigures = Pick<InvocationReport, "kinesisLatencyMs" | "refreshFailures" | "state" | "boundMs">;

/** How things stand when it ends: what is not counted here, nor in the environment. */
type Standing = Omit<InvocationReport, keyof Accounts | keyof Counters | keyof AuditCounters | keyof ServedFigures>;

/** Fields, since a hit counts in them: V8 reads a field faster than a closure's variable. */
export class Accounts {
  timeSavedMs = 0;
  hits = 0;
  misses = 0;
  fillsRefused = 0;
  loadsShared = 0;
  loadsPreferred = 0;
  preferredMs = 0;
  sparedMs = 0;

  hit({ savedUs }: Hit): void {
    this.hits++;
    this.timeSavedMs += savedUs / 1_000;
  }

  copy(): Accounts {
    return Object.assign(new Accounts(), this);
  }

  /** The report, together with what the environment has counted since the last one. */
  close(since: Counters, audited: AuditCounters, served: ServedFigures, standing: Standing): InvocationReport {
    // Written out, without spreading: building this object that way cost more than the rest of an invocation.
    return {
      kinesisLatencyMs: served.kinesisLatencyMs,
      publishLatencyMs: standing.publishLatencyMs,
      timeSavedMs: this.timeSavedMs,
      hits: this.hits,
      misses: this.misses,
      entriesInvalidated: since.entriesInvalidated,
      fillsRefused: this.fillsRefused,
      loadsShared: this.loadsShared,
      loadsPreferred: this.loadsPreferred,
      preferredMs: this.preferredMs,
      sparedMs: this.sparedMs,
      kinesisCalls: since.kinesisCalls,
      recordsSkipped: since.recordsSkipped,
      refreshFailures: served.refreshFailures,
      publishFailures: standing.publishFailures,
      throttles: since.throttles,
      flushes: since.flushes,
      audits: audited.audits,
      auditsFailed: audited.auditsFailed,
      auditMs: audited.auditMs,
      inconsistentReads: audited.inconsistentReads,
      state: served.state,
      boundMs: served.boundMs,
      streamLagMs: standing.streamLagMs,
      entries: standing.entries,
      bytes: standing.bytes,
      evictions: since.evictions,
      shards: standing.shards,
      requestId: standing.requestId,
    };
  }
}
