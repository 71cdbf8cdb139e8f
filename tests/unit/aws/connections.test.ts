/** Which kept connections are used again: after idle hours, after a failure, beside one that keeps silent. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createHttpHandler, type HttpHandler } from "../../../src/aws/http-handler.js";
import { until } from "../../support/until.js";
import { type HandlerClock, movableClock, ok, openWire, reset, silent, type Wire } from "../support/wire.js";

const MINUTE_MS = 60_000;
let wire: Wire;
let other: Wire;
let clock: HandlerClock;
let handler: HttpHandler;

beforeEach(async () => {
  wire = await openWire();
  other = await openWire();
  clock = movableClock();
  handler = createHttpHandler(clock);
});

afterEach(async () => {
  handler.destroy();
  await wire.stop();
  await other.stop();
});

const call = (abortSignal?: AbortSignal) =>
  handler.handle(wire.request(), abortSignal && { abortSignal }).then(
    ({ response }) => response.statusCode,
    (error: Error) => error.name,
  );
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Eight connections, idle. */
async function eightIdle(): Promise<void> {
  expect(await Promise.all(Array.from({ length: 8 }, () => call()))).toEqual(Array(8).fill(200));
  expect(wire.made).toBe(8);
}

describe("a kept connection", () => {
  test("is used again, call after call", async () => {
    for (let calls = 0; calls < 5; calls++) expect(await call()).toBe(200);
    expect(wire.made).toBe(1);
  });

  test.each([
    ["by the wall clock alone, which is all that moves in a frozen environment", 6 * MINUTE_MS, 0],
    ["by the monotonic clock alone, since the wall clock was set back", -60 * MINUTE_MS, 6 * MINUTE_MS],
  ])("is not used when it was idle for more than five minutes, %s", async (_which, wallMs, monotonicMs) => {
    await eightIdle();
    wire.turn(silent);
    clock.wallMs += wallMs;
    clock.monotonicMs += monotonicMs;
    expect(await call()).toBe(200);
    expect(wire.made).toBe(9);
    await until("all eight are closed", () => wire.sockets.size === 1);
  });

  test("is used when it was idle for less", async () => {
    await eightIdle();
    clock.wallMs += 4 * MINUTE_MS;
    expect(await call()).toBe(200);
    expect(wire.made).toBe(8);
  });

  test("counts as used when it has answered, not when it was made", async () => {
    for (let calls = 0; calls < 4; calls++) {
      expect(await call()).toBe(200);
      clock.wallMs += 3 * MINUTE_MS;
    }
    expect(wire.made).toBe(1);
  });
});

describe("of eight that are dead", () => {
  test("and reset, one costs a call, and the repeat goes over a new one", async () => {
    await eightIdle();
    wire.turn(reset);
    expect(await call()).toBe("Error");
    expect(await call()).toBe(200);
    expect(wire.made).toBe(9);
  });

  test("and swallow everything, one costs a call: the repeat beside it goes over a new one", async () => {
    await eightIdle();
    wire.turn(silent);
    const abort = new AbortController();
    const first = call(abort.signal);
    await sleep(60);
    expect(await call()).toBe(200);
    abort.abort();
    expect(await first).toBe("AbortError");
    expect(wire.made).toBe(9);
  });

  test("and swallow everything, the repeat after it was given up goes over a new one", async () => {
    await eightIdle();
    wire.turn(silent);
    expect(await call(AbortSignal.timeout(60))).toBe("AbortError");
    await until("all are closed", () => wire.sockets.size === 0);
    expect(await call()).toBe(200);
    expect(wire.made).toBe(9);
  });

  test("and swallow everything, what times out costs the others, too", async () => {
    await eightIdle();
    wire.turn(silent);
    const late = handler.handle(wire.request(), { requestTimeout: 60 });
    await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
    expect(await call()).toBe(200);
  });

  test("a whole refresh of eight at once is lost once, not twice", async () => {
    await eightIdle();
    wire.turn(reset);
    const all = () => Promise.all(Array.from({ length: 8 }, () => call()));
    expect(await all()).toEqual(Array(8).fill("Error"));
    expect(await all()).toEqual(Array(8).fill(200));
  });
});

describe("what is no fault of the connections costs none", () => {
  test("a call that was given up before it could be answered", async () => {
    await eightIdle();
    wire.turn(silent);
    const abort = new AbortController();
    const first = call(abort.signal);
    await until("it has arrived", () => wire.requests.length === 9);
    abort.abort();
    expect(await first).toBe("AbortError");
    await until("its connection is closed", () => wire.sockets.size === 7);
    wire.turn(ok);
    expect(await call()).toBe(200);
    expect(wire.made).toBe(8);
  });

  test("a slow answer, for those that have answered since", async () => {
    await eightIdle();
    // The one used last is the next.
    wire.turn((socket, request) => {
      if (request.includes("slow")) setTimeout(() => ok(socket, request), 150);
      else ok(socket, request);
    });
    const slow = handler.handle(wire.request({ headers: { "content-length": "2", "x-a": "slow" } }));
    expect(await call()).toBe(200);
    await sleep(60);
    expect(await call()).toBe(200);
    await slow;
    expect(wire.made).toBe(8);
  });

  test("a failure to connect", async () => {
    await eightIdle();
    await expect(handler.handle(wire.request({ port: 1 }))).rejects.toThrow(/ECONNREFUSED/);
    expect(await call()).toBe(200);
    expect(wire.made).toBe(8);
  });

  test("a slow answer over a new connection, such as to another service", async () => {
    await eightIdle();
    other.behave(silent);
    const slow = handler.handle(other.request(), { abortSignal: AbortSignal.timeout(100) });
    await sleep(60);
    expect(await call()).toBe(200);
    expect(wire.made).toBe(8);
    await expect(slow).rejects.toMatchObject({ name: "AbortError" });
  });

  test("an answer with an error status", async () => {
    await eightIdle();
    wire.turn((socket) => socket.write("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"));
    expect(await call()).toBe(500);
    wire.turn(ok);
    expect(await call()).toBe(200);
    expect(wire.made).toBe(8);
  });
});
