/**
 * What an error met on the way to DynamoDB means: its kind, which decides what the core does, and its remedy, which the log
 * line shows. One table, so that the two cannot contradict each other; nothing else in this room looks at an error's name.
 */
import { commonFailures } from "../aws/common-failures.js";
import { failureIn, type KnownFailure, NOTHING_IF_ONCE, type ServiceWords, type Use } from "../aws/failures.js";
import { LogFailure } from "../core/log.js";
import { causesOf } from "../core/trouble-log.js";

const SPLIT = "give each kind of data a log of its own (option log)";

export const WORDS: ServiceWords = {
  name: "DynamoDB",
  log: "table",
  client: "DynamoDBClient",
  clientPackage: "@aws-sdk/client-dynamodb",
  clientVersion: "3.902",
  endpointVariable: "AWS_ENDPOINT_URL_DYNAMODB",
  vpcEndpoint: "a gateway endpoint for DynamoDB",
  actions:
    "dynamodb:GetItem and dynamodb:Query to read, dynamodb:UpdateItem, dynamodb:PutItem and dynamodb:GetItem to invalidate",
  throttled: {
    read: `raise maxStalenessMs, set the table to on-demand, or ${SPLIT}`,
    publish: `invalidate more ids at a time, or whole sources, set the table to on-demand, or ${SPLIT}`,
  },
};

const KEY = "the table's KMS key";

export const DYNAMODB_FAILURES: readonly KnownFailure[] = [
  {
    name: /^KMSThrottling/,
    kind: "throttled",
    remedy: ({ use }) => `raise the account's KMS request quota${use === "read" ? ", or maxStalenessMs" : ""}`,
  },
  // DynamoDB says of a key that it may not use, that is disabled or gone, one and the same.
  {
    name: /^(AccessDenied|Inaccessible)/,
    says: /\bKMS\b|encryption/i,
    remedy: `allow the function's role kms:Decrypt with ${KEY}, in the key's policy, too, and keep the key enabled`,
  },
  { name: /^(KMS|InaccessibleEncryption)/, remedy: `check the state and the policy of ${KEY}` },
  {
    name: /^(ResourceNotFound|TableNotFound)/,
    kind: "lost",
    remedy:
      "check the table's name (or ARN), account and region: there is no such table; a new one has to become ACTIVE first",
  },
  {
    name: /^(ResourceInUse|TableInUse)/,
    kind: "unavailable",
    remedy: "wait until the table is ACTIVE; it is being created or changed",
  },
  {
    name: /^Validation/,
    says: /\bkey\b/i,
    remedy: "give the table the partition key pk (a string) and the sort key sk (a number): it has others",
  },
  {
    name: /^Validation/,
    says: /operand|document path|incorrect data type/i,
    remedy: "find who else writes the log's item, delete the item, and deploy its readers anew: it is no log",
  },
  {
    name: /^Validation/,
    remedy: "check the table's name or ARN: DynamoDB does not accept the request",
  },
  {
    // A replica in another region, or a transaction of another program, was at the item in the same moment.
    name: /^(ReplicatedWriteConflict|Transaction(Conflict|InProgress))/,
    kind: "unavailable",
    remedy: `${NOTHING_IF_ONCE}; else let nobody but scache write to this table`,
  },
  {
    name: /^ItemCollectionSizeLimit/,
    remedy: "remove the local secondary indexes: a table of logs needs none",
  },
];

/** What throttles says where the limit is; the most telling first. */
const LIMITS: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [/ReadKeyRange/, `raise maxStalenessMs, or ${SPLIT}: one log answers 3,000 reads a second`],
  [/WriteKeyRange/, `invalidate more ids at a time, or whole sources, or ${SPLIT}`],
  [/MaxOnDemand/, "raise the table's maximum on-demand throughput"],
  [/AccountLimit/, "have the account's quota for DynamoDB raised in this region"],
  [/Provisioned/, "raise the table's capacity, or set the table to on-demand"],
];

/** Policies that are named are told apart elsewhere; a condition that is not met leaves no trace in what AWS says. */
const NAMED_POLICY = /explicit deny|endpoint|control polic|boundary|session policy|resource-based|\bKMS\b/i;

/**
 * @param error what the SDK rejected with
 * @param use what the call was for
 * @param log the log's name
 */
export function failureOf(error: unknown, use: Use, log: string): LogFailure {
  const { kind, message, remedy, cause } = failureIn([...DYNAMODB_FAILURES, ...commonFailures(WORDS)], error, use);
  return new LogFailure(kind, message, { cause, remedy: limitOf(error) ?? withKeys(remedy, error, log) });
}

/** The reasons come in two spellings, one of them for `ThrottlingException` alone. */
function limitOf(error: unknown): string | undefined {
  const { ThrottlingReasons, throttlingReasons } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const reasons = JSON.stringify([ThrottlingReasons, throttlingReasons]);
  return LIMITS.find(([limit]) => limit.test(reasons))?.[1];
}

function withKeys(remedy: string | undefined, error: unknown, log: string): string | undefined {
  const [denied] = causesOf(error).filter(({ name }) => /^AccessDenied/.test(name));
  if (denied === undefined || remedy === undefined || NAMED_POLICY.test(denied.message)) return remedy;
  return `${remedy}; a condition on dynamodb:LeadingKeys has to match "${log}" and "${log}#*"`;
}

export function isConditionFailure(error: unknown): boolean {
  return nameOf(error) === "ConditionalCheckFailedException";
}

/** The head has grown to what an item can hold. */
export function isItemTooLarge(error: unknown): boolean {
  return nameOf(error) === "ValidationException" && /item size/i.test(String((error as Error).message));
}

function nameOf(error: unknown): unknown {
  return ((error ?? {}) as Partial<Error>).name;
}
