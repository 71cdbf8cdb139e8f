/** Which loads may still be stored: none that began before an invalidation of its id, its source or everything. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { FillFence } from "../../../src/core/fill-fence.js";

/** A load that begins in an epoch of its own. */
const nextLoad = (fence: FillFence) => {
  fence.advance();
  return fence.loadStart();
};

describe("FillFence", () => {
  test("refuses a load that began before its id was invalidated, and permits one that began after", () => {
    const fence = new FillFence();
    const before = fence.loadStart();
    fence.advance();
    fence.invalidateKey("k");
    expect([fence.permits("k", "s", before), fence.permits("k", "s", fence.loadStart())]).toEqual([false, true]);
    expect(fence.permits("other", "s", before)).toBe(true);
  });

  test("refuses what began before its source was invalidated", () => {
    const fence = new FillFence();
    const before = fence.loadStart();
    fence.advance();
    fence.invalidateSource("s");
    expect([fence.permits("k", "s", before), fence.permits("k", "other", before)]).toEqual([false, true]);
    expect(fence.permits("k", "s", fence.loadStart())).toBe(true);
  });

  test("tells a key from a source of the same name", () => {
    const fence = new FillFence();
    const before = fence.loadStart();
    fence.advance();
    fence.invalidateKey("x");
    expect(fence.permits("k", "x", before)).toBe(true);
  });

  test("refuses every load that began before everything was invalidated", () => {
    const fence = new FillFence();
    const before = fence.loadStart();
    fence.advance();
    fence.invalidateAll();
    expect([fence.permits("k", "s", before), fence.permits("k", "s", fence.loadStart())]).toEqual([false, true]);
  });

  test("the latest invalidation of an id counts", () => {
    const fence = new FillFence();
    fence.advance();
    fence.invalidateKey("k");
    const between = nextLoad(fence);
    fence.advance();
    fence.invalidateKey("k");
    fence.forgetBefore(between);
    expect([fence.remembered, fence.permits("k", "s", between)]).toEqual([1, false]);
  });

  test("what it forgets it refuses: a load older than the oldest that counts is never stored", () => {
    const fence = new FillFence();
    const before = fence.loadStart();
    fence.advance();
    fence.invalidateKey("k");
    const oldest = nextLoad(fence);
    fence.forgetBefore(oldest);
    expect([fence.remembered, fence.permits("k", "s", before), fence.permits("x", "y", before)]).toEqual([
      0,
      false,
      false,
    ]);
    expect(fence.permits("k", "s", oldest)).toBe(true);
  });

  test("remembers each id and source once, and forgets exactly those that no load can need any more", () => {
    const fence = new FillFence();
    const say = (action: () => void) => {
      fence.advance();
      action();
    };
    say(() => fence.invalidateKey("a"));
    say(() => fence.invalidateKey("b"));
    say(() => fence.invalidateSource("s"));
    say(() => fence.invalidateKey("a"));
    const remembered = [fence.remembered];
    for (const epoch of [1, 2, 3, 4]) {
      fence.forgetBefore(epoch);
      remembered.push(fence.remembered);
    }
    expect(remembered).toEqual([3, 3, 2, 1, 0]);
  });

  test("forgetting up to an earlier epoch than before changes nothing", () => {
    const fence = new FillFence();
    fence.advance();
    fence.forgetBefore(nextLoad(fence));
    fence.forgetBefore(1);
    expect([fence.permits("k", "s", 1), fence.permits("k", "s", 2)]).toEqual([false, true]);
  });

  test("a million remembered invalidations do not accumulate, and none of the loads before them is permitted", () => {
    const fence = new FillFence();
    const before = fence.loadStart();
    let most = 0;
    for (let index = 0; index < 1_000_000; index++) {
      if (index % 1_000 === 0) fence.advance();
      if (index % 10 === 0) fence.invalidateSource(`s${index}`);
      else fence.invalidateKey(`k${index}`);
      most = Math.max(most, fence.remembered);
    }
    expect(most).toBeLessThanOrEqual(10_000);
    expect([fence.permits("k1", "s", before), fence.permits("never", "never", before)]).toEqual([false, false]);
    expect(fence.permits("never", "never", fence.loadStart())).toBe(true);
  });

  test("never permits what a memory without bounds would refuse, and before any bound refuses nothing else", () => {
    const name = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ do: fc.constant("begin" as const) }),
      fc.record({ do: fc.constant("key" as const), name }),
      fc.record({ do: fc.constant("source" as const), name }),
      fc.record({ do: fc.constant("all" as const) }),
      fc.record({ do: fc.constant("forget" as const), age: fc.nat(6) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const fence = new FillFence();
        const said: { epoch: number; names: (key: string, source: string) => boolean }[] = [];
        let oldest = 0;
        for (const action of steps) {
          if (action.do !== "forget") fence.advance();
          const epoch = fence.loadStart();
          if (action.do === "key") {
            fence.invalidateKey(action.name);
            said.push({ epoch, names: (key) => key === action.name });
          } else if (action.do === "source") {
            fence.invalidateSource(action.name);
            said.push({ epoch, names: (_key, source) => source === action.name });
          } else if (action.do === "all") {
            fence.invalidateAll();
            said.push({ epoch, names: () => true });
          } else if (action.do === "forget") {
            fence.forgetBefore(epoch - action.age);
            oldest = Math.max(oldest, epoch - action.age);
          }
          for (let load = 0; load <= epoch; load++) {
            for (const key of ["a", "b"]) {
              const invalidated = said.some(({ epoch: at, names }) => at > load && names(key, "c"));
              expect(fence.permits(key, "c", load)).toBe(!invalidated && load >= oldest);
            }
          }
        }
      }),
    );
  });

  test("permits and refuses the same, whichever epochs loads began in", () => {
    const name = fc.constantFrom("a", "b");
    const step = fc.oneof(
      fc.record({ do: fc.constant("load" as const) }),
      fc.record({ do: fc.constant("key" as const), name }),
      fc.record({ do: fc.constant("all" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const fence = new FillFence();
        const loads: { epoch: number; changed: Set<string> }[] = [];
        for (const action of steps) {
          fence.advance();
          if (action.do === "load") loads.push({ epoch: fence.loadStart(), changed: new Set() });
          else if (action.do === "all") fence.invalidateAll();
          else fence.invalidateKey(action.name);
          const names = action.do === "key" ? [action.name] : action.do === "all" ? ["a", "b"] : [];
          for (const { changed } of loads) for (const key of names) changed.add(key);
          for (const { epoch, changed } of loads) {
            for (const key of ["a", "b"]) expect(fence.permits(key, "s", epoch)).toBe(!changed.has(key));
          }
        }
      }),
    );
  });

  test("does not remember what every load there is has already been refused for", () => {
    const fence = new FillFence();
    const before = fence.loadStart();
    fence.advance();
    fence.invalidateAll();
    fence.advance();
    fence.invalidateKey("k");
    fence.invalidateSource("s");
    expect([fence.remembered, fence.permits("k", "s", before)]).toEqual([0, false]);
    const later = nextLoad(fence);
    fence.advance();
    fence.invalidateKey("k");
    expect([fence.remembered, fence.permits("k", "s", later), fence.permits("x", "s", later)]).toEqual([
      1,
      false,
      true,
    ]);
  });
});
