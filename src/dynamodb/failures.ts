/**
 * What an error of DynamoDB, of the SDK or of the network means to the protocol, and what a person can do about it: both said
 * here, once, for each. Nothing else in this room looks at an error's name.
 */
import { LogFailure, type LogFailureKind } from "../core/log.js";
import { causesOf, errorName } from "../core/trouble-log.js";
import { messageOf } from "../errors.js";

interface Meaning {
  /** Matches `Name: message` of the error or of one of its causes. */
  readonly failure: RegExp;
  readonly kind: LogFailureKind;
  readonly remedy?: (error: Error, log: string) => string;
}

/** What throttles says where the limit is; the most telling first. */
const LIMITS: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [/ReadKeyRange/, "raise maxStalenessMs, or give each kind of data a log of its own (option log)"],
  [
    /WriteKeyRange/,
    "invalidate more ids at a time, or sources, or give each kind of data a log of its own (option log)",
  ],
  [/MaxOnDemand/, "raise the table's maximum on-demand throughput"],
  [/AccountLimit/, "have the account's quota for DynamoDB raised in this region"],
  [/Provisioned/, "raise the table's capacity, or set the table to on-demand"],
];
const THROTTLED =
  "raise maxStalenessMs, set the table to on-demand, or give each kind of data a log of its own (option log)";

const NOT_ON_ITS_WAY =
  "check the region; in a VPC also DNS, route (a gateway endpoint for DynamoDB, or NAT) and HTTPS out";

const MEANINGS: readonly Meaning[] = [
  // One limit or another: the service has three names for it, and KMS a fourth.
  { failure: /^(ProvisionedThroughput|RequestLimit|LimitExceeded|(KMS)?Throttling)/, kind: "throttled", remedy: raise },
  {
    failure: /^(ResourceNotFound|TableNotFound)/,
    kind: "lost",
    remedy: () => "there is no such table: check its name, account and region, or wait until it is ACTIVE",
  },
  { failure: /^(ResourceInUse|TableInUse)/, kind: "unavailable", remedy: () => "wait until the table is ACTIVE" },
  {
    failure: /^(AccessDenied|Inaccessible).*\b(KMS|[Ee]ncryption)/s,
    kind: "refused",
    remedy: () => "allow the role kms:Decrypt with the table's key, in the key's policy too, and keep the key enabled",
  },
  { failure: /^KMS/, kind: "refused", remedy: () => "enable the table's key, or give the table another" },
  { failure: /^(AccessDenied|Unauthorized)/, kind: "refused", remedy: allow },
  {
    failure: /^ValidationException.*\bkey\b/is,
    kind: "refused",
    remedy: () => "the table needs the partition key pk (a string) and the sort key sk (a number)",
  },
  {
    failure: /^(\w*(Provider|UnrecognizedClient|Token|Expired|Signature)|InvalidClient)/,
    kind: "refused",
    remedy: () => "give the function a role and no keys; locally, log in again or set the clock",
  },
  {
    failure: /^\w+: Region is missing/,
    kind: "refused",
    remedy: () => "set AWS_REGION, or the client's region",
  },
  // A replica in another region, or a transaction of another program, was at the item in the same moment.
  { failure: /^(ReplicatedWriteConflict|Transaction(Conflict|InProgress))/, kind: "unavailable" },
  {
    failure: /^E(NOTFOUND|AI_AGAIN|CONNREFUSED|\w+UNREACH|TIMEDOUT)/,
    kind: "unavailable",
    remedy: () => NOT_ON_ITS_WAY,
  },
];

/** @param log the log's name, for remedies that need it */
export function toLogFailure(error: unknown, log: string): LogFailure {
  const chain = causesOf(error);
  for (const cause of chain) {
    const said = `${errorName(cause)}: ${cause.message}`;
    const meaning = MEANINGS.find(({ failure }) => failure.test(said));
    if (meaning === undefined) continue;
    const remedy = meaning.remedy?.(cause, log);
    return new LogFailure(meaning.kind, messageOf(error), { cause: error, remedy });
  }
  return new LogFailure(kindByStatus(error), messageOf(error), { cause: error });
}

export function isConditionFailure(error: unknown): boolean {
  return error instanceof Error && error.name === "ConditionalCheckFailedException";
}

/** The head has grown to what an item can hold. */
export function isItemTooLarge(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationException" && /item size/i.test(error.message);
}

/** What no row names: whose fault it is, as the service says it. */
function kindByStatus(error: unknown): LogFailureKind {
  const { $fault, $metadata } = (error ?? {}) as { $fault?: unknown; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  if (status === 429) return "throttled";
  if (status >= 500 || $fault === "server") return "unavailable";
  // What the service says no to is for a person; the rest never reached it.
  return status >= 400 || $fault === "client" ? "refused" : "unavailable";
}

/** The reasons come in two spellings, one of them for `ThrottlingException` alone. */
function raise(error: Error): string {
  const { ThrottlingReasons, throttlingReasons } = error as {
    readonly ThrottlingReasons?: readonly { readonly reason?: string }[];
    readonly throttlingReasons?: readonly { readonly reason?: string }[];
  };
  const reasons = (ThrottlingReasons ?? throttlingReasons ?? []).map(({ reason }) => reason).join(" ");
  if (error.name.startsWith("KMS")) return "have the KMS quota raised, or raise maxStalenessMs";
  return LIMITS.find(([limit]) => limit.test(reasons))?.[1] ?? THROTTLED;
}

function allow(error: Error, log: string): string {
  const [action] = /\bdynamodb:\w+/.exec(error.message) ?? [];
  const actions = action ?? "dynamodb:GetItem and Query to read, UpdateItem, PutItem and GetItem to invalidate";
  return `allow the role ${actions} on the table; a condition on dynamodb:LeadingKeys must allow "${log}" and "${log}#*"`;
}
