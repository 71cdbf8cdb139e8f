/**
 * The failures that are the same for every AWS service, each with its kind and the remedy that somebody who has met it
 * before would give. Rows further up win: what a person has to mend comes before what the network did meanwhile.
 * Tests name every row; a new one needs its error as the SDK or the system throws it.
 */

import { accessFailures, CREDENTIAL_FAILURES } from "./access-failures.js";
import { type KnownFailure, NOTHING_IF_ONCE, type ReadError, SET_CLOCK, type ServiceWords } from "./failures.js";

export function commonFailures(service: ServiceWords): readonly KnownFailure[] {
  return [
    ...clock(),
    ...throttling(service),
    ...CREDENTIAL_FAILURES,
    ...accessFailures(service),
    ...proxiesAndCertificates(service),
    ...network(service),
    ...rest(service),
  ];
}

/** All of them are mended by signing the call anew: the SDK learns the right time from the answer. */
function clock(): KnownFailure[] {
  const remedy = `${NOTHING_IF_ONCE}, the call is signed again; else ${SET_CLOCK}`;
  return [
    { when: ({ clockWasCorrected }) => clockWasCorrected, kind: "unavailable", remedy },
    { name: /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)/, kind: "unavailable", remedy },
    {
      name: /^(InvalidSignature|SignatureDoesNotMatch)/,
      says: /expired|not yet current/i,
      kind: "unavailable",
      remedy,
    },
  ];
}

function throttling({ throttled }: ServiceWords): KnownFailure[] {
  const remedy = ({ use }: ReadError) => throttled[use];
  return [
    {
      name: /Throttl|^(ProvisionedThroughputExceeded|(Request)?LimitExceeded|TooManyRequests|BandwidthLimitExceeded|SlowDown|PriorRequestNotComplete|TransactionInProgress)/,
      kind: "throttled",
      remedy,
    },
    { when: ({ status, retryable }) => status === 429 || retryable?.throttling === true, kind: "throttled", remedy },
  ];
}

const isNotOfService = ({ fault }: ReadError) => fault === undefined;

/** What stands between this machine and the service, and what it shows for itself. */
function proxiesAndCertificates(service: ServiceWords): KnownFailure[] {
  const endpoint = endpointsOf(service);
  const trust =
    "make Node.js trust the certificate's issuer (NODE_EXTRA_CA_CERTS): a proxy that inspects TLS has its own";
  const proxy = `check the proxy and its credentials (HTTPS_PROXY), or reach ${service.name} without it (NO_PROXY)`;
  return [
    { when: ({ status }) => status === 407, remedy: proxy },
    { says: /(proxy|tunnel).*40[37]|40[37].*(proxy|tunnel)/i, when: isNotOfService, remedy: proxy },
    { says: /\bproxy|\btunnel/i, when: isNotOfService, kind: "unavailable", remedy: proxy },
    {
      name: /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
      remedy: `${SET_CLOCK}; if it is right, the certificate has to be renewed`,
    },
    {
      name: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
      remedy: `check ${endpoint}: the certificate is for another host; in a VPC, turn on the endpoint's private DNS name`,
    },
    {
      name: /^(CERT_|CRL_|INVALID_(CA|PURPOSE)|\w*SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT)/,
      remedy: trust,
    },
    {
      name: /^(EPROTO$|ERR_SSL_|ERR_TLS_)/,
      says: /wrong.version|unsupported.protocol|protocol.version|http.request/i,
      remedy: `check ${endpoint}, and the proxy: no TLS is spoken there (http instead of https?)`,
    },
  ];
}

function network(service: ServiceWords): KnownFailure[] {
  const { name, vpcEndpoint } = service;
  const endpoint = endpointsOf(service);
  const wayOut = `a NAT gateway or ${vpcEndpoint}`;
  return [
    {
      name: /^(ENOTFOUND|ENODATA)$/,
      kind: "unavailable",
      remedy: `check the region, ${endpoint}: there is no such host; in a VPC, turn on DNS support and private DNS names`,
    },
    {
      name: /^(EAI_\w+|ESERVFAIL|ETIMEOUT|EREFUSED)$/,
      kind: "unavailable",
      remedy: `${NOTHING_IF_ONCE}; else see why the VPC's DNS does not answer (DNS support, network ACLs, port 53)`,
    },
    {
      name: /^ECONNREFUSED$/,
      kind: "unavailable",
      remedy: `check ${endpoint}, and the proxy: nothing listens there; in a VPC also DNS, route and security groups`,
    },
    {
      name: /^E(HOST|NET)(UNREACH|DOWN)$/,
      kind: "unavailable",
      remedy: `give the function's subnets a way out: ${wayOut}; a function never has a public address`,
    },
    { name: /^E(ACCES|PERM)$/, remedy: "let the firewall or sandbox of this machine pass HTTPS out" },
    {
      name: /^E(M|N)FILE$|^EADDRNOTAVAIL$/,
      kind: "unavailable",
      remedy: "close files and connections, and build clients outside of the handler: Lambda allows 1,024 open at once",
    },
    {
      name: /^(TimeoutError|RequestTimeout.*|E(SOCKET)?TIMEDOUT|UND_ERR_\w*TIMEOUT|ConnectTimeoutError)$/,
      when: ({ code }) => !/^(ECONNRESET|EPIPE)$/.test(code),
      kind: "unavailable",
      remedy: `${NOTHING_IF_ONCE}; else, in a VPC, check ${wayOut}, and that security groups let port 443 out and in`,
    },
    {
      name: /^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET|ERR_STREAM_\w+|ERR_HTTP2_\w+|ERR_SSL_\w+|EPROTO)$/,
      kind: "unavailable",
      remedy: `${NOTHING_IF_ONCE}, since idle connections get closed; else look for a proxy or firewall that closes them`,
    },
    {
      says: /^aborted$|socket hang up|premature close|other side closed|fetch failed|failed to fetch|load failed|network ?(request|error)|time(d )?\s?out/i,
      when: isNotOfService,
      kind: "unavailable",
      remedy: `${NOTHING_IF_ONCE}; else see whether ${name} can be reached from here: route, DNS, security groups, proxy`,
    },
  ];
}

function rest(service: ServiceWords): KnownFailure[] {
  const { name, client, clientPackage, clientVersion } = service;
  const endpoint = endpointsOf(service);
  const ifItPasses = (who: string) => `nothing, if it passes: ${who}; else see the AWS Health Dashboard`;
  const stranger = `what answers there is not ${name}`;
  return [
    {
      says: /^Region |region is missing|missing region|invalid region/i,
      remedy: "set AWS_REGION, or the region of the option client, to a region's name such as eu-west-1",
    },
    {
      name: /^EndpointError$/,
      remedy: "give the option client the region, partition and endpoint that the ARN names",
    },
    {
      name: /^(Unknown(Operation|Action|Service)|InvalidAction|Serialization|NotImplemented)/,
      remedy: `check ${endpoint}: ${stranger}`,
    },
    {
      name: /^(Internal(Failure|Server|Service|Error)|Service(Unavailable|Failure))/,
      kind: "unavailable",
      remedy: ifItPasses(`${name} itself failed`),
    },
    { name: /^AbortError$/, kind: "unavailable" },
    {
      name: /^ERR_INVALID_(URL|PROTOCOL)/,
      remedy: `write ${endpoint} as a whole address: https://, host, and the port if there is one`,
    },
    {
      name: /^ERR_INVALID_CHAR$/,
      remedy: "remove the line break or blank from the access key, its secret or its token",
    },
    {
      when: ({ isUnreadable, status = 0 }) => isUnreadable && !isClients(status),
      kind: "unavailable",
      remedy: `${NOTHING_IF_ONCE}; else check ${endpoint}, and the proxy: ${stranger}`,
    },
    {
      when: ({ fault, status = 0, retryable }) =>
        retryable !== undefined || fault === "server" || status === 408 || status >= 500,
      kind: "unavailable",
      remedy: ifItPasses(`${name}, or a proxy before it, asks for the call to be made again`),
    },
    {
      when: ({ status = 0, isUnreadable, name: given }) =>
        isClients(status) && (isUnreadable || /^Unknown/.test(given)),
      remedy: `check ${endpoint}, the proxy and the firewall: ${stranger}`,
    },
    { when: ({ fault, status = 0 }) => fault === "client" || isClients(status) },
    {
      // Nothing was sent: a client of another service or version, or a test's double that has no answer.
      name: /^((Type|Reference|Range)?Error|NetConnectNotAllowedError)$/,
      when: ({ wasSent, name: given }) => !wasSent || given !== "Error",
      remedy: `check the option client: a ${client} of ${clientPackage} ${clientVersion} or later; a double has to answer every command`,
    },
  ];
}

/** Everything that can move the endpoint. */
function endpointsOf({ endpointVariable }: ServiceWords): string {
  return `AWS_ENDPOINT_URL, ${endpointVariable} and the endpoint of the option client`;
}

/** The request was at fault, as far as the status says: a repetition would be, too. */
function isClients(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408;
}
