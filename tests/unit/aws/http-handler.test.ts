/** One request and its whole answer: what may go wrong with it on the way, and that nothing is left behind. */
import { getEventListeners } from "node:events";
import type { LookupFunction } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createHttpHandler, type HttpHandler } from "../../../src/aws/http-handler.js";
import { until } from "../../support/until.js";
import {
  answer,
  type Behaviour,
  type HandlerClock,
  movableClock,
  openWire,
  reset,
  silent,
  stalled,
  truncated,
  type Wire,
} from "../support/wire.js";

let wire: Wire;
let clock: HandlerClock;
let handler: HttpHandler;

beforeEach(async () => {
  wire = await openWire();
  clock = movableClock();
  handler = createHttpHandler(clock);
});

afterEach(async () => {
  handler.destroy();
  await wire.stop();
});

test("an address without a protocol is refused in words, before anything is sent", async () => {
  const handler = createHttpHandler(movableClock());
  for (const protocol of ["localhost:", "ftp:"]) {
    const request = { method: "POST", protocol, hostname: "127.0.0.1", port: 1, path: "/", headers: {} };
    await expect(handler.handle(request)).rejects.toMatchObject({ code: "ERR_INVALID_PROTOCOL" });
  }
});

describe("an answer", () => {
  test("comes with its status, its headers and all of its body", async () => {
    const body = "é".repeat(200_000);
    wire.behave((socket) => socket.write(answer(body, "X-Amzn-RequestId: 7\r\nset-cookie: a=1\r\n")));
    const { response } = await handler.handle(wire.request());
    expect(response).toMatchObject({ statusCode: 200, headers: { "x-amzn-requestid": "7" } });
    expect(Buffer.from(response.body).toString()).toBe(body);
  });

  test("may come without a body, and in chunks", async () => {
    wire.behave((socket) => socket.write(answer("")));
    expect((await handler.handle(wire.request())).response.body).toHaveLength(0);
    wire.turn((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
    );
    expect(Buffer.from((await handler.handle(wire.request())).response.body).toString()).toBe("abc");
  });
});

describe("a request", () => {
  test("is sent as it is: method, path, headers, text or bytes", async () => {
    await handler.handle(
      wire.request({ path: "/a%20b/", headers: { "content-length": "3", "x-amz-target": "A.B" }, body: "abc" }),
    );
    await handler.handle(wire.request({ headers: { "content-length": "2" }, body: Buffer.from("xyz").subarray(1) }));
    await handler.handle(wire.request({ method: "GET", headers: {}, body: undefined }));
    expect(wire.requests[0]).toMatch(/^POST \/a%20b\/ HTTP\/1\.1\r\n(.+\r\n)*x-amz-target: A\.B\r\n(.+\r\n)*\r\nabc$/i);
    expect(wire.requests[1]).toMatch(/\r\n\r\nyz$/);
    expect(wire.requests[2]).toMatch(/^GET \/ HTTP\/1\.1\r\n(.+\r\n)*\r\n$/);
  });

  test("carries its query as a server reads it, whatever it holds", async () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1, maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ minLength: 1 }), value, { maxKeys: 4 }), async (query) => {
        const count = wire.requests.length;
        await handler.handle(wire.request({ query }));
        const target = wire.requests[count]?.split(" ")[1] ?? "";
        // What a signature counts as escaped.
        expect(target).toMatch(/^\/(\?[\w.~%=&-]*)?$/);
        const { searchParams } = new URL(target, "http://a");
        for (const [name, values] of Object.entries(query)) {
          expect(searchParams.getAll(name).sort()).toEqual([values].flat().sort());
        }
      }),
      { numRuns: 50 },
    );
  });

  test("with another kind of body is refused before anything is sent", async () => {
    await expect(handler.handle(wire.request({ body: { pipe() {} } }))).rejects.toThrow(TypeError);
    expect(wire.made).toBe(0);
  });

  test("to a name goes over IPv4 where IPv6 leads nowhere, and over IPv6 in brackets", async () => {
    const lookup: LookupFunction = (_name, _options, callback) =>
      callback(null, [
        { address: "::1", family: 6 },
        { address: "127.0.0.1", family: 4 },
      ]);
    const dual = createHttpHandler(clock, { lookup });
    const { response } = await dual.handle(wire.request({ hostname: "kinesis.example" }));
    expect(response.statusCode).toBe(200);
    dual.destroy();
    await expect(handler.handle(wire.request({ hostname: "[::1]" }))).rejects.toMatchObject({ address: "::1" });
  });
});

const faults: [what: string, does: Behaviour, told: string][] = [
  ["headers that come too late", silent, "TimeoutError"],
  ["a body that stalls", stalled, "TimeoutError"],
  ["a body cut short", truncated, "aborted"],
  ["a reset", reset, "ECONNRESET"],
  ["something that is not HTTP", (socket) => socket.write("hello\r\n\r\n"), "HPE_INVALID_CONSTANT"],
  [
    "a switch to another protocol",
    (socket) => socket.write("HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    "aborted",
  ],
];

describe("what may go wrong", () => {
  test.each(faults)("%s ends the call, within its time, and leaves nothing behind", async (_what, behaviour, told) => {
    wire.behave(behaviour);
    const { signal } = new AbortController();
    const call = handler.handle(wire.request(), { abortSignal: signal, requestTimeout: 200 });
    const error = (await call.catch((thrown: unknown) => thrown)) as NodeJS.ErrnoException;
    expect([error.code, error.name, error.message]).toContain(told);
    expect(clock.timers).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await until("its connection is closed", () => wire.sockets.size === 0);
  });

  test.each([
    ["before it is answered", silent],
    ["in mid-body", stalled],
  ])("an abort %s ends the call at once, and its connection with it", async (_when, behaviour) => {
    wire.behave(behaviour);
    const controller = new AbortController();
    const call = handler.handle(wire.request(), { abortSignal: controller.signal });
    await until("it has arrived", () => wire.requests.length === 1);
    // So that what was answered so far has arrived, too.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const abortedAt = performance.now();
    controller.abort(new Error("why"));
    await expect(call).rejects.toMatchObject({ name: "AbortError", cause: { message: "why" } });
    expect(performance.now() - abortedAt).toBeLessThan(100);
    expect(clock.timers).toBe(0);
    await until("its connection is closed", () => wire.sockets.size === 0);
  });

  test("what was aborted beforehand is not sent", async () => {
    const abortSignal = AbortSignal.abort();
    await expect(handler.handle(wire.request(), { abortSignal })).rejects.toMatchObject({ name: "AbortError" });
    await expect(handler.handle(wire.request(), { abortSignal: { aborted: true } })).rejects.toThrow(/aborted/);
    expect([wire.made, clock.timers]).toEqual([0, 0]);
  });

  test("what is aborted while it connects leaves no connection", async () => {
    const controller = new AbortController();
    const call = handler.handle(wire.request(), { abortSignal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(clock.timers).toBe(0);
    // One that was made before the abort came may be closed a little later.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await until("no connection is left", () => wire.sockets.size === 0);
  });
});

test("after a call that went well there is an idle connection, and nothing else", async () => {
  const { signal } = new AbortController();
  await handler.handle(wire.request(), { abortSignal: signal });
  expect(clock.timers).toBe(0);
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(wire.sockets.size).toBe(1);
  handler.destroy();
  await until("it is closed", () => wire.sockets.size === 0);
});

test("is what the SDK asks of a handler, of HTTP/1.1", () => {
  expect(handler.metadata).toEqual({ handlerProtocol: "http/1.1" });
  expect(handler.httpHandlerConfigs()).toEqual({});
  expect(handler.updateHttpClientConfig()).toBeUndefined();
});
