/**
 * What an error met on the way to Kinesis means: its kind, which decides what the core does, and its remedy, which the log
 * line shows. One table, so that the two cannot contradict each other.
 */
import { commonFailures } from "../aws/common-failures.js";
import {
  type Failure,
  failureIn,
  type KnownFailure,
  NOTHING_IF_ONCE,
  SET_CLOCK,
  type ServiceWords,
  type Use,
} from "../aws/failures.js";

export const WORDS: ServiceWords = {
  name: "Kinesis",
  log: "stream",
  client: "KinesisClient",
  clientPackage: "@aws-sdk/client-kinesis",
  clientVersion: "3.632",
  endpointVariable: "AWS_ENDPOINT_URL_KINESIS",
  vpcEndpoint: "an interface endpoint kinesis-streams",
  actions:
    "kinesis:ListShards, kinesis:GetShardIterator and kinesis:GetRecords to read, kinesis:PutRecords to invalidate",
  throttled: {
    read: "raise maxStalenessMs, let fewer environments share the stream, or keep the log in DynamoDB (scache/dynamodb); more shards do not help, since every environment reads them all",
    publish:
      "add shards or make the stream on-demand (a shard takes 1,000 records and 1 MB a second), or invalidate whole sources",
  },
};

export const KINESIS_FAILURES: readonly KnownFailure[] = [
  {
    name: /^KMSThrottling/,
    kind: "throttled",
    remedy: ({ use }) => `raise the account's KMS request quota${use === "read" ? ", or maxStalenessMs" : ""}`,
  },
  {
    name: /^KMSAccessDenied/,
    remedy:
      "allow the function's role kms:Decrypt (to read) and kms:GenerateDataKey (to invalidate), in the policy of the stream's key, too",
  },
  {
    name: /^KMS(Disabled|InvalidState|OptIn)/,
    remedy: "enable KMS in this account and region, and the stream's key (cancel its deletion), or give it another",
  },
  {
    name: /^KMSNotFound/,
    remedy: "check the stream's key, which is gone or in another region, or give it another",
  },
  { name: /^KMS/, remedy: "check the state and the policy of the stream's key" },
  {
    name: /^ExpiredIterator/,
    kind: "expired",
    remedy: `${NOTHING_IF_ONCE}, reading goes on from the last proof; else check the endpoint's clock`,
  },
  {
    name: /^ExpiredNextToken/,
    kind: "expired",
    remedy: `${NOTHING_IF_ONCE}, the shards are listed anew; else raise refreshTimeoutMs`,
  },
  {
    name: /^ResourceNotFound/,
    says: /shardId-|\bshard \d+ in\b/,
    kind: "lost",
    remedy:
      "nothing, the cache starts over: the shard is gone, since all its records have expired or the stream was recreated",
  },
  {
    name: /^ResourceNotFound/,
    kind: "lost",
    remedy: "there is no such stream: check its name, account and region, or wait until it is ACTIVE",
  },
  {
    name: /^ResourceInUse/,
    remedy: "wait until the stream is ACTIVE; it is being created or changed",
  },
  {
    name: /^InvalidArgument/,
    says: /timestamp/i,
    kind: "lost",
    remedy: `${SET_CLOCK}, which is ahead of Kinesis's, or raise clockMarginMs`,
  },
  {
    name: /^InvalidArgument/,
    when: ({ use }) => use === "publish",
    kind: "lost",
    remedy: "check the stream's name or ARN, and its maximum record size if data ids are very long",
  },
  {
    name: /^InvalidArgument/,
    kind: "lost",
    remedy: `${NOTHING_IF_ONCE}, the cache starts over; else check whether the ARN is this stream's and for how long it keeps records`,
  },
  {
    name: /^Validation/,
    remedy: "check the stream's name or ARN: Kinesis does not accept the request",
  },
];

/**
 * @param error what the SDK rejected with, or what PutRecords says of one record: `{ name, message }`
 * @param use what the call was for
 */
export function failureOf(error: unknown, use: Use): Failure {
  return failureIn([...KINESIS_FAILURES, ...commonFailures(WORDS)], error, use);
}
