/**
 * What the protocol needs to be told: the options, complete and valid. Defaults and checks are in `options.ts`.
 */
import type { DataId } from "./data-id.js";
import type { InvocationReport } from "./invocation/report.js";
import type { RecordDecoder } from "./record.js";
import type { TtlRange } from "./store/lifetime.js";

export type RefreshErrorPolicy = "bypass" | "serve" | "throw";

/** When an invocation reads the log: before its handler, beside it, or when an entry is found and it pays. */
export type RefreshWhen = "before" | "alongside" | "used";

export interface ResolvedOptions {
  readonly ttl: TtlRange;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly sizeOf: (value: unknown, id: DataId) => number;
  readonly maxStalenessMs: number;
  readonly refreshTimeoutMs: number;
  readonly refreshWhen: RefreshWhen;
  readonly onRefreshError: RefreshErrorPolicy;
  readonly maxGapMs: number;
  readonly clockMarginMs: number;
  readonly holdOffMs: number;
  readonly auditShare: number;
  readonly auditGraceMs: number;
  readonly freeze: boolean | "copy";
  readonly onReport?: ((report: InvocationReport) => void) | undefined;
  readonly decode?: RecordDecoder | undefined;
}
