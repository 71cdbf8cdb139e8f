/**
 * Writes the core's notices to a Powertools Logger: one warning when trouble starts, one line when it ends, and in each
 * what the reader of the log has to do. The user's logger is used as it is, if given; else one is built when first needed.
 * It must never write a cached value, nor a data id above debug level, nor throw.
 */

import { Logger as PowertoolsLogger } from "@aws-lambda-powertools/logger";
import type { Notices, TroubleEnd, TroubleKind, TroubleStart } from "./core/notices.js";

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

interface Wording {
  readonly started: (stream: string) => string;
  readonly ended: (stream: string) => string;
  /** What helps if the failure itself is not in the table of remedies. */
  readonly otherwise: string;
}

const WORDINGS: Record<TroubleKind, Wording> = {
  refresh: {
    started: (stream) => `stream "${stream}" could not be read in time`,
    ended: (stream) => `stream "${stream}" is read in time again`,
    otherwise: "if it lasts, compare refreshTimeoutMs with the metric KinesisLatency, and see the status of Kinesis",
  },
  throttled: {
    started: (stream) => `Kinesis throttles reads of stream "${stream}"`,
    ended: (stream) => `Kinesis no longer throttles reads of stream "${stream}"`,
    otherwise: "raise maxStalenessMs, so that each environment reads less often",
  },
  lost: {
    started: (stream) => `stream "${stream}" could not be followed; the cache was emptied and starts anew`,
    ended: (stream) => `stream "${stream}" is followed again`,
    otherwise: "was the stream deleted and created again, or its retention shortened?",
  },
  refused: {
    started: (stream) => `Kinesis refuses calls on stream "${stream}"`,
    ended: (stream) => `Kinesis accepts calls on stream "${stream}" again`,
    otherwise: "check the function's role, its region and the stream's name",
  },
  record: {
    started: (stream) => `a record on stream "${stream}" could not be understood; the cache was emptied to be safe`,
    ended: (stream) => `records on stream "${stream}" are understood again`,
    otherwise: "find who else writes to this stream; a format of your own needs the option decode",
  },
  publish: {
    started: (stream) => `invalidations may not have reached stream "${stream}"; the caller was told (PublishError)`,
    ended: (stream) => `invalidations reach stream "${stream}" again`,
    otherwise: "publish the ids named by the error again, for other environments may serve the old values",
  },
  metrics: {
    started: () => "the metrics of an invocation could not be written",
    ended: () => "metrics are written again",
    otherwise: "check the Metrics instance given to scache",
  },
};

const READER_ACTIONS = "kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords";
const ALLOW =
  `allow the function's role ${READER_ACTIONS} to read, and kinesis:PutRecords to invalidate, on this stream; ` +
  "a policy that denies (organisation, boundary, VPC endpoint) wins over one that allows";
const CREDENTIALS =
  "the function has no valid credentials: give it an execution role, remove AWS_ACCESS_KEY_ID and the like from its " +
  "environment, and when running locally log in or set a profile";
const EXPIRED_CREDENTIALS = "the credentials have expired: when running locally log in again; in Lambda never set keys";
const NAME_OR_REGION =
  "no such stream in this account and region: compare the name and the region with the stream's ARN; if it is just " +
  "being created, wait until it is ACTIVE";
const KEY_PERMISSION =
  "allow the function's role kms:Decrypt (reader) and kms:GenerateDataKey (writer) on the stream's KMS key, in the key's " +
  "policy too";
const KEY_STATE =
  "the stream's KMS key is missing, disabled or about to be deleted: enable it, or give the stream another";
const UNREACHABLE =
  "the Kinesis endpoint cannot be reached: in a VPC the function needs a route (NAT, or an interface endpoint " +
  "kinesis-streams) and a security group that lets HTTPS out; else check endpoint and region";
const READ_LIMIT =
  "a shard answers 5 GetRecords a second and 2 MB/s to all readers together: raise maxStalenessMs, or add shards";
const CLOCK = "the environment's clock is wrong, or the keys are: Kinesis refused the request's signature";

/** What to do, by the name AWS or the system gives the failure. */
export const REMEDIES: Readonly<Record<string, string>> = {
  AccessDeniedException: ALLOW,
  AccessDenied: ALLOW,
  UnauthorizedException: ALLOW,
  CredentialsProviderError: CREDENTIALS,
  TokenProviderError: CREDENTIALS,
  UnrecognizedClientException: CREDENTIALS,
  InvalidClientTokenId: CREDENTIALS,
  MissingAuthenticationToken: CREDENTIALS,
  MissingAuthenticationTokenException: CREDENTIALS,
  ExpiredToken: EXPIRED_CREDENTIALS,
  ExpiredTokenException: EXPIRED_CREDENTIALS,
  InvalidSignatureException: CLOCK,
  SignatureDoesNotMatch: CLOCK,
  RequestExpired: CLOCK,
  KMSAccessDeniedException: KEY_PERMISSION,
  KMSDisabledException: KEY_STATE,
  KMSInvalidStateException: KEY_STATE,
  KMSNotFoundException: KEY_STATE,
  KMSOptInRequired: "the account must be signed up for AWS KMS",
  KMSThrottlingException: "AWS KMS throttles the stream's key: raise the account's KMS quota, or maxStalenessMs",
  ResourceNotFoundException: NAME_OR_REGION,
  ResourceInUseException: "the stream is being created or changed: it answers once it is ACTIVE",
  ProvisionedThroughputExceededException: READ_LIMIT,
  LimitExceededException: READ_LIMIT,
  ThrottlingException: READ_LIMIT,
  RegionMissing: "no region is known: set AWS_REGION, or pass a client that has one",
  ENOTFOUND: "the Kinesis endpoint has no address: is the region spelled correctly, and DNS switched on in the VPC?",
  EAI_AGAIN: "the Kinesis endpoint's name could not be resolved: check DNS in the VPC",
  ECONNREFUSED: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
};

export function createNotices(options: NoticesOptions): Notices {
  const { streamName } = options;
  let own: PowertoolsLogger | undefined;
  const logger = (): Logger => {
    if (options.logger !== undefined) return options.logger;
    own ??= new PowertoolsLogger(options.serviceName === undefined ? {} : { serviceName: options.serviceName });
    return own;
  };
  const debug = (message: string, detail: Record<string, unknown> = {}) => {
    if (options.logger === undefined && options.debug !== true) return;
    quietly(() => logger().debug(`scache: ${message}`, { scache: { stream: streamName, ...detail } }));
  };
  return {
    troubleStarted: (kind, detail) =>
      quietly(() => {
        const { message, fields } = startOf(kind, withheld(kind, detail), streamName);
        logger().warn(message, { scache: fields });
        if (kind === "record") debug("a record was not understood", { reason: detail.reason });
      }),
    troubleEnded: (kind, detail) =>
      quietly(() => {
        logger().info(endOf(kind, detail, streamName), { scache: { kind, stream: streamName, ...detail } });
      }),
    debug,
  };
}

/** A logger that fails must not fail an invocation; and where would one say so? */
function quietly(write: () => void): void {
  try {
    write();
  } catch {
    // Nowhere.
  }
}

/** What a decoder says about a record may quote it, data ids and all: that is for the debug level alone. */
function withheld(kind: TroubleKind, detail: TroubleStart): TroubleStart {
  return kind === "record" ? { ...detail, reason: "decoding failed (details at log level debug)" } : detail;
}

function startOf(kind: TroubleKind, { reason, cause }: TroubleStart, stream: string) {
  const wording = WORDINGS[kind];
  const failure = failureOf(cause);
  const fix = (failure !== undefined && Object.hasOwn(REMEDIES, failure.name) && REMEDIES[failure.name]) || undefined;
  const error = failure === undefined ? "" : ` (${failure.name})`;
  const message = `scache: ${wording.started(stream)}: ${reason}${error}. To do: ${fix ?? wording.otherwise}.`;
  // Only AWS and the system are quoted: other errors' messages may hold a piece of a record or of a value.
  const said =
    failure?.quotable === true && kind !== "record" && failure.message !== reason
      ? { errorMessage: failure.message }
      : {};
  const named = failure === undefined ? {} : { error: failure.name };
  return { message, fields: { kind, stream, reason, ...named, ...said, fix: fix ?? wording.otherwise } };
}

function endOf(kind: TroubleKind, { durationMs, occurrences }: TroubleEnd, stream: string): string {
  const failures = occurrences === 1 ? "1 failure" : `${occurrences} failures`;
  return `scache: ${WORDINGS[kind].ended(stream)}, after ${failures} in ${Math.round(durationMs)} ms.`;
}

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly quotable: boolean;
}

const MAX_CAUSES = 8;

/** The outermost error of the chain that a remedy is known for, else the innermost, which is the origin. */
function failureOf(cause: unknown): Failure | undefined {
  let last: Failure | undefined;
  let current = cause;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    last = describeFailure(current);
    if (Object.hasOwn(REMEDIES, last.name)) return last;
    current = current.cause;
  }
  return last;
}

function describeFailure(error: Error): Failure {
  const { message } = error;
  if (error.name === "Error" && message === "Region is missing") {
    return { name: "RegionMissing", message, quotable: true };
  }
  const code =
    "code" in error && typeof error.code === "string" && /^E[A-Z_]+$/.test(error.code) ? error.code : undefined;
  const quotable = code !== undefined || "$fault" in error || /ProviderError$/.test(error.name);
  return { name: code ?? error.name, message, quotable };
}
