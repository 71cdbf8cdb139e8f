/**
 * The server side of Lambda's Runtime API for one environment: `next`, `response`, `error` and `init/error` over HTTP on
 * loopback. It only carries; when to hand out what, and when to freeze, is the environment's business.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** What the runtime is given as its next invocation. */
export interface HandedOut {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RuntimeApiEvents {
  /** The runtime asks for an invocation, and waits until `handOut` is called. */
  next(handOut: (invocation: HandedOut) => void): void;
  /** Returns false for an invocation that is not under way (any more). */
  answered(requestId: string, result: unknown): boolean;
  failed(requestId: string, error: FunctionError): boolean;
  initFailed(error: FunctionError): void;
}

const PREFIX = "/2018-06-01/runtime/";
/** Separates status and headers from the body in a streamed answer. */
const PRELUDE_END = "\0".repeat(8);

export class RuntimeApi {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #events: RuntimeApiEvents;

  constructor(events: RuntimeApiEvents) {
    this.#events = events;
    // A frozen process says nothing for as long as it likes.
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").slice(PREFIX.length);
    if (path === "invocation/next") {
      this.#events.next(({ headers, body }) => {
        response.writeHead(200, { "content-type": "application/json", ...headers });
        response.end(body);
      });
      return;
    }
    let text: string;
    try {
      text = await textOf(request);
    } catch {
      // A streamed answer that broke off. Else the process died while it was answering; its exit tells the rest.
      if (request.headers["lambda-runtime-function-response-mode"] === "streaming") this.#brokeOff(path);
      return;
    }
    const known = this.#take(path, text, request);
    response.writeHead(known ? 202 : 400, { "content-type": "application/json" });
    response.end(known ? '{"status":"OK"}' : '{"errorType":"InvalidRequestID"}');
  }

  #take(path: string, text: string, request: IncomingMessage): boolean {
    if (path === "init/error") {
      this.#events.initFailed(JSON.parse(text) as FunctionError);
      return true;
    }
    const [, id = "", what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (what === "error") return this.#events.failed(id, JSON.parse(text) as FunctionError);
    // A streamed answer may turn out to be an error when part of it has been sent.
    const trailer = request.trailers["lambda-runtime-function-error-body"];
    if (trailer !== undefined) {
      return this.#events.failed(id, JSON.parse(Buffer.from(trailer, "base64").toString("utf8")) as FunctionError);
    }
    return this.#events.answered(id, resultOf(text, request.headers["content-type"] ?? ""));
  }

  #brokeOff(path: string): void {
    const [, id = ""] = path.split("/");
    const errorMessage = `RequestId: ${id} Error: Runtime truncated response`;
    this.#events.failed(id, { errorType: "Runtime.TruncatedResponse", errorMessage });
  }
}

function resultOf(text: string, contentType: string): unknown {
  if (contentType.includes("http-integration-response")) {
    const end = text.indexOf(PRELUDE_END);
    const prelude = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
    return { ...prelude, body: text.slice(end + PRELUDE_END.length) };
  }
  if (contentType.includes("octet-stream")) return text;
  return text === "" ? null : JSON.parse(text);
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
