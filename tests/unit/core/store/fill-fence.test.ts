/** Which loads may still be stored: none that began before its id, its source or everything is good again. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Changed, NOTHING } from "../../../../src/core/changed.js";
import { createFillFence } from "../../../../src/core/store/fill-fence.js";
import { heldBytes } from "../../../support/heap.js";

const key = (...keys: string[]): Changed => ({ ...NOTHING, keys });
const source = (...sources: string[]): Changed => ({ ...NOTHING, sources });
const ALL: Changed = { ...NOTHING, all: true };

describe("a fill fence", () => {
  test("refuses a load that began before its id was good again, and permits one that began then", () => {
    const fence = createFillFence();
    fence.raise(key("k"), 5);
    expect([fence.permits("k", "s", 4), fence.permits("k", "s", 5)]).toEqual([false, true]);
    expect(fence.permits("other", "s", 4)).toBe(true);
  });

  test("refuses what began before its source was good again", () => {
    const fence = createFillFence();
    fence.raise(source("s"), 5);
    expect([fence.permits("k", "s", 4), fence.permits("k", "other", 4)]).toEqual([false, true]);
    expect(fence.permits("k", "s", 5)).toBe(true);
  });

  test("tells a key from a source of the same name", () => {
    const fence = createFillFence();
    fence.raise(key("x"), 5);
    fence.raise(source("k"), 5);
    expect([fence.permits("k", "x", 4), fence.permits("x", "s", 4), fence.permits("y", "k", 4)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("refuses every load that began before everything was good again", () => {
    const fence = createFillFence();
    fence.raise(ALL, 5);
    expect([fence.permits("k", "s", 4), fence.permits("k", "s", 5), fence.floor]).toEqual([false, true, 5]);
  });

  test("remembers what is raised beyond its floor", () => {
    const fence = createFillFence();
    fence.raise(ALL, 5);
    fence.raise(key("k"), 8);
    expect([fence.permits("k", "s", 7), fence.permits("x", "s", 7), fence.permits("x", "s", 4)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  test("the latest time an id is raised counts", () => {
    const fence = createFillFence();
    fence.raise(key("k"), 2);
    fence.raise(key("k"), 4);
    fence.forgetBefore(3);
    expect([fence.remembered(), fence.permits("k", "s", 3)]).toEqual([1, false]);
  });

  test("counts an id or source as often as it came, and once when a load has asked", () => {
    const fence = createFillFence();
    for (const from of [1, 2, 3]) fence.raise({ ...key("a", "b"), sources: ["s"] }, from);
    const came = fence.remembered();
    expect(fence.permits("b", "s", 2)).toBe(false);
    expect([came, fence.remembered()]).toEqual([9, 3]);
  });

  test("puts names in order by itself once more than a thousand have come", () => {
    const fence = createFillFence();
    for (let from = 1; from <= 1_000; from++) fence.raise(key("k"), from);
    const came = fence.remembered();
    fence.raise(key("k"), 1_001);
    expect([came, fence.remembered()]).toEqual([1_000, 1]);
  });

  test.each([
    ["before a load asks", [4, 3, 2, 1, 0]],
    ["once a load has asked", [3, 3, 2, 1, 0]],
  ])("forgets exactly those that no load can need any more, %s", (when, expected) => {
    const fence = createFillFence();
    fence.raise(key("a"), 1);
    fence.raise(key("b"), 2);
    fence.raise(source("s"), 3);
    fence.raise(key("a"), 4);
    if (when === "once a load has asked") fence.permits("a", "s", 0);
    const remembered = [fence.remembered()];
    for (const oldest of [1, 2, 3, 4]) {
      fence.forgetBefore(oldest);
      remembered.push(fence.remembered());
    }
    expect(remembered).toEqual(expected);
  });

  test("of everything is not lowered by a clock that was set back, nor is what it permits at once", () => {
    const fence = createFillFence();
    fence.raise(ALL, 1_100);
    fence.raise(ALL, 600);
    expect([fence.permits("k", "s", 1_099), fence.floor]).toEqual([false, 1_100]);
    const other = createFillFence();
    other.raise(key("a"), 1_100);
    other.raise(key("b"), 600);
    expect([other.permits("a", "s", 700), other.permits("b", "s", 700)]).toEqual([false, true]);
  });

  test("of as many names as it will remember refuses those and no others; of one more, everything", () => {
    const fence = createFillFence();
    for (let index = 0; index < 5_000; index++) fence.raise({ ...key(`k${index}`), sources: [`s${index}`] }, 5);
    expect([fence.remembered(), fence.permits("k5", "s", 4), fence.permits("never", "never", 4)]).toEqual([
      10_000,
      false,
      true,
    ]);
    fence.raise(key("one more"), 6);
    expect([fence.remembered(), fence.permits("never", "never", 5), fence.permits("never", "never", 6)]).toEqual([
      0,
      false,
      true,
    ]);
  });

  test.each([
    ["one id", key("k"), ["k", "s"]],
    ["one source", source("s"), ["k", "s"]],
  ])("of %s that is changed ten thousand times refuses that, and nothing else", (_what, changed, [k = "", s = ""]) => {
    const fence = createFillFence();
    for (let from = 1; from <= 10_001; from++) fence.raise(changed, from);
    expect([fence.permits("other", "another", 0), fence.floor]).toEqual([true, 0]);
    expect([fence.permits(k, s, 10_000), fence.permits(k, s, 10_001)]).toEqual([false, true]);
  });

  test("keeps nothing of a million records that name nothing", async () => {
    const fence = createFillFence();
    const before = await heldBytes();
    for (let from = 1; from <= 1_000_000; from++) fence.raise(NOTHING, from);
    expect((await heldBytes()) - before).toBeLessThan(1_000_000);
    expect(fence.permits("k", "s", 0)).toBe(true);
  });

  test("a million names do not accumulate, and no load before them is permitted", () => {
    const fence = createFillFence();
    let most = 0;
    for (let index = 0; index < 1_000_000; index++) {
      const from = 1 + Math.floor(index / 1_000);
      fence.raise(index % 10 === 0 ? source(`s${index}`) : key(`k${index}`), from);
      most = Math.max(most, fence.remembered());
    }
    expect(most).toBeLessThanOrEqual(10_000);
    expect([fence.permits("k1", "s", 0), fence.permits("never", "never", 0)]).toEqual([false, false]);
    expect(fence.permits("never", "never", 1_000)).toBe(true);
  });

  test("permits and refuses as a memory without bounds would, for every load that is not forgotten", () => {
    const name = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ do: fc.constant("key" as const), name }),
      fc.record({ do: fc.constant("source" as const), name }),
      fc.record({ do: fc.constant("all" as const) }),
      fc.record({ do: fc.constant("forget" as const), age: fc.nat(6) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const fence = createFillFence();
        const said: { from: number; names: (key: string, source: string) => boolean }[] = [];
        let oldest = 0;
        for (const [epoch, action] of steps.entries()) {
          if (action.do === "key") {
            fence.raise(key(action.name), epoch);
            said.push({ from: epoch, names: (named) => named === action.name });
          } else if (action.do === "source") {
            fence.raise(source(action.name), epoch);
            said.push({ from: epoch, names: (_key, named) => named === action.name });
          } else if (action.do === "all") {
            fence.raise(ALL, epoch);
            said.push({ from: epoch, names: () => true });
          } else {
            fence.forgetBefore(epoch - action.age);
            oldest = Math.max(oldest, epoch - action.age);
          }
          for (let load = oldest; load <= epoch; load++) {
            for (const named of ["a", "b"]) {
              const refused = said.some(({ from, names }) => from > load && names(named, "c"));
              expect(fence.permits(named, "c", load)).toBe(!refused);
            }
          }
        }
      }),
    );
  });
});
