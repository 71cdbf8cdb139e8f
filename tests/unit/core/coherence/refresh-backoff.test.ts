/** How long a stream that does not answer well is left alone. */
import { describe, expect, test } from "@jest/globals";
import { createRefreshBackoff } from "../../../../src/core/coherence/refresh-backoff.js";

/** For how long from `nowMs` on the stream is left alone. */
function heldMs(backoff: ReturnType<typeof createRefreshBackoff>, nowMs: number): number {
  let ms = 0;
  while (ms < 20_000 && backoff.holds(nowMs + ms)) ms += 10;
  return ms;
}

describe("RefreshBackoff", () => {
  test("one failure costs one invocation: the next tries again", () => {
    const backoff = createRefreshBackoff(() => 1);
    backoff.failed(0, false);
    expect(backoff.holds(0)).toBe(false);
    backoff.failed(0, false);
    expect(backoff.holds(0)).toBe(true);
  });

  test("throttling holds from the first refusal, twice as long at each, and never longer than 5 seconds", () => {
    const backoff = createRefreshBackoff(() => 1);
    const held = Array.from({ length: 8 }, () => {
      backoff.failed(0, true);
      return heldMs(backoff, 0);
    });
    expect(held).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  test("is spread by chance from half of the time to all of it, so that a fleet does not come back as one", () => {
    const held = [0, 0.5, 1].map((chance) => {
      const backoff = createRefreshBackoff(() => chance);
      backoff.failed(0, true);
      return heldMs(backoff, 0);
    });
    expect(held).toEqual([100, 150, 200]);
  });

  test("is over after a success, and the next failure is a first one again", () => {
    const backoff = createRefreshBackoff(() => 1);
    for (let failures = 0; failures < 5; failures++) backoff.failed(0, true);
    backoff.reset();
    expect(backoff.holds(0)).toBe(false);
    backoff.failed(0, true);
    expect(heldMs(backoff, 0)).toBe(200);
  });

  test("does not outlast a clock that was set back", () => {
    const backoff = createRefreshBackoff(() => 1);
    backoff.failed(3_600_000, true);
    expect([backoff.holds(3_600_000), backoff.holds(0)]).toEqual([true, false]);
  });
});
