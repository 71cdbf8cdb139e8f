/** That a timestamp is never late on the server's clock, whatever ours says, then or later. */
import { expect, test } from "@jest/globals";
import { createServerClock } from "../../../src/kinesis/server-clock.js";

function setUp() {
  let nowMs = 1_000_000;
  const server = createServerClock({ now: () => nowMs }, 10_000);
  return { server, setTo: (ms: number) => (nowMs = ms) };
}

test("a timestamp is earlier by the margin, and by what our clock is known to be ahead", () => {
  const { server } = setUp();
  expect(server.timestamp(500_000)).toBe(490_000);
  server.says(undefined);
  expect(server.timestamp(500_000)).toBe(490_000);
  server.says(880_000);
  expect(server.timestamp(500_000)).toBe(370_000);
});

test("P1: a clock that was far ahead and is set right has noted times that are still in use", () => {
  const { server, setTo } = setUp();
  server.says(880_000);
  setTo(881_000);
  server.says(881_000);
  expect(server.timestamp(999_000)).toBe(869_000);
});

test("a clock that is behind makes no timestamp later", () => {
  const { server } = setUp();
  server.says(9_000_000);
  expect(server.timestamp(500_000)).toBe(490_000);
});
