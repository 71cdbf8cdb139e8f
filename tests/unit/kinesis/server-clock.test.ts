/** That a timestamp is never late on the server's clock, whatever ours says, then or later. */
import { expect, test } from "@jest/globals";
import { createServerClock } from "../../../src/kinesis/server-clock.js";

function setUp() {
  let nowMs = 1_000_000;
  const server = createServerClock({ now: () => nowMs }, 10_000);
  return {
    server,
    setTo: (ms: number) => (nowMs = ms),
    /** An answer at once. */
    says: (serverTimeMs: number | undefined) => server.says(serverTimeMs, nowMs),
  };
}

test("a timestamp is earlier by the margin, and by what our clock is known to be ahead", () => {
  const { server, says } = setUp();
  expect(server.timestamp(500_000)).toBe(490_000);
  says(undefined);
  expect(server.timestamp(500_000)).toBe(490_000);
  says(880_000);
  expect(server.timestamp(500_000)).toBe(370_000);
});

test("P1: a clock that was far ahead and is set right has noted times that are still in use", () => {
  const { server, setTo, says } = setUp();
  says(880_000);
  setTo(881_000);
  says(881_000);
  expect(server.timestamp(999_000)).toBe(869_000);
});

test("once no time noted before is in use, the latest answer counts", () => {
  const { server, setTo, says } = setUp();
  says(880_000);
  server.startOver();
  expect(server.timestamp(999_000)).toBe(869_000);
  setTo(881_000);
  says(880_500);
  server.startOver();
  expect(server.timestamp(999_000)).toBe(988_500);
});

test("an answer that was under way for hours, as in a freeze, tells nothing, and says so", () => {
  const { server, setTo } = setUp();
  const askedAtMs = 1_000_000;
  setTo(askedAtMs + 30_000);
  expect(server.says(askedAtMs + 29_000, askedAtMs)).toBe(true);
  expect(server.timestamp(500_000)).toBe(489_000);
  for (const nowMs of [askedAtMs + 30_001, askedAtMs + 21_600_000, askedAtMs - 30_001]) {
    setTo(nowMs);
    expect(server.says(askedAtMs, askedAtMs)).toBe(false);
    expect(server.says(undefined, askedAtMs)).toBe(true);
  }
  server.startOver();
  expect(server.timestamp(500_000)).toBe(489_000);
});

test("a clock that is behind makes no timestamp later", () => {
  const { server, says } = setUp();
  says(9_000_000);
  expect(server.timestamp(500_000)).toBe(490_000);
});
