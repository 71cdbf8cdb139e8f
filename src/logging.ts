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
  refresh: ["could not be read in time", "if it lasts, compare refreshTimeoutMs with the metric KinesisLatency"],
  throttled: [
    "is read too often: Kinesis throttles",
    "raise maxStalenessMs, or add shards: the readers of one share 5 GetRecords a second",
  ],
  lost: [
    "could not be followed; the cache was emptied",
    "find out whether the stream was created anew, or its retention shortened",
  ],
  refused: ["cannot be used: Kinesis refuses", "check the function's role, its region and the stream's name"],
  record: [
    "holds a record that was not understood; the cache was emptied",
    "find who else writes to it; a format of your own needs the option decode",
  ],
  publish: [
    "may lack invalidations",
    "publish again what the PublishError names, for other environments may serve the old values",
  ],
  metrics: ["lacks the metrics of an invocation", "check the Metrics instance given to scache"],
};

/** What to do, by the name AWS or the system gives the failure, and its message. */
export const REMEDIES: readonly (readonly [failure: RegExp, remedy: string])[] = [
  [
    /^(AccessDenied|Unauthorized)/,
    "allow the function's role kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords to read, and " +
      "kinesis:PutRecords to invalidate; a policy that denies (organisation, boundary, VPC endpoint) wins",
  ],
  [
    /^\w*(ProviderError|UnrecognizedClient|InvalidClientToken|MissingAuthentication|Expired|Signature)/,
    "credentials are missing, wrong or expired (or the clock is wrong): give the function an execution role and no " +
      "keys in its environment; locally, log in again",
  ],
  [
    /^KMSAccess/,
    "allow the function's role kms:Decrypt (reader) and kms:GenerateDataKey (writer) on the stream's KMS key, in the " +
      "key's policy too",
  ],
  [/^KMSThrottling/, "raise the account's KMS quota, or maxStalenessMs"],
  [/^KMS/, "the stream's KMS key, or KMS itself, is missing or disabled: enable it, or give the stream another key"],
  [
    /^ResourceNotFound/,
    "no such stream in this account and region: compare them and its name with its ARN, or wait until it is ACTIVE",
  ],
  [/^ResourceInUse/, "the stream is being created or changed: wait until it is ACTIVE"],
  [/^Error: Region is missing/, "set AWS_REGION, or pass a client that has a region"],
  [
    /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)/,
    "Kinesis cannot be reached: check the region's spelling and, in a VPC, the DNS, the route (NAT, or an endpoint " +
      "kinesis-streams) and the security group (HTTPS out)",
  ],
];

export function createNotices({ streamName, serviceName, logger: given, debug: asked }: NoticesOptions): Notices {
  let logger = given;
  const write = (level: keyof Logger, message: string, detail: object) => {
    try {
      logger ??= new PowertoolsLogger(serviceName === undefined ? {} : { serviceName });
      logger[level](`scache: ${message}`, { scache: { stream: streamName, ...detail } });
    } catch {
      // A logger that fails must not fail an invocation; and where would one say so?
    }
  };
  const debug = (message: string, detail?: object) => {
    if (given !== undefined || asked === true) write("debug", message, detail ?? {});
  };
  return {
    troubleStarted(kind, { reason: told, cause }) {
      const isRecord = kind === "record";
      // What a decoder says about a record may quote it, data ids and all: that is for the debug level alone.
      const reason = isRecord ? "decoding failed (details at log level debug)" : told;
      const chain = causesOf(cause);
      // The outermost that a remedy is known for, else the origin.
      const failure = chain.find(remedyFor) ?? chain.at(-1);
      const error = failure && errorName(failure);
      const [what, otherwise] = TROUBLES[kind];
      const fix = (failure && remedyFor(failure)) ?? otherwise;
      const named = error === undefined ? "" : ` (${error})`;
      write("warn", `stream "${streamName}" ${what}: ${reason}${named}. To do: ${fix}.`, {
        kind,
        reason,
        error,
        errorMessage:
          failure && !isRecord && mayQuote(failure) && failure.message !== reason ? failure.message : undefined,
        fix,
      });
      if (isRecord) debug("a record was not understood", { reason: told });
    },
    troubleEnded(kind, detail) {
      const { durationMs, occurrences } = detail;
      const failures = occurrences === 1 ? "1 failure" : `${occurrences} failures`;
      const after = `over after ${failures} in ${Math.round(durationMs)} ms`;
      write("info", `${after}: stream "${streamName}" ${TROUBLES[kind][0]}.`, { kind, ...detail });
    },
    debug,
  };
}

function remedyFor(error: Error): string | undefined {
  return REMEDIES.find(([failure]) => failure.test(`${errorName(error)}: ${error.message}`))?.[1];
}

/** Only AWS and the system are quoted: other errors' messages may hold a piece of a record or of a value. */
function mayQuote(error: Error): boolean {
  return "$fault" in error || errorName(error) !== error.name || error.name.endsWith("ProviderError");
}
