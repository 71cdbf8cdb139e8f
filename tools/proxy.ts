/**
 * A loopback HTTP/1.1 proxy before an emulated AWS service: it takes the time that the real service would, counts calls,
 * enforces quotas, and makes the faults that emulators cannot make. What it adds is simulated, and whoever prints figures must
 * say so. It must never retry or reorder: one request here is one request to the service, or none.
 */
import { setMaxListeners } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AddedFault, FaultBook, type FaultRule } from "./proxy-faults.js";
import { type Answer, type Call, errorAnswer, forwarded, parse, textOf } from "./proxy-messages.js";
import type { Quotas } from "./proxy-quotas.js";

export { type AddedFault, type FaultRule, throttle } from "./proxy-faults.js";
export type { Body, Call } from "./proxy-messages.js";

export interface ProxyOptions {
  /** How long every call takes: the service's own time is within it, not on top. Default 0. */
  readonly latencyMs?: number;
  /** The same for calls that take a time of their own; undefined for all others. */
  latencyOf?(call: Call): number | undefined;
  /** What is one call too many is refused. Default: nothing is. */
  readonly quotas?: Quotas;
  /** Told of every call once it has ended, with an answer or without. */
  onEnded?(ended: EndedCall): void;
  readonly port?: number;
}

/** Times are this process's, as `performance.now()` tells them. */
export interface EndedCall extends Call {
  /** When the answer was to be sent, */
  readonly dueMs: number;
  /**
   * and when it was, or its caller had gone. Later than due: the emulator or this machine took longer than is simulated.
   */
  readonly endedMs: number;
  /** By a quota. */
  readonly isRefused: boolean;
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
  /**
   * Resets open connections, as a server or a middlebox does that has forgotten them: all, or those on which the last call was
   * one that `which` accepts. Returns how many.
   */
  resetConnections(which?: (last: Call) => boolean): number;
  /** Whatever is sent on connections open now is swallowed; new connections work. */
  blackHoleConnections(which?: (last: Call) => boolean): number;
  stop(): Promise<void>;
}

/** Starts a proxy before `target`, the endpoint of a service (`http://127.0.0.1:4568`). */
export async function startProxy(target: string, options: ProxyOptions = {}): Promise<FaultProxy> {
  const proxy = new LoopbackProxy(new URL(target), options);
  await proxy.listen(options.port ?? 0);
  return proxy;
}

const NO_FAULT: FaultRule | { readonly none: true } = { none: true };

class LoopbackProxy implements FaultProxy {
  latencyMs: number;
  readonly #target: URL;
  readonly #options: ProxyOptions;
  readonly #agent = new Agent({ keepAlive: true, timeout: 20_000 });
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #faults = new FaultBook();
  readonly #sockets = new Set<Socket>();
  readonly #swallowed = new WeakSet<Socket>();
  readonly #lastCall = new WeakMap<Socket, Call>();
  readonly #stopped = new AbortController();
  #calls: Record<string, number> = {};
  #accepted = 0;
  #answered = { count: 0, ms: 0 };
  #inFlight = 0;
  #maxInFlight = 0;

  constructor(target: URL, options: ProxyOptions) {
    this.#target = target;
    this.#options = options;
    this.latencyMs = options.latencyMs ?? 0;
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

  resetConnections(which?: (last: Call) => boolean): number {
    const sockets = this.#connectionsOf(which);
    for (const socket of sockets) socket.resetAndDestroy();
    return sockets.length;
  }

  blackHoleConnections(which?: (last: Call) => boolean): number {
    const sockets = this.#connectionsOf(which);
    for (const socket of sockets) this.#swallowed.add(socket);
    return sockets.length;
  }

  #connectionsOf(which: ((last: Call) => boolean) | undefined): readonly Socket[] {
    return [...this.#sockets].filter((socket) => {
      const last = this.#lastCall.get(socket);
      return which === undefined || (last !== undefined && which(last));
    });
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
    const arrivedMs = performance.now();
    const text = await textOf(request);
    const call = { operation, body: parse(text) };
    this.#lastCall.set(request.socket, call);
    const rule = this.#faults.take(operation, call.body) ?? NO_FAULT;
    const addedMs = "delayMs" in rule ? rule.delayMs : 0;
    const dueMs = arrivedMs + addedMs + (this.#options.latencyOf?.(call) ?? this.latencyMs);
    let isRefused = false;
    response.once("close", () => {
      this.#options.onEnded?.({ ...call, dueMs, endedMs: performance.now(), isRefused });
    });
    await this.#pause(addedMs);
    if (this.#swallowed.has(request.socket) || "hang" in rule) return;
    if ("reset" in rule) {
      request.socket.resetAndDestroy();
      return;
    }
    const refusal = "error" in rule ? rule : this.#options.quotas?.refusal(call);
    isRefused = refusal !== undefined && refusal !== rule;
    const answer = refusal === undefined ? await this.#ask(request, call, text, rule) : errorAnswer(refusal);
    await this.#pause(dueMs - performance.now());
    if (this.#swallowed.has(request.socket)) return;
    if ("loseAnswer" in rule) {
      if (rule.loseAnswer === "reset") request.socket.resetAndDestroy();
      return;
    }
    const { rewriteAnswer } = { rewriteAnswer: undefined, ...rule };
    const sent = rewriteAnswer ? JSON.stringify(rewriteAnswer(parse(answer.text), call.body)) : answer.text;
    response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(sent) });
    response.end(sent);
  }

  /** Does not wait for a turn of the timer when there is nothing to wait for. */
  async #pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(Math.ceil(ms), undefined, { signal: this.#stopped.signal });
  }

  /** The request is sent on at once: it is the answer that is held back until it is due. */
  async #ask(request: IncomingMessage, call: Call, text: string, rule: FaultRule | typeof NO_FAULT): Promise<Answer> {
    const { quotas } = this.#options;
    const isRewritten = "rewriteRequest" in rule;
    const asked = isRewritten ? { ...call, body: rule.rewriteRequest(call.body) } : call;
    const body = quotas?.measured(asked) ?? asked.body;
    const answer = await this.#forward(request, quotas || isRewritten ? JSON.stringify(body) : text);
    quotas?.answered(asked, parse(answer.text));
    return answer;
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
