/**
 * Writes the core's notices to a Powertools Logger: one warning when trouble starts, one line when it ends, and in each
 * what the reader of the log has to do. The user's logger is used as it is, if given; else one is built when first needed.
 * It must never write a cached value, nor a data id above debug level, nor throw.
 */

import { Logger as PowertoolsLogger } from "@aws-lambda-powertools/logger";
import type { Notices, TroubleKind } from "./core/notices.js";
import { causesOf, errorName } from "./core/trouble-log.js";

/** What is asked of a logger: a Powertools Logger fits. */
export interface Logger {
  debug(message: string, detail: Record<string, unknown>): void;
  info(message: string, detail: Record<string, unknown>): void;
  warn(message: string, detail: Record<string, unknown>): void;
}

export interface NoticesOptions {
  readonly streamName: string;
  readonly serviceName?: string | undefined;
  /** The user's; without it debug notices are written only if `debug` asks for them. */
  readonly logger?: Logger | undefined;
  /** The environment's log level is debug or finer. Saves building a logger that would drop every line. */
  readonly debug?: boolean | undefined;
}

/** What is said of the stream, at the trouble's start and end, and what helps if no remedy is known for the failure. */
const TROUBLES: Record<TroubleKind, readonly [what: string, otherwise: string]> = {
  refresh: ["could not be read", "check the network, or raise refreshTimeoutMs"],
  throttled: ["throttles its readers", "raise maxStalenessMs, or add shards (5 GetRecords a second each)"],
  lost: ["could not be followed; the cache was emptied", "check whether it was recreated, or its retention cut"],
  refused: ["cannot be used", "check the function's role, its region and the stream's name"],
  record: [
    "holds a record not understood; the cache was emptied",
    "find its writer; another format needs the option decode",
  ],
  publish: ["may lack invalidations", "publish again what the PublishError names"],
  metrics: ["lacks an invocation's metrics", "check the option metrics"],
};

/** What to do, by the name AWS or the system gives the failure, and its message, which tells what was denied or missing. */
export const REMEDIES: readonly (readonly [failure: RegExp, remedy: string])[] = [
  [
    /^(AccessDenied|Unauthorized)/,
    "allow the role kinesis:ListShards, GetShardIterator and GetRecords to read, PutRecords to invalidate",
  ],
  [
    /^\w*(Provider|Client|Token|Expired|Signature)/,
    "give the function a role and no keys; locally, log in again or set the clock",
  ],
  [
    /^KMSAccess/,
    "allow the role kms:Decrypt (to read) and kms:GenerateDataKey (to invalidate), in the key's policy too",
  ],
  [/^KMSThrottling/, "raise the KMS quota, or maxStalenessMs"],
  [/^KMS/, "enable KMS and the stream's key, or give it another"],
  [/^ResourceIn/, "wait until the stream is ACTIVE"],
  [/^Resource/, "there is no such stream: check its name, account and region, or wait until it is ACTIVE"],
  [/^Error: Region is missing/, "set AWS_REGION, or the client's region"],
  [
    /^E(NOTFOUND|AI_AGAIN|CONNREFUSED|\w+UNREACH|TIMEDOUT)/,
    "check the region; in a VPC also DNS, route (NAT or endpoint kinesis-streams) and HTTPS out",
  ],
];

export function createNotices({ streamName, serviceName = "", logger: given, debug: asked }: NoticesOptions): Notices {
  let logger = given;
  const write = (level: keyof Logger, message: string, detail?: object) => {
    try {
      logger ??= new PowertoolsLogger({ serviceName });
      logger[level](`scache: ${message}`, { scache: { stream: streamName, ...detail } });
    } catch {
      // A logger that fails must not fail an invocation; and where would one say so?
    }
  };
  const debug = (message: string, detail?: object) => {
    if (given || asked) write("debug", message, detail);
  };
  return {
    troubleStarted(kind, { reason: told, cause }) {
      const isRecord = kind === "record";
      // What a decoder says about a record may quote it, data ids and all: that is for the debug level alone.
      const reason = isRecord ? "see log level debug" : told;
      const chain = causesOf(cause);
      // The outermost that a remedy is known for, else the origin.
      const failure = chain.find(remedyFor) ?? chain.at(-1);
      const error = failure && errorName(failure);
      const remedy = failure && remedyFor(failure);
      const [what, otherwise] = TROUBLES[kind];
      const fix = remedy ?? otherwise;
      // Only AWS and the system are quoted: other errors' messages may hold a piece of a record or of a value.
      const mayQuote = failure && !isRecord && (remedy || error !== failure.name || "$fault" in failure);
      write("warn", `stream "${streamName}" ${what}: ${reason}${error ? ` (${error})` : ""}. To do: ${fix}.`, {
        kind,
        reason,
        error,
        errorMessage: mayQuote && failure.message !== reason ? failure.message : undefined,
        fix,
      });
      if (isRecord) debug("record not understood", { reason: told });
    },
    troubleEnded(kind, detail) {
      const after = `${Math.round(detail.durationMs)} ms`;
      write("info", `over after ${after}: stream "${streamName}" ${TROUBLES[kind][0]}.`, { kind, ...detail });
    },
    advise: (message, detail) => write("warn", message, detail),
    debug,
  };
}

function remedyFor(error: Error): string | undefined {
  return REMEDIES.find(([failure]) => failure.test(`${errorName(error)}: ${error.message}`))?.[1];
}
