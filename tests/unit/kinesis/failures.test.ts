/** Each failure that a person can meet on the way to Kinesis: its kind, and the remedy that somebody who knows would give. */
import { describe, expect, test } from "@jest/globals";
import { commonFailures } from "../../../src/aws/common-failures.js";
import type { Use } from "../../../src/aws/failures.js";
import type { LogFailureKind } from "../../../src/core/log.js";
import { failureOf, KINESIS_FAILURES, WORDS } from "../../../src/kinesis/failures.js";

/** As the SDK throws what a service has answered. */
function aws(name: string, message = "said by the service", status = 400, more: object = {}): Error {
  const $fault = status < 500 ? "client" : "server";
  return Object.assign(new Error(message), { name, $fault, $metadata: { httpStatusCode: status }, ...more });
}
/** As the system, TLS or an HTTP client throws what came of a connection. */
const system = (code: string, message = `connect ${code} 10.0.0.1:443`, name = "Error") =>
  Object.assign(new Error(message), { code, name, $metadata: { attempts: 1 } });
const provider = (message: string, name = "CredentialsProviderError") =>
  Object.assign(new Error(message), { name, tryNextLink: false });
const plain = (message: string, name = "Error") => Object.assign(new Error(message), { name });
/** What AWS says, but for the reason. */
const denied = (action: string, because: string) =>
  aws(
    "AccessDeniedException",
    `User: arn:aws:sts::123456789012:assumed-role/reader/f is not authorized to perform: ${action} on resource: ` +
      `arn:aws:kinesis:eu-west-1:123456789012:stream/users ${because}`,
  );

type Row = readonly [met: string, error: unknown, kind: LogFailureKind, remedy: RegExp, use?: Use];

const CLOCK: readonly Row[] = [
  [
    "a clock that the SDK has just corrected",
    aws("InvalidSignatureException", "Signature expired: 20261127T1", 400, {
      $metadata: { httpStatusCode: 400, clockSkewCorrected: true },
    }),
    "unavailable",
    /signed again.*set the clock/,
  ],
  [
    "the same under another name",
    aws("AccessDeniedException", "x", 403, { $metadata: { httpStatusCode: 403, clockSkewCorrected: true } }),
    "unavailable",
    /set the clock/,
  ],
  ["RequestTimeTooSkewed", aws("RequestTimeTooSkewed", "too large", 403), "unavailable", /set the clock/],
  ["RequestExpired", aws("RequestExpired"), "unavailable", /set the clock/],
  ["RequestInTheFuture", aws("RequestInTheFuture"), "unavailable", /set the clock/],
  [
    "a request signed before a freeze and sent after it",
    aws("InvalidSignatureException", "Signature expired: 20261127T100000Z is now earlier than 20261127T101000Z"),
    "unavailable",
    /signed again/,
  ],
  [
    "a clock that is ahead",
    aws("InvalidSignatureException", "Signature not yet current: 20261127T100000Z is still later than"),
    "unavailable",
    /set the clock/,
  ],
];

const THROTTLED: readonly Row[] = [
  [
    "readers of a stream",
    aws("ProvisionedThroughputExceededException", "Rate exceeded for shard shardId-000000000000"),
    "throttled",
    /^raise maxStalenessMs, .*fewer environments.*DynamoDB.*more shards do not help/,
  ],
  [
    "writers to a stream",
    aws("ProvisionedThroughputExceededException"),
    "throttled",
    /^add shards.*1,000 records and 1 MB a second/,
    "publish",
  ],
  [
    "one record that was refused",
    { name: "ProvisionedThroughputExceededException", message: "Rate exceeded for shard shardId-000000000000" },
    "throttled",
    /^add shards/,
    "publish",
  ],
  ["LimitExceededException", aws("LimitExceededException"), "throttled", /maxStalenessMs/],
  ["ThrottlingException", aws("ThrottlingException"), "throttled", /maxStalenessMs/],
  ["Throttling", aws("Throttling"), "throttled", /maxStalenessMs/],
  ["ThrottledException", aws("ThrottledException"), "throttled", /maxStalenessMs/],
  ["RequestThrottledException", aws("RequestThrottledException"), "throttled", /maxStalenessMs/],
  ["RequestLimitExceeded", aws("RequestLimitExceeded"), "throttled", /maxStalenessMs/],
  ["TooManyRequestsException", aws("TooManyRequestsException"), "throttled", /maxStalenessMs/],
  ["SlowDown", aws("SlowDown", "please", 503), "throttled", /maxStalenessMs/],
  ["status 429", aws("SomethingNew", "x", 429), "throttled", /maxStalenessMs/],
  [
    "what the SDK knows to be throttling",
    aws("SomethingNew", "x", 400, { $retryable: { throttling: true } }),
    "throttled",
    /maxStalenessMs/,
  ],
  ["KMS, reading", aws("KMSThrottlingException"), "throttled", /KMS request quota, or maxStalenessMs/],
  ["KMS, publishing", aws("KMSThrottlingException"), "throttled", /KMS request quota$/, "publish"],
];

const STREAM: readonly Row[] = [
  ["an iterator that is too old", aws("ExpiredIteratorException"), "expired", /reading goes on from the last proof/],
  ["a page of a listing that is too old", aws("ExpiredNextTokenException"), "expired", /the shards are listed anew/],
  [
    "a shard that is gone",
    aws("ResourceNotFoundException", "Shard shardId-000000000002 in stream users under account 1 does not exist"),
    "lost",
    /^nothing, the cache starts over: the shard is gone/,
  ],
  [
    "the same from an emulator",
    aws("ResourceNotFoundException", "Could not find shard 2 in stream users under account 1"),
    "lost",
    /the shard is gone/,
  ],
  [
    "a stream that is not there",
    aws("ResourceNotFoundException", "Stream shards under account 123456789012 not found."),
    "lost",
    /^there is no such stream: check its name, account and region.*ACTIVE/,
  ],
  ["a stream being created", aws("ResourceInUseException"), "refused", /ACTIVE/],
  [
    "a start in the future",
    aws(
      "InvalidArgumentException",
      "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis",
    ),
    "lost",
    /set the clock.*clockMarginMs/,
  ],
  ["an iterator of another stream", aws("InvalidArgumentException"), "lost", /the cache starts over.*ARN/],
  ["a record too large", aws("InvalidArgumentException"), "lost", /maximum record size/, "publish"],
  ["a request that Kinesis does not accept", aws("ValidationException"), "refused", /stream's name or ARN/],
];

const KEYS: readonly Row[] = [
  ["a key that may not be used", aws("KMSAccessDeniedException"), "refused", /kms:Decrypt.*kms:GenerateDataKey.*too$/],
  ["a key switched off", aws("KMSDisabledException"), "refused", /^enable KMS in this account.*and the stream.s key/],
  ["a key being deleted", aws("KMSInvalidStateException"), "refused", /cancel its deletion/],
  ["a key that is gone", aws("KMSNotFoundException"), "refused", /is gone or in another region/],
  ["an account without KMS", aws("KMSOptInRequired"), "refused", /^enable KMS in this account/],
  ["something new about keys", aws("KMSSomethingException"), "refused", /state and the policy/],
];

const CREDENTIALS: readonly Row[] = [
  ["none at all", provider("Could not load credentials from any providers"), "refused", /^give the function a role/],
  [
    "an expired SSO session",
    provider("The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login"),
    "refused",
    /aws sso login/,
  ],
  ["an expired SSO token", provider("Token is expired. Run it", "TokenProviderError"), "refused", /aws sso login/],
  [
    "an SSO session that was ended",
    aws("UnauthorizedException", "Session token not found or invalid", 401),
    "refused",
    /aws sso login/,
  ],
  [
    "an expired login",
    provider("Failed to refresh token: x. Please re-authenticate using aws login"),
    "refused",
    /log in again: aws login/,
  ],
  [
    "an unknown profile",
    provider("Could not resolve credentials using profile: [x] in configuration/credentials file(s)."),
    "refused",
    /AWS_PROFILE/,
  ],
  [
    "a web identity that is not set up",
    provider("Web identity configuration not specified"),
    "refused",
    /AWS_WEB_IDENTITY_TOKEN_FILE/,
  ],
  [
    "a web identity of no use",
    aws("InvalidIdentityTokenException"),
    "refused",
    /trust policy names the identity provider/,
  ],
  [
    "a web identity that expired",
    aws("ExpiredTokenException", "Token must have been issued before"),
    "refused",
    /AWS_ROLE_ARN/,
  ],
  [
    "a token's file that is missing",
    system("ENOENT", "ENOENT: no such file or directory, open '/var/run/token'"),
    "refused",
    /AWS_WEB_IDENTITY_TOKEN_FILE/,
  ],
  [
    "a container's endpoint that does not answer",
    provider("TimeoutError from instance metadata service", "ProviderError"),
    "unavailable",
    /endpoint for credentials/,
  ],
  [
    "a pod's endpoint that fails",
    provider("Server responded with status: 503"),
    "unavailable",
    /endpoint for credentials/,
  ],
  [
    "a task without a role",
    provider("Server responded with status: 403"),
    "refused",
    /give the task, pod or instance a role/,
  ],
  [
    "an instance without a role",
    provider("Invalid response received from instance metadata service."),
    "refused",
    /hop limit/,
  ],
  [
    "keys that have expired",
    aws("ExpiredTokenException", "The security token included in the request is expired"),
    "refused",
    /remove the access keys.*log in again/,
  ],
  [
    "keys that are not known",
    aws("UnrecognizedClientException", "The security token included in the request is invalid."),
    "refused",
    /in this region and partition they are unknown/,
  ],
  ["the same, as STS says it", aws("InvalidClientTokenId", "x", 403), "refused", /unknown/],
  [
    "a wrong secret",
    aws("InvalidSignatureException", "The request signature we calculated does not match"),
    "refused",
    /secret access key.*proxy/,
  ],
  ["the same, as others say it", aws("SignatureDoesNotMatch", "x", 403), "refused", /secret access key/],
  [
    "a request without a signature",
    aws("MissingAuthenticationTokenException", "x", 403),
    "refused",
    /Authorization header/,
  ],
  ["half a signature", aws("IncompleteSignatureException"), "refused", /Authorization header/],
  ["a service not signed up for", aws("OptInRequired", "x", 403), "refused", /sign the account up for Kinesis/],
  [
    "a line break in a key",
    Object.assign(system("ERR_INVALID_CHAR", "Invalid character in header"), { name: "TypeError" }),
    "refused",
    /remove the line break/,
  ],
];

const ACCESS: readonly Row[] = [
  [
    "a role that lacks an action",
    denied("kinesis:GetRecords", "because no identity-based policy allows the kinesis:GetRecords action"),
    "refused",
    /^allow the function's role kinesis:GetRecords; it needs kinesis:ListShards, .* to read, kinesis:PutRecords to invalidate$/,
  ],
  [
    "a refusal that names none",
    aws("AccessDeniedException"),
    "refused",
    /^allow the function's role kinesis:ListShards, /,
  ],
  [
    "an explicit deny",
    denied("kinesis:GetRecords", "with an explicit deny in an identity-based policy"),
    "refused",
    /^remove the explicit deny of kinesis:GetRecords from the policies of the function's role$/,
  ],
  [
    "a VPC endpoint's policy",
    denied("kinesis:PutRecords", "because no VPC endpoint policy allows the kinesis:PutRecords action"),
    "refused",
    /^allow kinesis:PutRecords in the policy of the VPC endpoint/,
  ],
  [
    "a VPC endpoint's deny",
    denied("kinesis:PutRecords", "with an explicit deny in a VPC endpoint policy"),
    "refused",
    /^remove the explicit deny of kinesis:PutRecords from the policy of the VPC endpoint/,
  ],
  [
    "an organization's policy",
    denied("kinesis:PutRecords", "with an explicit deny in a service control policy"),
    "refused",
    /^remove the explicit deny of kinesis:PutRecords from the organization's control policies$/,
  ],
  [
    "a permissions boundary",
    denied("kinesis:PutRecords", "because no permissions boundary allows the kinesis:PutRecords action"),
    "refused",
    /^allow kinesis:PutRecords in the permissions boundary/,
  ],
  [
    "a session policy",
    denied("kinesis:PutRecords", "because no session policy allows the kinesis:PutRecords action"),
    "refused",
    /^allow kinesis:PutRecords in the session policy/,
  ],
  [
    "the stream's own policy",
    denied("kinesis:PutRecords", "because no resource-based policy allows the kinesis:PutRecords action"),
    "refused",
    /^allow kinesis:PutRecords in the stream's own policy$/,
  ],
  [
    "a key's policy",
    denied("kms:GenerateDataKey", "because no resource-based policy allows the kms:GenerateDataKey action"),
    "refused",
    /^allow the function's role kms:GenerateDataKey, in the policy of the stream's key, too$/,
  ],
  ["a role that may not be assumed", denied("sts:AssumeRoleWithWebIdentity", ""), "refused", /trust policy/],
];

const NETWORK: readonly Row[] = [
  [
    "no such host",
    system("ENOTFOUND", "getaddrinfo ENOTFOUND kinesis.eu-west-9.amazonaws.com"),
    "unavailable",
    /^check the region.*private DNS/,
  ],
  ["no DNS", system("EAI_AGAIN", "getaddrinfo EAI_AGAIN"), "unavailable", /DNS does not answer/],
  ["nobody listening", system("ECONNREFUSED"), "unavailable", /AWS_ENDPOINT_URL_KINESIS.*nothing listens there/],
  [
    "the same, under the SDK's own HTTP/2 client",
    Object.assign(system("ERR_HTTP2_STREAM_CANCEL", "The pending stream has been canceled"), {
      cause: system("ECONNREFUSED"),
    }),
    "unavailable",
    /nothing listens there/,
  ],
  ["no route", system("EHOSTUNREACH"), "unavailable", /NAT gateway or an interface endpoint kinesis-streams/],
  ["no network", system("ENETUNREACH"), "unavailable", /NAT gateway/],
  ["a firewall of the machine", system("EACCES"), "refused", /firewall or sandbox/],
  ["too many open files", system("EMFILE", "connect EMFILE"), "unavailable", /1,024/],
  [
    "no answer",
    system("ETIMEDOUT", "request has exceeded 5000 ms", "TimeoutError"),
    "unavailable",
    /security groups let port 443/,
  ],
  ["no answer, by status", aws("Unknown", "UnknownError", 408), "unavailable", /asks for the call to be made again/],
  ["RequestTimeout", aws("RequestTimeoutException"), "unavailable", /443/],
  [
    "a connection that was reset",
    system("ECONNRESET", "read ECONNRESET", "TimeoutError"),
    "unavailable",
    /idle connections get closed/,
  ],
  ["a pipe that broke", system("EPIPE", "write EPIPE", "TimeoutError"), "unavailable", /idle connections get closed/],
  ["an answer cut off", system("ECONNRESET", "aborted"), "unavailable", /idle connections get closed/],
  [
    "an answer cut off, under a test runner",
    plain("AWS SDK error wrapper for Error: aborted"),
    "unavailable",
    /can be reached/,
  ],
  [
    "nobody listening, under a test runner",
    plain("AWS SDK error wrapper for Error: connect ECONNREFUSED 127.0.0.1:1"),
    "unavailable",
    /nothing listens there/,
  ],
  ["a socket that hung up", plain("socket hang up"), "unavailable", /can be reached from here/],
  [
    "fetch",
    Object.assign(plain("fetch failed", "TypeError"), { cause: system("ENOTFOUND") }),
    "unavailable",
    /no such host/,
  ],
  ["fetch, without a reason", plain("fetch failed", "TypeError"), "unavailable", /can be reached from here/],
  ["a proxy that wants credentials", aws("Unknown", "UnknownError", 407), "refused", /HTTPS_PROXY/],
  [
    "a proxy that refuses the tunnel",
    plain("tunneling socket could not be established, statusCode=403"),
    "refused",
    /NO_PROXY/,
  ],
  [
    "a proxy that hangs up",
    plain("Proxy connection ended before receiving CONNECT response"),
    "unavailable",
    /NO_PROXY/,
  ],
  ["a certificate nobody knows", system("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "x"), "refused", /NODE_EXTRA_CA_CERTS/],
  ["one in the chain signed by itself", system("SELF_SIGNED_CERT_IN_CHAIN", "x"), "refused", /NODE_EXTRA_CA_CERTS/],
  ["one signed by itself", system("DEPTH_ZERO_SELF_SIGNED_CERT", "x"), "refused", /NODE_EXTRA_CA_CERTS/],
  ["one that cannot be verified", system("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "x"), "refused", /NODE_EXTRA_CA_CERTS/],
  ["one that has expired", system("CERT_HAS_EXPIRED", "x"), "refused", /set the clock.*renewed/],
  ["one for another host", system("ERR_TLS_CERT_ALTNAME_INVALID", "x"), "refused", /certificate is for another host/],
  [
    "https to http",
    system("EPROTO", "write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:x"),
    "refused",
    /http instead of https/,
  ],
  [
    "a record that TLS cannot decipher",
    system("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "x"),
    "unavailable",
    /idle connections/,
  ],
];

const SERVICE: readonly Row[] = [
  ["InternalFailure", aws("InternalFailureException", "x", 500), "unavailable", /Kinesis itself failed/],
  [
    "one record that failed within",
    { name: "InternalFailure", message: "Internal Service Failure" },
    "unavailable",
    /itself failed/,
    "publish",
  ],
  ["ServiceUnavailable", aws("ServiceUnavailableException", "x", 503), "unavailable", /Health Dashboard/],
  ["any 5xx", aws("SomethingNew", "x", 502), "unavailable", /Health Dashboard/],
  [
    "a fault of the server's without a status",
    Object.assign(plain("x", "SomethingNew"), { $fault: "server" }),
    "unavailable",
    /Health Dashboard/,
  ],
  [
    "what the SDK knows to be repeatable",
    aws("SomethingNew", "x", 400, { $retryable: {} }),
    "unavailable",
    /made again/,
  ],
  [
    "an answer in another language",
    Object.assign(plain("Unexpected token", "SyntaxError"), { $metadata: { httpStatusCode: 200 } }),
    "unavailable",
    /what answers there is not Kinesis/,
  ],
  [
    "a firewall's page",
    Object.assign(plain("Unexpected token", "SyntaxError"), { $metadata: { httpStatusCode: 403 } }),
    "refused",
    /firewall: what answers there is not Kinesis/,
  ],
  [
    "a refusal without a name",
    aws("Unknown", "UnknownError", 404),
    "refused",
    /firewall: what answers there is not Kinesis/,
  ],
  ["a redirection", aws("Unknown", "UnknownError", 301), "refused", /what answers there is not Kinesis/],
  [
    "another service's endpoint",
    aws("UnknownOperationException", "UnknownError"),
    "refused",
    /what answers there is not Kinesis/,
  ],
];

const SET_UP: readonly Row[] = [
  ["no region", plain("Region is missing"), "refused", /AWS_REGION/],
  [
    "an odd region",
    plain('Region not accepted: region="eu west" is not a valid hostname component.'),
    "refused",
    /AWS_REGION/,
  ],
  [
    "no region, by the endpoint's rules",
    plain("Invalid Configuration: Missing Region", "EndpointError"),
    "refused",
    /AWS_REGION/,
  ],
  [
    "an ARN of another partition",
    plain("Partition: aws-cn from ARN doesn't match with partition name: aws.", "EndpointError"),
    "refused",
    /partition and endpoint that the ARN names/,
  ],
  [
    "half an address",
    Object.assign(system("ERR_INVALID_URL", "Invalid URL"), { name: "TypeError" }),
    "refused",
    /whole address/,
  ],
  [
    "a client of another version",
    plain("Cannot read properties of undefined (reading 'getSchema')", "TypeError"),
    "refused",
    /option client.*KinesisClient.*3\.632/,
  ],
  ["a double without an answer", plain("the client gave no answer", "TypeError"), "refused", /a double has to answer/],
  ["a double that rejects", plain("no implementation"), "refused", /option client/],
  [
    "a test that allows no network",
    plain("Nock: Disallowed net connect", "NetConnectNotAllowedError"),
    "refused",
    /option client/,
  ],
];

const ALL = { CLOCK, THROTTLED, STREAM, KEYS, CREDENTIALS, ACCESS, NETWORK, SERVICE, SET_UP };

describe.each(Object.entries(ALL))("%s", (_name, rows) => {
  test.each(rows)("%s", (_met, error, kind, remedy, use = "read") => {
    const failure = failureOf(error, use);
    expect(failure).toMatchObject({ kind, remedy: expect.stringMatching(remedy) });
  });
});

describe("what has no remedy of its own", () => {
  test.each([
    ["a call that was given up", plain("Request aborted", "AbortError"), "unavailable"],
    ["a refusal nobody knows", aws("SomethingNew"), "refused"],
    ["a refusal nobody knows, by its fault alone", Object.assign(plain("x", "New"), { $fault: "client" }), "refused"],
    ["an error of the network nobody knows", system("ENEW"), "unavailable"],
    ["a text", "out of luck", "unavailable"],
    ["nothing", undefined, "unavailable"],
  ] as const)("%s", (_met, error, kind) => {
    expect(failureOf(error, "read")).toMatchObject({ kind, remedy: undefined });
  });
});

describe("the table", () => {
  const table = [...KINESIS_FAILURES, ...commonFailures(WORDS)];
  const examples = Object.values(ALL).flat();

  test("has no row that no example meets", () => {
    const given = new Set(examples.map(([, error, , , use = "read"]) => failureOf(error, use).remedy));
    const unmet = table.filter(({ remedy }) => typeof remedy === "string" && !given.has(remedy));
    expect(unmet).toEqual([]);
  });

  test("has remedies that are sentences that say something", () => {
    for (const [, error, , , use = "read"] of examples) {
      const { remedy = "" } = failureOf(error, use);
      expect(remedy).toMatch(/^[a-z].{25,220}[^.]$/);
    }
  });
});
