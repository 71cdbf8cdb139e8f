/** How long a stream that does not answer well is left alone. */
import { describe, expect, test } from "@jest/globals";
import { createRefreshBackoff } from "../../../../src/core/coherence/refresh-backoff.js";

/** By both clocks. */
const at = (ms: number) => ({ atMs: ms, monotonicMs: ms });

/** For how long from 0 on the stream is left alone. */
function heldMs(backoff: ReturnType<typeof createRefreshBackoff>): number {
  let ms = 0;
  while (ms < 20_000 && backoff.holds(at(ms))) ms += 10;
  return ms;
}

describe("RefreshBackoff", () => {
  test("one failure costs one invocation: the next tries again", () => {
    const backoff = createRefreshBackoff(() => 1);
    backoff.failed(at(0), false);
    expect(backoff.holds(at(0))).toBe(false);
    backoff.failed(at(0), false);
    expect(backoff.holds(at(0))).toBe(true);
  });

  test("throttling holds from the first refusal, twice as long at each, and never longer than 5 seconds", () => {
    const backoff = createRefreshBackoff(() => 1);
    const held = Array.from({ length: 8 }, () => {
      backoff.failed(at(0), true);
      return heldMs(backoff);
    });
    expect(held).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  test("is spread by chance from half of the time to all of it, so that a fleet does not come back as one", () => {
    const held = [0, 0.5, 1].map((chance) => {
      const backoff = createRefreshBackoff(() => chance);
      backoff.failed(at(0), true);
      return heldMs(backoff);
    });
    expect(held).toEqual([100, 150, 200]);
  });

  test("is over after a success, and the next failure is a first one again", () => {
    const backoff = createRefreshBackoff(() => 1);
    for (let failures = 0; failures < 5; failures++) backoff.failed(at(0), true);
    backoff.reset();
    expect(backoff.holds(at(0))).toBe(false);
    backoff.failed(at(0), true);
    expect(heldMs(backoff)).toBe(200);
  });

  test("is over when either clock says so: one may have been set back, or have stood still", () => {
    const backoff = createRefreshBackoff(() => 1);
    backoff.failed({ atMs: 3_600_000, monotonicMs: 0 }, true);
    const holds = [
      { atMs: 3_600_000, monotonicMs: 0 },
      { atMs: 0, monotonicMs: 199 },
      { atMs: 0, monotonicMs: 200 },
      // An hour later, when the clock that was set back says the same again.
      { atMs: 3_600_000, monotonicMs: 3_600_000 },
      { atMs: 3_600_200, monotonicMs: 0 },
    ].map((now) => backoff.holds(now));
    expect(holds).toEqual([true, true, false, false, false]);
  });
});
