/** When trouble is told of: once as it starts and once as it ends, so that no outage fills a log or goes unseen. */
import { describe, expect, test } from "@jest/globals";
import type { Notices } from "../../../src/core/notices.js";
import { causesOf, createTroubleLog, errorName } from "../../../src/core/trouble-log.js";

function listen() {
  const heard: string[] = [];
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
  const notices: Notices = {
    troubleStarted: (kind, detail) => heard.push(`start ${kind}: ${detail.reason}`),
    troubleEnded: (kind, detail) => heard.push(`end ${kind}: ${detail.durationMs} ms, ${detail.occurrences}`),
    advise: (message) => heard.push(`advice ${message}`),
    debug: (message) => heard.push(`debug ${message}`),
  };
  return { heard, clock, log: createTroubleLog(clock, notices) };
}

describe("TroubleLog", () => {
  test("one notice when trouble starts and one when it ends, however many invocations it meets", () => {
    const { heard, clock, log } = listen();
    for (let i = 0; i < 1_000; i += 1) {
      log.failed("refresh", "deadline");
      clock.nowMs += 10;
    }
    for (let i = 0; i < 1_000; i += 1) log.recovered("refresh");
    expect(heard).toEqual(["start refresh: deadline", "end refresh: 10000 ms, 1000"]);
  });

  test("without trouble a success says nothing", () => {
    const { heard, log } = listen();
    log.recovered("refresh");
    expect(heard).toEqual([]);
  });

  test("kinds are told apart", () => {
    const { heard, log } = listen();
    log.failed("refresh", "a");
    log.failed("publish", "b");
    log.recovered("publish");
    expect(heard).toEqual(["start refresh: a", "start publish: b", "end publish: 0 ms, 1"]);
  });

  test("trouble that flickers is told a few times, then once a minute", () => {
    const { heard, clock, log } = listen();
    for (let i = 0; i < 600; i += 1) {
      log.failed("throttled", "rate");
      log.recovered("throttled");
      clock.nowMs += 1_000;
    }
    const starts = heard.filter((line) => line.startsWith("start"));
    expect(starts.length).toBe(3 + 9);
    expect(heard.length).toBe(2 * starts.length);
  });

  test("a lasting trouble that began silently is told as soon as the minute is over", () => {
    const { heard, clock, log } = listen();
    for (let i = 0; i < 4; i += 1) {
      log.failed("refresh", "flicker");
      log.recovered("refresh");
    }
    expect(heard).toHaveLength(6);
    for (let i = 0; i < 7; i += 1) {
      log.failed("refresh", "for good");
      clock.nowMs += 10_000;
    }
    expect(heard.slice(6)).toEqual(["start refresh: for good"]);
  });

  test("the wording of a reason is no news, however often it changes", () => {
    const { heard, log } = listen();
    for (let i = 0; i < 10; i += 1) log.failed("record", `position ${i}`);
    expect(heard).toEqual(["start record: position 0"]);
  });

  test("another cause during the same trouble is told too, once", () => {
    const { heard, log } = listen();
    const denied = Object.assign(new Error("no"), { name: "AccessDeniedException" });
    const keys = Object.assign(new Error("no"), { name: "KMSDisabledException" });
    for (let i = 0; i < 3; i += 1) {
      log.failed("refused", "not allowed", new Error("wrapped", { cause: denied }));
      log.failed("refused", "key", keys);
    }
    log.recovered("refused");
    expect(heard).toEqual(["start refused: not allowed", "start refused: key", "end refused: 0 ms, 6"]);
  });

  test("a cause that is new every time cannot fill the log", () => {
    const { heard, clock, log } = listen();
    const failAs = (name: string) => log.failed("refresh", "x", Object.assign(new Error("x"), { name }));
    for (let i = 0; i < 1_000; i += 1) failAs(`Name${i}`);
    expect(heard).toHaveLength(3);
    for (let i = 1_000; i < 2_000; i += 1) {
      clock.nowMs += 60_000;
      failAs(`Name${i}`);
    }
    expect(heard).toHaveLength(16);
  });

  test("a clock set back silences nothing and gives no negative duration", () => {
    const { heard, clock, log } = listen();
    log.failed("refresh", "a");
    clock.nowMs -= 3_600_000;
    log.recovered("refresh");
    expect(heard).toEqual(["start refresh: a", "end refresh: 0 ms, 1"]);
    for (let i = 0; i < 10; i += 1) {
      clock.nowMs -= 1;
      log.failed("publish", "b");
      log.recovered("publish");
    }
    expect(heard.length).toBeGreaterThan(5);
  });

  test("no listener is needed", () => {
    const log = createTroubleLog({ now: () => 0 }, undefined);
    log.failed("refresh", "a");
    log.recovered("refresh");
    log.debug("b");
  });

  test("a chain of causes is walked to its origin, and a loop ends", () => {
    const reset = Object.assign(new Error("socket"), { code: "ECONNRESET" });
    const outer = new TypeError("outer", { cause: reset });
    expect(causesOf(outer)).toEqual([outer, reset]);
    expect(causesOf(outer).map(errorName)).toEqual(["TypeError", "ECONNRESET"]);
    const loop = new Error("loop");
    loop.cause = loop;
    expect(causesOf(loop)).toEqual(Array.from({ length: 8 }, () => loop));
    expect([causesOf("text"), causesOf(undefined)]).toEqual([[], []]);
  });

  test("a code that the system did not give is no name", () => {
    for (const code of ["INVALID", "xECONNRESET", "E2BIG", "ECONNRESETs", ["ECONNRESET"]]) {
      expect(errorName(Object.assign(new RangeError("x"), { code }))).toBe("RangeError");
    }
    expect(errorName(Object.assign(new RangeError("x"), { code: 5 }))).toBe("RangeError");
  });
});
