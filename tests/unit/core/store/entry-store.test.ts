/** The entries: bounded in number and bytes, each with its lifetime, dropped one by one, by source, or all. */
import { describe, expect, jest, test } from "@jest/globals";
import { EntryStore, type StoreBounds } from "../../../../src/core/store/entry-store.js";
import { ManualClock } from "../../../../src/testing/manual-clock.js";

const START_MS = 1_000_000;

function setUp(bounds: Partial<StoreBounds> = {}) {
  const clock = new ManualClock(START_MS);
  const store = new EntryStore(clock, { maxEntries: 100, maxBytes: 1_000_000, ...bounds });
  const set = (key: string, { source = "s", value = key as unknown, ttlMs = 1_000, bytes = 10 } = {}) =>
    store.set(key, source, { value, expiresAtMs: clock.now() + ttlMs, savedMs: 1, loadEpoch: 1 }, bytes);
  const get = (key: string) => store.get(key)?.value;
  return { clock, store, set, get };
}

describe("an entry", () => {
  test("is returned as it was stored, with what it cost and when its load began", () => {
    const { store } = setUp();
    const value = { name: "x" };
    store.set("k", "s", { value, expiresAtMs: START_MS + 5, savedMs: 40, loadEpoch: 7 }, 10);
    expect(store.get("k")).toMatchObject({ value, savedUs: 40_000, loadEpoch: 7 });
    expect(store.get("k")?.value).toBe(value);
  });

  test("of null is an entry", () => {
    const { set, get } = setUp();
    set("k", { value: null });
    expect(get("k")).toBeNull();
  });

  test("is gone when its lifetime is over, and not before", async () => {
    const { set, get, store, clock } = setUp();
    set("k", { ttlMs: 1_000 });
    await clock.advance(999);
    expect(get("k")).toBe("k");
    await clock.advance(1);
    expect([get("k"), store.size, store.bytes]).toEqual([undefined, 0, 0]);
  });

  test("never outlives a lifetime that is no whole number of milliseconds", async () => {
    const { set, get, clock } = setUp();
    set("k", { ttlMs: 10.4 });
    await clock.advance(10.4);
    expect(get("k")).toBeUndefined();
  });

  test("that outlives the time the caller vouches for is returned without a look at the clock", () => {
    const { set, store, clock } = setUp();
    set("k", { ttlMs: 1_000 });
    const look = jest.spyOn(clock, "now");
    const looked = [START_MS + 999, START_MS + 1_000, START_MS + 1_001].map((notLaterThanMs) => {
      look.mockClear();
      expect(store.get("k", notLaterThanMs)?.value).toBe("k");
      return look.mock.calls.length;
    });
    expect(looked).toEqual([0, 1, 1]);
    store.dropSource("s");
    expect(store.get("k", START_MS)).toBeUndefined();
  });

  test("stored again takes the place of the one before, in another source as well", () => {
    const { set, get, store } = setUp();
    set("k", { value: 1, bytes: 500 });
    set("k", { value: 2, bytes: 10, source: "t" });
    expect([get("k"), store.size, store.bytes]).toEqual([2, 1, 10]);
    expect([store.dropSource("s"), get("k"), store.dropSource("t"), get("k")]).toEqual([0, 2, 1, undefined]);
  });

  test("dropped is gone, and counted once", () => {
    const { set, get, store } = setUp();
    set("k");
    expect([store.drop("k"), store.drop("k"), store.drop("never"), get("k"), store.size]).toEqual([
      1,
      0,
      0,
      undefined,
      0,
    ]);
  });
});

describe("bounds", () => {
  test("the oldest entry that was not used goes when there are too many, and is counted", () => {
    const { set, get, store } = setUp({ maxEntries: 3 });
    for (const key of ["a", "b", "c"]) set(key);
    get("a");
    set("d");
    expect(["a", "b", "c", "d"].map(get)).toEqual(["a", undefined, "c", "d"]);
    expect([store.size, store.evictions]).toEqual([3, 1]);
  });

  test("a second chance has to be earned again", () => {
    const { set, get } = setUp({ maxEntries: 2 });
    for (const key of ["a", "b"]) set(key);
    get("a");
    for (const key of ["c", "d"]) set(key);
    expect(["a", "b", "c", "d"].map(get)).toEqual([undefined, undefined, "c", "d"]);
  });

  test("an eviction passes over 32 used entries at most, however many there are", () => {
    const { set, get, store } = setUp({ maxEntries: 100, maxBytes: 10_000 });
    for (let index = 0; index < 100; index++) set(`k${index}`);
    for (let index = 0; index < 100; index++) get(`k${index}`);
    set("new");
    expect([store.evictions, get("k31"), get("k32"), get("k33")]).toEqual([1, "k31", undefined, "k33"]);
  });

  test("in bytes hold as well", () => {
    const { set, get, store } = setUp({ maxBytes: 100 });
    set("a", { bytes: 40 });
    set("b", { bytes: 40 });
    set("c", { bytes: 30 });
    expect([get("a"), get("b"), get("c"), store.bytes]).toEqual([undefined, "b", "c", 70]);
  });

  test("an entry larger than the cache may be is refused, and what it would have replaced is gone", () => {
    const { set, get, store } = setUp({ maxBytes: 100 });
    expect([set("a"), set("k", { bytes: 100 }), set("k", { bytes: 101 })]).toEqual([true, true, false]);
    expect([get("k"), store.size, store.bytes]).toEqual([undefined, 0, 0]);
    expect([set("b"), get("b"), store.size]).toEqual([true, "b", 1]);
  });

  test("a size of 0 or of half a byte counts as 1: no number of entries is free", () => {
    const { set, store } = setUp();
    set("a", { bytes: 0 });
    set("b", { bytes: 0.5 });
    expect(store.bytes).toBe(2);
  });

  test("bytes are what the sizes of the entries add up to, and never more than maxBytes, under churn", async () => {
    const { set, get, store, clock } = setUp({ maxEntries: 5_000, maxBytes: 100_000 });
    const sizes = new Map<string, number>();
    let worst = 0;
    for (let index = 0; index < 20_000; index++) {
      const key = `k${(index * 7_919) % 3_000}`;
      const bytes = 20 + ((index * 104_729) % 400);
      if (index % 11 === 0) store.drop(key);
      else if (set(key, { bytes, source: `s${index % 13}`, ttlMs: 500 + (index % 700) })) sizes.set(key, bytes);
      if (index % 997 === 0) store.dropSource(`s${index % 13}`);
      await (index % 500 === 0 ? clock.advance(40) : undefined);
      worst = Math.max(worst, store.bytes);
    }
    const held = [...sizes].reduce((sum, [key, bytes]) => sum + (get(key) === undefined ? 0 : bytes), 0);
    expect(worst).toBeLessThanOrEqual(100_000);
    expect(store.evictions).toBeGreaterThan(1_000);
    expect(held).toBeGreaterThan(0);
    expect(held).toBe(store.bytes);
  });
});

describe("a source", () => {
  test("dropped takes all of its entries, and none of another's", () => {
    const { set, get, store } = setUp();
    for (const key of ["a", "b"]) set(key, { source: "s" });
    set("c", { source: "t" });
    expect([store.dropSource("s"), store.dropSource("s"), store.size]).toEqual([2, 0, 1]);
    expect(["a", "b", "c"].map(get)).toEqual([undefined, undefined, "c"]);
  });

  test("dropped takes what is left of it after some of its entries went on their own", () => {
    const { set, get, store } = setUp();
    for (const key of ["a", "b", "c"]) set(key);
    expect([store.drop("a"), store.dropSource("s"), get("b"), get("c"), store.size]).toEqual([
      1,
      2,
      undefined,
      undefined,
      0,
    ]);
  });

  test("lives on for what is stored after it was dropped", () => {
    const { set, get, store } = setUp();
    set("a");
    set("b");
    store.dropSource("s");
    set("a", { value: "new" });
    expect([get("a"), get("b"), store.size]).toEqual(["new", undefined, 1]);
    expect([store.dropSource("s"), store.size]).toEqual([1, 0]);
  });

  test("dropped frees the room of its entries as they are met or pushed out, which are no evictions", () => {
    const { set, get, store } = setUp({ maxEntries: 4 });
    for (const key of ["a", "b", "c", "d"]) set(key);
    store.dropSource("s");
    expect(get("a")).toBeUndefined();
    expect(store.drop("b")).toBe(0);
    for (const key of ["e", "f", "g", "h"]) set(key, { source: "t" });
    expect([store.size, store.evictions, store.bytes]).toEqual([4, 0, 40]);
  });
});

describe("emptiness", () => {
  test("by the drop of the last source frees all memory at once", () => {
    const { set, get, store } = setUp();
    for (const key of ["a", "b"]) set(key, { source: "s" });
    set("c", { source: "t" });
    expect([store.dropSource("s"), store.bytes]).toEqual([2, 30]);
    expect([store.dropSource("t"), store.bytes, store.size]).toEqual([1, 0, 0]);
    expect([set("a"), get("a"), store.size]).toEqual([true, "a", 1]);
  });

  test("is of what could be served: nothing stored, all dropped, or all expired", async () => {
    const { set, store, clock } = setUp();
    const empty = () => store.isEmpty(clock.now());
    expect(empty()).toBe(true);
    set("a", { ttlMs: 100 });
    set("b", { ttlMs: 200, source: "t" });
    expect(empty()).toBe(false);
    store.drop("a");
    await clock.advance(199);
    expect(empty()).toBe(false);
    await clock.advance(1);
    expect([empty(), store.size, store.bytes]).toEqual([true, 0, 0]);
    set("c");
    store.dropSource("s");
    expect(empty()).toBe(true);
  });

  test("after clear is judged by what was stored since", async () => {
    const { set, store, clock } = setUp();
    set("long", { ttlMs: 10_000 });
    store.clear();
    set("short", { ttlMs: 100 });
    await clock.advance(101);
    expect([store.isEmpty(clock.now()), store.size]).toEqual([true, 0]);
  });

  test("after clear is complete, and says how many went", () => {
    const { set, get, store } = setUp();
    set("a");
    set("b", { source: "t" });
    expect([store.clear(), store.clear(), store.size, store.bytes, get("a")]).toEqual([2, 0, 0, 0, undefined]);
    expect([set("a"), store.dropSource("t"), get("a")]).toEqual([true, 0, "a"]);
  });
});

describe("cost", () => {
  test("dropping a source goes to none of its entries: each is still held, and only then let go", () => {
    const { set, get, store } = setUp({ maxEntries: 2_000 });
    for (let index = 0; index < 1_000; index++) set(`k${index}`, { bytes: 1 });
    set("other", { bytes: 1, source: "t" });
    expect([store.dropSource("s"), store.size, store.bytes]).toEqual([1_000, 1, 1_001]);
    expect([get("k1"), store.bytes]).toEqual([undefined, 1_000]);
  });

  test("nothing is held any more once every source is dropped", () => {
    const { set, store } = setUp({});
    set("k1", { bytes: 1 });
    set("k2", { bytes: 1, source: "t" });
    store.dropSource("s");
    store.dropSource("t");
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });
});
