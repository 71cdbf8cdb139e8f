/**
 * One request over HTTP/1.1, its whole answer within one time, and nothing left behind: no timer, no listener, no call
 * that goes on after the one who waited for it has left. It is what an SDK client takes as its `requestHandler`.
 *
 * It exists because the SDK's own is a package that Lambda's runtime need not offer and that weighs more than all of
 * scache; and because that one uses connections again that died while the environment was frozen, each of which costs a
 * call, and does not end a call whose answer stalls half-way. It never repeats a request: that is its callers' to decide.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Clock } from "../core/clock.js";
import { CallEnded, type ConnectionOptions, createConnections } from "./connections.js";

/** The longest any call may take, connecting included; refreshes and publishing set shorter times themselves. */
const LONGEST_CALL_MS = 5_000;

/** A request as the SDK's clients make it. */
export interface HttpRequest {
  readonly method: string;
  /** With its colon. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface HttpResponse {
  readonly statusCode: number;
  readonly reason?: string | undefined;
  /** By their names in lower case. */
  readonly headers: Record<string, string>;
  /** All of it. */
  readonly body: Uint8Array;
}

export interface CallOptions {
  /** Ends the call; the SDK's types know signals of other kinds, which can only tell beforehand. */
  readonly abortSignal?: AbortSignal | { readonly aborted: boolean };
  /** In milliseconds, connecting and the answer's body included. Default 5,000. */
  readonly requestTimeout?: number;
}

export interface HttpHandler {
  /** The SDK hands a client's handler on to those that fetch its credentials, unless it says that it speaks HTTP/2. */
  readonly metadata: { readonly handlerProtocol: "http/1.1" };
  /**
   * @throws an `AbortError` or a `TimeoutError` when it was ended before the answer was complete; else what the connection
   * failed with
   */
  handle(request: HttpRequest, options?: CallOptions): Promise<{ readonly response: HttpResponse }>;
  /** Closes its connections. */
  destroy(): void;
  /** Part of what the SDK asks of a handler; there is nothing to set. */
  updateHttpClientConfig(): void;
  httpHandlerConfigs(): Record<string, never>;
}

export function createHttpHandler(clock: Clock, options?: ConnectionOptions): HttpHandler {
  const connections = createConnections(clock, options);
  return {
    metadata: { handlerProtocol: "http/1.1" },

    async handle(request, { abortSignal, requestTimeout = LONGEST_CALL_MS } = {}) {
      const signal = abortSignal && "addEventListener" in abortSignal ? abortSignal : undefined;
      if (abortSignal?.aborted) throw aborted(signal);
      const body = toBody(request.body);
      const { method, protocol, hostname: host, port, headers } = request;
      const path = request.path + toQueryString(request.query);
      // An address of IPv6 stands in brackets in a URL, and without them here.
      const hostname = host.replace(/^\[(.*)\]$/, "$1");
      const outgoing = connections.open(protocol, { method, hostname, port, path, headers });
      return { response: await answerTo(outgoing, body, clock, requestTimeout, signal) };
    },

    destroy: connections.close,
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/** Sends the request and collects its answer. However that ends, the request has ended, too. */
function answerTo(
  outgoing: ClientRequest,
  body: string | Uint8Array | undefined,
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let pending = true;
    const settle = () => {
      pending = false;
      stopTimer();
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: Error) => {
      settle();
      reject(error);
    };
    const end = (error: CallEnded) => {
      fail(error);
      outgoing.destroy(error);
    };
    const onAbort = () => end(aborted(signal));
    const stopTimer = clock.after(timeoutMs, () => {
      end(new CallEnded("TimeoutError", `not answered within ${timeoutMs} ms`));
    });
    signal?.addEventListener("abort", onAbort);
    // Stays for good: a destroyed request may still report an error, and one that nobody hears would end the process.
    outgoing.on("error", fail);
    outgoing.on("close", () => {
      // Whatever else may have ended the request must not leave anybody waiting.
      if (pending) fail(new Error("aborted"));
    });
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      // Broken off in mid-body: told here too, and must not go unheard.
      incoming.on("error", fail);
      incoming.on("end", () => {
        settle();
        resolve(toResponse(incoming, chunks));
      });
    });
    outgoing.end(body);
  });
}

function aborted(signal: AbortSignal | undefined): CallEnded {
  return new CallEnded("AbortError", "the request was aborted", { cause: signal?.reason });
}

function toResponse(
  { statusCode = 0, statusMessage, headers }: IncomingMessage,
  chunks: readonly Buffer[],
): HttpResponse {
  // The only header that Node gives as a list. No service of AWS's sets one.
  const { "set-cookie": _cookies, ...single } = headers;
  return {
    statusCode,
    reason: statusMessage,
    headers: single as Record<string, string>,
    body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks),
  };
}

function toBody(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || typeof body === "string") return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError("a request's body must be text or bytes");
}

function toQueryString(query: HttpRequest["query"] = {}): string {
  const parts = Object.entries(query).flatMap(([name, values]) => {
    if (values === null) return escapeUri(name);
    return [values].flat().map((value) => `${escapeUri(name)}=${escapeUri(value)}`);
  });
  return parts.length > 0 ? `?${parts.sort().join("&")}` : "";
}

/** As a signature counts it: what `encodeURIComponent` leaves and RFC 3986 reserves is escaped, too. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
