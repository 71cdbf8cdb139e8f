/**
 * A leaner `send` for our own SDK client of a service that speaks AWS JSON (Kinesis, DynamoDB). The first call of each
 * operation goes through the SDK and shows where and how it is sent; the next ones are sent the same way without the SDK's
 * middleware, which takes longer than all the rest of a call. The credentials stay the SDK's.
 *
 * It knows nothing of the SDK's inside but where a client keeps its credentials. What the first call does not show as
 * expected (another kind of signature, another encoding) only means that every call goes through the SDK, as without this
 * file.
 * It must never repeat a call, but for one that was refused for its date.
 */
import type { Clock } from "../core/clock.js";
import { createClockSkew, repeatedIfMisdated } from "./clock-skew.js";
import {
  type CallOptions,
  createHttpHandler,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
} from "./http-handler.js";
import { parseObject } from "./json.js";
import { metadataOf, toServiceError, unreadable } from "./service-error.js";
import { type Credentials, createSigner, type Sign } from "./signature.js";

/** How one operation's calls are written and read without the SDK. */
export interface Operation {
  /** As the service names it. */
  readonly name: string;
  /** The member of the input that decides where a call goes, if one does. */
  readonly routedBy?: string;
  /** The command's input as the JSON that is sent: dates in seconds, bytes in base64. */
  encode(input: object): object;
  /** What is used of the answer, as the SDK would give it. May throw what it likes if it cannot be read. */
  decode(answer: object): object;
}

/** By the class of the SDK's command. */
export type Operations = ReadonlyMap<unknown, Operation>;

/** What is asked of the SDK's client. */
export interface JsonClient {
  readonly config: { readonly credentials?: unknown };
  send(command: { readonly input: object }, options?: CallOptions): Promise<object>;
}

/** Beside what the SDK tells of every answer. */
export interface AnswerMetadata {
  readonly httpStatusCode: number;
  readonly requestId: string | undefined;
  /** By the answer's `Date`, in whole seconds. */
  readonly serverTimeMs: number | undefined;
}

export interface JsonRpc {
  /** For the client to be built with. */
  readonly requestHandler: HttpHandler;
  /** The client's `send` made leaner for the operations known; whatever else it is given it sends as ever. */
  leanSend(client: JsonClient): JsonClient["send"];
}

/** How the requests of one operation are sent: all but body, date and signature. */
interface Route {
  readonly request: HttpRequest;
  readonly sign: Sign;
}

/** The headers of the SDK's that each call has alike. The signature's are made anew; its telemetry is left out. */
const KEPT_HEADERS = ["host", "content-type", "x-amz-target", "user-agent"];
/** Of the signature, what it was made for. */
const SIGNED_FOR = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request,/;

export function createJsonRpc(
  clock: Clock,
  operations: Operations,
  http: HttpHandler = createHttpHandler(clock),
): JsonRpc {
  const skew = createClockSkew(clock);
  const routes = new Map<string, Route>();

  /** Any request, the SDK's and ours. */
  async function exchange(request: HttpRequest, options?: CallOptions) {
    const sentAtMs = clock.now();
    const { response } = await http.handle(request, options);
    return { response, serverTimeMs: skew.observe(response.headers.date, sentAtMs) };
  }

  async function sendLean(
    { request, sign }: Route,
    credentials: Credentials,
    operation: Operation,
    input: object,
    options?: CallOptions,
  ) {
    const body = JSON.stringify(operation.encode(input));
    const sized = { ...request.headers, "content-length": String(Buffer.byteLength(body)) };
    const headers = sign(sized, body, credentials, new Date(clock.now() + skew.offsetMs));
    const { response, serverTimeMs } = await exchange({ ...request, headers, body }, options);
    const { httpStatusCode, requestId } = metadataOf(response);
    const $metadata: AnswerMetadata = { httpStatusCode, requestId, serverTimeMs };
    return Object.assign(answerIn(response, operation), { $metadata });
  }

  return {
    requestHandler: {
      ...http,
      handle(request, options) {
        const name = request.headers["x-amz-target"]?.split(".").at(-1);
        const operation = [...operations.values()].find((known) => known.name === name);
        const route = operation && toRoute(request);
        if (route) routes.set(routeKey(operation, parseObject(request.body) ?? {}), route);
        return exchange(request, options);
      },
    },

    leanSend(client) {
      const sendThroughSdk = client.send.bind(client);
      const { credentials: provider } = client.config;
      return (command, options) =>
        repeatedIfMisdated(skew, async () => {
          const operation = operations.get(command.constructor);
          const route = operation && routes.get(routeKey(operation, command.input));
          if (!route || typeof provider !== "function") return sendThroughSdk(command, options);
          return sendLean(route, await provider(), operation, command.input, options);
        });
    },
  };
}

function routeKey({ name, routedBy }: Operation, input: object): string {
  return routedBy ? `${name}/${(input as Readonly<Record<string, unknown>>)[routedBy] ?? ""}` : name;
}

/** What a request of the SDK's shows of how to send the next one; undefined if it is not sent as expected. */
function toRoute({ method, protocol, hostname, port, path, query, headers }: HttpRequest): Route | undefined {
  const [, region, service] = SIGNED_FOR.exec(headers.authorization ?? "") ?? [];
  const isJson = headers["content-type"]?.startsWith("application/x-amz-json-1.");
  if (!region || !service || path !== "/" || !isJson || method !== "POST" || Object.keys(query ?? {}).length > 0)
    return undefined;
  const kept = KEPT_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  const request = { method, protocol, hostname, port, path, query: {}, headers: Object.fromEntries(kept) };
  return { request, sign: createSigner({ region, service }) };
}

function answerIn(response: HttpResponse, { decode }: Operation): object {
  if (response.statusCode >= 300) throw toServiceError(response);
  const answer = parseObject(response.body);
  if (!answer) throw unreadable(response);
  try {
    return decode(answer);
  } catch {
    // A member of another kind than the service's.
    throw unreadable(response);
  }
}
