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
    says: (serverTimeMs: number | undefined) => server.timed(async () => ({ serverTimeMs })),
  };
}

test("a timestamp is earlier by the margin, and by what our clock is known to be ahead", async () => {
  const { server, says } = setUp();
  expect(server.timestamp(500_000)).toBe(490_000);
  await says(undefined);
  expect(server.timestamp(500_000)).toBe(490_000);
  await says(880_000);
  expect(server.timestamp(500_000)).toBe(370_000);
});

test("P1: a clock that was far ahead and is set right has noted times that are still in use", async () => {
  const { server, setTo, says } = setUp();
  await says(880_000);
  setTo(881_000);
  await says(881_000);
  expect(server.timestamp(999_000)).toBe(869_000);
});

test("once no time noted before is in use, the latest answer counts", async () => {
  const { server, setTo, says } = setUp();
  await says(880_000);
  server.startOver();
  expect(server.timestamp(999_000)).toBe(869_000);
  setTo(881_000);
  await says(880_500);
  server.startOver();
  expect(server.timestamp(999_000)).toBe(988_500);
});

test("an answer that was under way for hours, as in a freeze, is of no use, and tells nothing", async () => {
  const { server, setTo } = setUp();
  const answerAfter = (tookMs: number, serverTimeMs?: number) => {
    setTo(1_000_000);
    return server.timed(async () => {
      setTo(1_000_000 + tookMs);
      return { serverTimeMs };
    });
  };
  await answerAfter(30_000, 1_029_000);
  expect(server.timestamp(500_000)).toBe(489_000);
  for (const tookMs of [30_001, 21_600_000, -30_001]) {
    await expect(answerAfter(tookMs, 1_000_000)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await answerAfter(tookMs)).toEqual({});
  }
  server.startOver();
  expect(server.timestamp(500_000)).toBe(489_000);
});

test("a clock that is behind makes no timestamp later", async () => {
  const { server, says } = setUp();
  await says(9_000_000);
  expect(server.timestamp(500_000)).toBe(490_000);
});
