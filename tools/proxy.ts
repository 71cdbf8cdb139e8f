/**
 * A loopback HTTP/1.1 proxy before an emulated AWS service: it adds the network's latency, counts calls, and makes the
 * faults that emulators cannot make. What it adds is simulated, and whoever prints figures must say so.
 * It must never retry or reorder: one request here is one request to the service, or none.
 */
import { setMaxListeners } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AddedFault, type Body, FaultBook, type FaultRule } from "./proxy-faults.js";

export { type AddedFault, type Body, type FaultRule, throttle } from "./proxy-faults.js";

export interface ProxyOptions {
  /** Added to every call, half on the way there and half on the way back. Default 0. */
  readonly latencyMs?: number;
  readonly port?: number;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** May be changed at any time. */
  latencyMs: number;
  /** Calls received since the last `resetCounts`, by operation; an operation never called reads 0. */
  readonly calls: Readonly<Record<string, number>>;
  /** All calls received since the last `resetCounts`. */
  readonly totalCalls: number;
  /** How long an answered call took on average, from arriving here to being answered; 0 for none. */
  readonly meanMs: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** Connections accepted since the start, and those now open. */
  readonly connections: { readonly accepted: number; readonly open: number };
  resetCounts(): void;
  /** The next `times` calls (default: every call) of an operation, or of any (`*`), go wrong as `rule` says. */
  fault(operation: string, rule: FaultRule, times?: number): AddedFault;
  /** Forgets all faults. Calls already hanging go on hanging. */
  clear(): void;
  /** Resets every open connection, as a server or a middlebox does that has forgotten them. */
  resetConnections(): void;
  /** Whatever is sent on connections open now is swallowed; new connections work. */
  blackHoleConnections(): void;
  stop(): Promise<void>;
}

/** Starts a proxy before `target`, the endpoint of a service (`http://127.0.0.1:4568`). */
export async function startProxy(target: string, options: ProxyOptions = {}): Promise<FaultProxy> {
  const proxy = new LoopbackProxy(new URL(target), options.latencyMs ?? 0);
  await proxy.listen(options.port ?? 0);
  return proxy;
}

const NO_FAULT: FaultRule | { readonly none: true } = { none: true };

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

class LoopbackProxy implements FaultProxy {
  latencyMs: number;
  readonly #target: URL;
  readonly #agent = new Agent({ keepAlive: true, timeout: 20_000 });
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #faults = new FaultBook();
  readonly #sockets = new Set<Socket>();
  readonly #swallowed = new WeakSet<Socket>();
  readonly #stopped = new AbortController();
  #calls: Record<string, number> = {};
  #accepted = 0;
  #answered = { count: 0, ms: 0 };
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(target: URL, latencyMs: number) {
    this.#target = target;
    this.latencyMs = latencyMs;
    this.#server.keepAliveTimeout = 60_000;
    // Every call under way listens for the end; Node warns of a leak from the eleventh on.
    setMaxListeners(0, this.#stopped.signal);
    this.#server.on("connection", (socket: Socket) => {
      this.#accepted += 1;
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get calls(): Readonly<Record<string, number>> {
    return new Proxy(this.#calls, { get: (calls, name) => Reflect.get(calls, name) ?? 0 });
  }

  get totalCalls(): number {
    return Object.values(this.#calls).reduce((sum, count) => sum + count, 0);
  }

  get meanMs(): number {
    return this.#answered.ms / Math.max(1, this.#answered.count);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  get connections() {
    return { accepted: this.#accepted, open: this.#sockets.size };
  }

  resetCounts(): void {
    this.#calls = {};
    this.#answered = { count: 0, ms: 0 };
    this.#maxInFlight = this.#inFlight;
  }

  fault(operation: string, rule: FaultRule, times = Number.POSITIVE_INFINITY): AddedFault {
    return this.#faults.add(operation, rule, times);
  }

  clear(): void {
    this.#faults.clear();
  }

  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  blackHoleConnections(): void {
    for (const socket of this.#sockets) this.#swallowed.add(socket);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#agent.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers["x-amz-target"] ?? "").replace(/^.*\./, "");
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1;
    this.#inFlight += 1;
    this.#maxInFlight = Math.max(this.#maxInFlight, this.#inFlight);
    const beganMs = performance.now();
    response.once("finish", () => {
      this.#answered.count += 1;
      this.#answered.ms += performance.now() - beganMs;
    });
    response.once("close", () => {
      this.#inFlight -= 1;
    });
    try {
      await this.#answer(operation, request, response);
    } catch {
      // The service or the caller went away, or the proxy is being stopped: the caller sees a broken connection.
      request.socket.destroy();
    }
  }

  async #answer(operation: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    const body = parse(text);
    const rule = this.#faults.take(operation, body) ?? NO_FAULT;
    await this.#travel(Math.ceil(this.latencyMs / 2) + ("delayMs" in rule ? rule.delayMs : 0));
    if (this.#swallowed.has(request.socket) || "hang" in rule) return;
    if ("reset" in rule) {
      request.socket.resetAndDestroy();
      return;
    }
    const answer =
      "error" in rule
        ? errorAnswer(rule)
        : await this.#forward(request, "rewriteRequest" in rule ? JSON.stringify(rule.rewriteRequest(body)) : text);
    await this.#travel(Math.floor(this.latencyMs / 2));
    if (this.#swallowed.has(request.socket)) return;
    if ("loseAnswer" in rule) {
      if (rule.loseAnswer === "reset") request.socket.resetAndDestroy();
      return;
    }
    const sent = "rewriteAnswer" in rule ? JSON.stringify(rule.rewriteAnswer(parse(answer.text), body)) : answer.text;
    response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(sent) });
    response.end(sent);
  }

  /** Does not wait for a turn of the timer when nothing is to be added. */
  async #travel(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#stopped.signal });
  }

  #forward(request: IncomingMessage, text: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { connection: _, "content-length": __, ...headers } = request.headers;
      const onward = httpRequest(
        this.#target,
        {
          agent: this.#agent,
          method: request.method,
          path: request.url,
          headers: { ...headers, "content-length": Buffer.byteLength(text) },
          signal: this.#stopped.signal,
        },
        (answer) => {
          textOf(answer).then((body) => {
            resolve({ status: answer.statusCode ?? 502, headers: forwarded(answer.headers), text: body });
          }, reject);
        },
      );
      onward.once("error", reject);
      onward.end(text);
    });
  }
}

/** Headers that concern one hop, or a body that may have been rewritten, stay behind. */
function forwarded(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  const { connection, "keep-alive": _, "transfer-encoding": __, "x-amz-crc32": ___, ...rest } = headers;
  return rest;
}

function errorAnswer({ error, status, message }: { error: string; status?: number; message?: string }): Answer {
  return {
    status: status ?? 400,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "added-by-the-proxy" },
    text: JSON.stringify({ __type: error, message: message ?? "added by the proxy" }),
  };
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): Body {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Body) : {};
  } catch {
    return {};
  }
}
