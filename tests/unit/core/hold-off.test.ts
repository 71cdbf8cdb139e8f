/** After an invalidation, loads that may have read a lagging replica are refused for a while. */
import { describe, expect, test } from "@jest/globals";
import { HoldOff } from "../../../src/core/hold-off.js";

function create(holdOffMs: number) {
  let nowMs = 0;
  const holdOff = new HoldOff(holdOffMs, { now: () => nowMs });
  const at = (ms: number) => {
    nowMs = ms;
    return holdOff;
  };
  return { holdOff, at };
}

describe("HoldOff", () => {
  test("holds off loads that began within the time after an invalidation of the id, and no other", () => {
    const { holdOff, at } = create(100);
    at(1_000).holdKey("k");
    expect([900, 1_000, 1_099, 1_100].map((loadedAtMs) => holdOff.holds("k", "s", loadedAtMs))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(holdOff.holds("other", "s", 1_000)).toBe(false);
  });

  test("holds off every id of an invalidated source, and every id after everything was invalidated", () => {
    const { holdOff, at } = create(100);
    at(1_000).holdSource("s");
    expect([holdOff.holds("k", "s", 1_099), holdOff.holds("k", "s", 1_100)]).toEqual([true, false]);
    expect(holdOff.holds("k", "t", 1_050)).toBe(false);
    at(2_000).holdAll();
    expect([holdOff.holds("k", "t", 2_099), holdOff.holds("k", "t", 2_100)]).toEqual([true, false]);
  });

  test("tells an id from a source of the same name", () => {
    const { holdOff, at } = create(100);
    at(1_000).holdKey("x");
    expect(holdOff.holds("k", "x", 1_000)).toBe(false);
  });

  test("a later invalidation holds off for longer", () => {
    const { holdOff, at } = create(100);
    at(1_000).holdKey("k");
    at(1_090).holdKey("k");
    expect(holdOff.holds("k", "s", 1_150)).toBe(true);
  });

  test("of 0 holds nothing off", () => {
    const { holdOff, at } = create(0);
    at(1_000).holdKey("k");
    at(1_000).holdSource("s");
    at(1_000).holdAll();
    expect(holdOff.holds("k", "s", 0)).toBe(false);
  });

  test("forgets only what no load that still counts is held off by", () => {
    const { holdOff, at } = create(100);
    at(1_000).holdKey("old");
    at(1_050).holdKey("new");
    holdOff.forgetBefore(1_100);
    expect([holdOff.holds("old", "s", 1_050), holdOff.holds("new", "s", 1_100)]).toEqual([false, true]);
  });

  test("of as many ids as it will remember holds off those and no others", () => {
    const { holdOff, at } = create(100);
    for (let index = 0; index < 10_000; index++) at(1_000).holdKey(`k${index}`);
    expect([holdOff.holds("k5", "s", 1_050), holdOff.holds("never named", "s", 1_050)]).toEqual([true, false]);
  });

  test("of everything is not made shorter by a clock that was set back", () => {
    const { holdOff, at } = create(100);
    at(1_000).holdAll();
    at(500).holdAll();
    expect(holdOff.holds("k", "s", 1_099)).toBe(true);
  });

  test("of more ids than it will remember holds everything off", () => {
    const { holdOff, at } = create(100);
    for (let index = 0; index <= 10_000; index++) at(1_000).holdKey(`k${index}`);
    expect([holdOff.holds("k5", "s", 1_050), holdOff.holds("never named", "s", 1_050)]).toEqual([true, true]);
    expect(holdOff.holds("never named", "s", 1_100)).toBe(false);
  });
});
