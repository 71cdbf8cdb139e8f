/**
 * Failures of who calls: credentials that are missing, expired or unknown, and permissions that are not given.
 * None of them is mended by waiting, but for an endpoint for credentials that does not answer.
 */
import { type KnownFailure, NOTHING_IF_ONCE, type ReadError, type ServiceWords } from "./failures.js";

const PROVIDER = /^(Credentials|Token)?ProviderError$|^Credentials|^InstanceMetadata/;
const WEB_IDENTITY =
  "check AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, and that the role's trust policy names the identity provider";
const LOG_IN = "log in again: aws sso login, with the profile in AWS_PROFILE; in Lambda, unset AWS_PROFILE";

export const CREDENTIAL_FAILURES: readonly KnownFailure[] = [
  { name: /^(InvalidIdentityToken|IDP)/, remedy: WEB_IDENTITY },
  { name: /^ExpiredToken/, says: /identity|issued/i, remedy: WEB_IDENTITY },
  {
    name: /^(ENOENT|EACCES)$/,
    says: / open '/,
    remedy: "check the files that AWS_WEB_IDENTITY_TOKEN_FILE and the variables AWS_CONTAINER_… and AWS_SHARED_… name",
  },
  { name: PROVIDER, says: /web identity|AssumeRoleWithWebIdentity/i, remedy: WEB_IDENTITY },
  { name: PROVIDER, says: /aws login|login_?session/i, remedy: LOG_IN.replace("sso ", "") },
  { name: PROVIDER, says: /\bSSO\b|sso_|Token is expired/i, remedy: LOG_IN },
  { name: /^Unauthorized/, says: /session token/i, remedy: LOG_IN },
  {
    name: PROVIDER,
    says: /time(d )?\s?out|unable to connect|error response|socket|ECONN|EHOST|ENET|status:? (429|5\d\d)/i,
    kind: "unavailable",
    remedy: `${NOTHING_IF_ONCE}; else see why the endpoint for credentials (of the task, pod or instance) fails`,
  },
  {
    name: PROVIDER,
    says: /container|HTTP (credential )?provider|status:? \d|169\.254\.|instance metadata|_METADATA_/i,
    remedy: "give the task, pod or instance a role; a container on EC2 needs the metadata service's hop limit at 2",
  },
  {
    name: PROVIDER,
    says: /profile|credential_process|config(uration)? file/i,
    remedy: "check AWS_PROFILE and the files in ~/.aws; in Lambda, unset AWS_PROFILE",
  },
  {
    name: PROVIDER,
    remedy: "give the function a role and no access keys of its own; locally, log in (aws sso login, or AWS_PROFILE)",
  },
  {
    name: /^(ExpiredToken|TokenRefreshRequired)/,
    remedy:
      "remove the access keys from the function's variables, since those of its role never expire; locally, log in again",
  },
  {
    name: /^(UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId)/,
    remedy:
      "remove access keys from the function's variables, or replace them: in this region and partition they are unknown",
  },
  {
    name: /^(InvalidSignature|SignatureDoesNotMatch|AuthFailure)/,
    remedy: "check the secret access key and the client's region; if both are right, a proxy changes what was signed",
  },
  {
    name: /^(MissingAuthenticationToken|IncompleteSignature)/,
    remedy: "give the client credentials; if it has some, a proxy takes the Authorization header away",
  },
];

export function accessFailures(service: ServiceWords): readonly KnownFailure[] {
  return [
    {
      name: /^(OptInRequired|SubscriptionRequired|AccountDisabled|InactiveAccount)/,
      remedy: `sign the account up for ${service.name}, and enable the region for it`,
    },
    {
      name: /^(AccessDenied|Unauthorized|NotAuthorized|Forbidden)/,
      remedy: (error) => permissionOf(error, service),
    },
  ];
}

/** AWS says which action it refused, and by which kind of policy: the remedy is to change that very one. */
function permissionOf({ message }: ReadError, { name, log, actions }: ServiceWords): string {
  const named = /\b[\w-]+:[A-Z]\w+/.exec(message.replace(/arn:\S+/g, ""))?.[0];
  const action = named ?? actions;
  const isDenied = /explicit deny/i.test(message);
  const change = isDenied ? `remove the explicit deny of ${action} from` : `allow ${action} in`;
  if (/VPC endpoint/i.test(message)) return `${change} the policy of the VPC endpoint for ${name}`;
  if (/service control|resource control/i.test(message)) return `${change} the organization's control policies`;
  if (/permissions boundary/i.test(message)) return `${change} the permissions boundary of the function's role`;
  if (/session policy/i.test(message)) return `${change} the session policy that the role was assumed with`;
  if (action.startsWith("kms:")) return `allow the function's role ${action}, in the policy of the ${log}'s key, too`;
  if (action.startsWith("sts:")) return `allow ${action}, and name who may assume the role in its trust policy`;
  if (/resource-based policy/i.test(message)) return `${change} the ${log}'s own policy`;
  if (isDenied) return `${change} the policies of the function's role`;
  return `allow the function's role ${named === undefined ? actions : `${named}; it needs ${actions}`}`;
}
