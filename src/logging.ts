/**
 * Writes the core's notices to a logger: one warning when trouble starts, one line when it ends, and in each what the reader
 * of the log has to do. The user's logger is used as it is, if given; else lines are written as Powertools would.
 * It must never write a cached value, nor a data id above debug level, nor throw.
 */

import { systemClock } from "./core/clock.js";
import { ignoreRejection } from "./core/ignore-rejection.js";
import type { LogFailure } from "./core/log.js";
import type { Notices, TroubleKind } from "./core/notices.js";
import { causesOf, errorName } from "./core/trouble-log.js";
import { ScacheError } from "./errors.js";
import { createLineLogger } from "./log-line.js";

/** What is asked of a logger: a Powertools Logger fits. */
export interface Logger {
  debug(message: string, detail: Record<string, unknown>): void;
  info(message: string, detail: Record<string, unknown>): void;
  warn(message: string, detail: Record<string, unknown>): void;
}

export interface NoticesOptions {
  readonly streamName: string;
  /** How a message names the log: `stream "users"`. */
  readonly label: string;
  readonly serviceName?: string | undefined;
  /** The user's. Without it lines of our own are written. */
  readonly logger?: Logger | undefined;
  /** The environment's log level, for lines of our own: a logger of the user's has one itself. Default `INFO`. */
  readonly level?: string | undefined;
}

/** What is said of the log when trouble starts and ends, and what helps where the failure itself does not know. */
const TROUBLES: Record<TroubleKind, readonly [what: string, advice: string]> = {
  refresh: ["could not be read", "check the network, or raise refreshTimeoutMs"],
  throttled: ["throttles its readers", "raise maxStalenessMs, or let fewer environments read the same log"],
  lost: [
    "could not be followed, so the cache was flushed",
    "check whether it was deleted or created anew, and for how long it keeps its records",
  ],
  refused: ["cannot be used", "check the function's role, the region and the name"],
  record: [
    "contains a record that could not be decoded, so the cache was flushed",
    "find the producer; for other formats, set the option decode",
  ],
  publish: ["may lack invalidations", "invalidate again what error.ids and error.sources of the PublishError name"],
  metrics: ["lacks the metrics of an invocation", "check the option metrics"],
  report: ["has not had an invocation reported", "check the option onReport"],
};

/** Beside what the core says, what is said when a cache is built. */
export interface LogNotices extends Notices {
  /** Something that a person has chosen, and may have forgotten. Not worth building a logger for. */
  inform(message: string): void;
}

export function createNotices(options: NoticesOptions): LogNotices {
  const { streamName, label: log, serviceName = "", level: least } = options;
  const logger = options.logger ?? createLineLogger({ serviceName, level: least, now: systemClock.now });
  const write = (level: keyof Logger, message: string, detail?: object) => {
    try {
      ignoreRejection(logger[level](`scache: ${message}`, { scache: { stream: streamName, ...detail } }));
    } catch {
      // A logger that fails must not fail an invocation; and where would one say so?
    }
  };
  const debug = (message: string, detail?: object) => write("debug", message, detail);
  return {
    troubleStarted(kind, { reason: told, cause }) {
      const isRecord = kind === "record";
      // What a decoder says about a record may quote it, data ids and all: that is for the debug level alone.
      const reason = isRecord ? "see log level debug" : told;
      const chain = causesOf(cause);
      const failure = chain.find(isUnderstood);
      const name = chain.map(nameOf).find((one) => one !== undefined);
      const [what, advice] = TROUBLES[kind];
      const fix = failure?.remedy ?? advice;
      // Nothing is quoted but failures that a log has understood: the texts of others may hold a piece of a record or a value.
      const errorMessage = failure?.message === reason ? undefined : failure?.message;
      write("warn", `${log} ${what}: ${reason}${name === undefined ? "" : ` (${name})`}. To do: ${fix}.`, {
        kind,
        reason,
        error: name,
        errorMessage,
        fix,
      });
      if (isRecord) debug("record not understood", { reason: told });
    },
    troubleEnded(kind, detail) {
      const after = `${Math.round(detail.durationMs)} ms`;
      write("info", `over after ${after}: ${log} ${TROUBLES[kind][0]}.`, { kind, ...detail });
    },
    advise: (message, detail) => write("warn", message, detail),
    // Whoever has not even chosen a logger wants to hear of trouble alone.
    inform: (message) => write(options.logger ? "info" : "debug", message),
    debug,
  };
}

/** The failures of a log's calls: it has understood them, and says what helps. */
function isUnderstood(error: Error): error is LogFailure {
  return "remedy" in error;
}

/** Ours say nothing that the line does not say; and of a plain `Error` the name is no news. */
function nameOf(error: Error): string | undefined {
  const name = errorName(error);
  return isUnderstood(error) || error instanceof ScacheError || name === "Error" ? undefined : name;
}
