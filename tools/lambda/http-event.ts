/**
 * The event an API Gateway HTTP API sends for the example's two routes, as far as the example reads it.
 */

export function httpEvent(
  method: "GET" | "POST",
  userid: string,
  body?: unknown,
  cookies: readonly string[] = [],
): unknown {
  const path = `/user/${userid}`;
  return {
    version: "2.0",
    routeKey: `${method} /user/{userid}`,
    rawPath: path,
    rawQueryString: "",
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: { accept: "application/json" },
    requestContext: { http: { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.10", userAgent: "local" } },
    pathParameters: { userid },
    isBase64Encoded: false,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}
