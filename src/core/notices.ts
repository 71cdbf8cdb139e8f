/**
 * The port through which the core says that something is wrong, and that it is right again.
 * It exists so that the core needs no logger, and so that tests and the simulation can listen.
 * Nothing that passes here may contain a cached value. A data id may be in what `debug` says, and in the reason of a record
 * that was not understood, which quotes it: whoever writes that down keeps it to the level of debugging.
 */

export type TroubleKind =
  /** The stream could not be read in time, for a reason that may pass by itself. */
  | "refresh"
  /** The service asked for fewer calls. */
  | "throttled"
  /** The place meant nothing to the log any more: the cache was flushed. */
  | "lost"
  /** Credentials, permissions, keys, a log that is not there: only a person can mend it. */
  | "refused"
  /** A record could not be understood: the cache was flushed. */
  | "record"
  /** An invalidation may not have been published. */
  | "publish"
  /** The metrics of an invocation could not be written. */
  | "metrics"
  /** The user's `onReport` failed. */
  | "report";

export interface TroubleStart {
  /** A short phrase: `"not caught up within 500 ms"`. */
  readonly reason: string;
  readonly cause?: unknown;
}

export interface TroubleEnd {
  /** From the first failure to the success that ended the trouble. */
  readonly durationMs: number;
  /** Failures in between, the first included. */
  readonly occurrences: number;
}

/** Implementations must not throw. */
export interface Notices {
  troubleStarted(kind: TroubleKind, detail: TroubleStart): void;
  troubleEnded(kind: TroubleKind, detail: TroubleEnd): void;
  /** Something a person should change, though nothing has failed: a warning. */
  advise(message: string, detail: Record<string, unknown>): void;
  debug(message: string, detail?: Record<string, unknown>): void;
}
