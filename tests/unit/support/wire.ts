/**
 * A server of bare sockets for tests of what may go wrong on a connection, and a clock that can be moved under a handler.
 * Each connection answers requests as its current behaviour says; it knows nothing of AWS.
 */

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { HttpRequest } from "../../../src/aws/http-handler.js";
import { type Clock, systemClock } from "../../../src/core/clock.js";

/** What a connection does with a whole request. */
export type Behaviour = (socket: Socket, request: string) => void;

export const ok: Behaviour = (socket) => socket.write(answer("ok"));
export const silent: Behaviour = () => undefined;
export const reset: Behaviour = (socket) => socket.resetAndDestroy();
/** The head and a part of the body, then nothing. */
export const stalled: Behaviour = (socket) => socket.write(answer("ok").replace("length: 2", "length: 20"));
export const truncated: Behaviour = (socket) => socket.end(answer("ok").replace("length: 2", "length: 20"));

export function answer(body: string, head = ""): string {
  return `HTTP/1.1 200 OK\r\n${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export interface Wire {
  readonly port: number;
  /** The connections there are. */
  readonly sockets: ReadonlySet<Socket>;
  /** How many were ever made. */
  readonly made: number;
  /** Whole requests, in order of arrival, of all connections. */
  readonly requests: readonly string[];
  /** What connections made from now on do. */
  behave(behaviour: Behaviour): void;
  /** What those do that there are. */
  turn(behaviour: Behaviour): void;
  request(more?: Partial<HttpRequest>): HttpRequest;
  stop(): Promise<void>;
}

export async function openWire(): Promise<Wire> {
  const behaviours = new Map<Socket, Behaviour>();
  const requests: string[] = [];
  let made = 0;
  let next = ok;
  const server = createServer((socket) => {
    made++;
    behaviours.set(socket, next);
    let held = "";
    socket.on("error", () => undefined);
    socket.on("close", () => behaviours.delete(socket));
    socket.on("data", (chunk) => {
      held += chunk.toString("latin1");
      const head = held.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(held)?.[1] ?? 0);
      if (head < 0 || held.length < head + 4 + length) return;
      requests.push(held);
      const whole = held;
      held = "";
      behaviours.get(socket)?.(socket, whole);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get sockets() {
      return new Set(behaviours.keys());
    },
    get made() {
      return made;
    },
    requests,
    behave(behaviour) {
      next = behaviour;
    },
    turn(behaviour) {
      for (const socket of behaviours.keys()) behaviours.set(socket, behaviour);
    },
    request: (more) => ({
      method: "POST",
      protocol: "http:",
      hostname: "127.0.0.1",
      port,
      path: "/",
      headers: { "content-length": "2" },
      body: "{}",
      ...more,
    }),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of behaviours.keys()) socket.destroy();
      await closed;
    },
  };
}

export interface HandlerClock extends Clock {
  wallMs: number;
  monotonicMs: number;
  /** Timers that were neither called nor cancelled. */
  readonly timers: number;
}

/** The system's timers, and clocks that can be moved. */
export function movableClock(): HandlerClock {
  let timers = 0;
  const clock = {
    wallMs: 0,
    monotonicMs: 0,
    get timers() {
      return timers;
    },
    now: () => systemClock.now() + clock.wallMs,
    monotonic: () => systemClock.monotonic() + clock.monotonicMs,
    after(delayMs: number, callback: () => void) {
      timers++;
      let pending = true;
      const over = () => {
        if (pending) timers--;
        pending = false;
      };
      const cancel = systemClock.after(delayMs, () => {
        over();
        callback();
      });
      return () => {
        over();
        cancel();
      };
    },
  };
  return clock;
}
