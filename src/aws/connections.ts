/**
 * The connections kept open between calls, and which of them may still be used. It exists because a kept connection may be
 * dead without anybody having noticed: the network forgets idle ones, and a frozen environment sleeps through their end.
 * Then all of them are dead at once, and each that is tried costs a call. So none is used that was idle for too long; and
 * once one fails or keeps silent, no idle one that is as old is used beside or after it. One call is lost to old
 * connections at most, and its repeat goes over a new one.
 *
 * It goes by clocks at the moment a call is made, and must never rely on a timer: timers stand still in a frozen environment.
 */
import http from "node:http";
import https from "node:https";
import type { LookupFunction, Socket } from "node:net";
import type { Clock } from "../core/clock.js";
import { ageMs, type Epoch, type Moment } from "../core/moment.js";

/** AWS's own network (NAT gateways, endpoints, load balancers) forgets what was idle for 350 s, without a word. */
const LONGEST_IDLE_MS = 300_000;
/** A call unanswered for this long makes its connection suspect: several times a round trip within a region. */
const SUSPECT_AFTER_MS = 50;
/** One for each shard, so that a refresh is one round trip on wide streams, too. */
const MAX_CONNECTIONS = 512;

export interface Connections {
  /** A request not sent yet. It will go over a kept connection that can be trusted, else over a new one. */
  open(protocol: string, options: http.RequestOptions): http.ClientRequest;
  /** Closes all, in use or not. */
  close(): void;
}

export interface ConnectionOptions {
  /** How names become addresses. Default: the system's way. */
  readonly lookup?: LookupFunction | undefined;
}

/** What a request is destroyed with by whoever waits for it: no fault of its connection. */
export class CallEnded extends Error {
  constructor(name: "AbortError" | "TimeoutError", message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
  }
}

/** A request that went over a connection used before, and had no answer yet. */
interface Unanswered {
  readonly request: http.ClientRequest;
  readonly began: Moment;
}

export function createConnections(clock: Clock, { lookup }: ConnectionOptions = {}): Connections {
  const settings = {
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS,
    maxFreeSockets: MAX_CONNECTIONS,
    // Where IPv6 leads nowhere, IPv4 is tried after a quarter of a second. Also Node's default, which can be turned off.
    autoSelectFamily: true,
    ...(lookup && { lookup }),
  };
  const plain = new http.Agent(settings);
  const secure = new https.Agent(settings);
  const agents = [plain, secure];
  /** When each connection last proved to be alive. One that never did is not trusted. */
  const provenAlive = new WeakMap<Socket, Moment>();
  const unanswered = new Set<Unanswered>();
  // Of a request that was ended while it connected: from Node 24 on the agent keeps its connection.
  for (const agent of agents) agent.on("free", (socket: Socket) => provenAlive.has(socket) || socket.destroy());
  let epoch: Epoch = 0;

  function moment(): Moment {
    return { epoch: ++epoch, atMs: clock.now(), monotonicMs: clock.monotonic() };
  }

  function closeIdle(mayStay: (alive: Moment) => boolean): void {
    for (const { freeSockets } of agents) {
      for (const name in freeSockets) {
        for (const socket of freeSockets[name] ?? []) {
          const alive = provenAlive.get(socket);
          if (!alive || !mayStay(alive)) socket.destroy();
        }
      }
    }
  }

  function closeUntrusted(now: Moment): void {
    const suspects = [...unanswered].filter((call) => isSuspect(call, now));
    closeIdle((alive) => ageMs(alive, now) <= LONGEST_IDLE_MS && suspects.every(({ began }) => isLater(alive, began)));
  }

  function watch(request: http.ClientRequest, began: Moment): void {
    const call: Unanswered = { request, began };
    unanswered.add(call);
    request.once("response", (response) => {
      unanswered.delete(call);
      const { socket } = response;
      response.once("end", () => provenAlive.set(socket, moment()));
    });
    request.once("error", (error) => {
      if (!request.reusedSocket) return;
      if (!(error instanceof CallEnded)) closeIdle(() => false);
      else if (unanswered.has(call) && isSuspect(call, moment())) closeIdle((alive) => isLater(alive, began));
    });
    request.once("close", () => unanswered.delete(call));
  }

  return {
    open(protocol, options) {
      const began = moment();
      closeUntrusted(began);
      // Called on the module: tracing tools replace its functions.
      const request =
        protocol === "http:"
          ? http.request({ ...options, agent: plain })
          : // It refuses what is neither, such as the "localhost:" of an address that lacks its protocol.
            https.request({ ...options, protocol, agent: secure });
      watch(request, began);
      return request;
    },

    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}

function isSuspect({ request, began }: Unanswered, now: Moment): boolean {
  return request.reusedSocket && ageMs(began, now) >= SUSPECT_AFTER_MS;
}

function isLater(one: Moment, other: Moment): boolean {
  return one.epoch > other.epoch;
}
