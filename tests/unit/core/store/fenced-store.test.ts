/** That nothing older than an invalidation is stored, however the invalidation came. */
import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../../../src/core/data-id.js";
import type { Invalidation } from "../../../../src/core/record.js";
import { createFencedStore } from "../../../../src/core/store/fenced-store.js";
import { resolveOptions, type ScacheOptions } from "../../../../src/options.js";
import { ManualClock } from "../../../../src/testing/manual-clock.js";

const ONE = dataId("users", "1");
const KEY = ONE.toString();

function create(options: ScacheOptions = {}, isPlaced = () => true) {
  const clock = new ManualClock();
  const store = createFencedStore(clock, resolveOptions(options), { isPlaced });
  return {
    clock,
    store,
    cached: (key: string = KEY) => store.held.get(key)?.value,
    put: (value: unknown, load = store.loadStart(), ttlMs = 1_000) => store.put(ONE, value, load, 0, ttlMs),
  };
}

function invalidation(content: Partial<Invalidation>): Invalidation {
  return { keys: [], sources: [], all: false, ...content };
}

const WAYS: [string, Invalidation][] = [
  ["its key", invalidation({ keys: [KEY] })],
  ["its source", invalidation({ sources: ["users"] })],
  ["everything", invalidation({ all: true })],
];

describe.each(WAYS)("an invalidation of %s", (_what, content) => {
  test("drops the entry, and refuses the loads under way", () => {
    const { store, put, cached } = create();
    put("old");
    const load = store.loadStart();
    expect(store.drop(content)).toBe(1);
    expect([cached(), store.held.size, store.held.isEmpty(0)]).toEqual([undefined, 0, true]);
    expect([store.permits(ONE, load), put("old", load)]).toEqual([false, false]);
    expect([put("new"), cached()]).toEqual([true, "new"]);
  });
});

test.each([
  invalidation({ keys: [dataId("users", "2").toString()] }),
  invalidation({ sources: ["orders"] }),
  invalidation({}),
])("%j touches neither an entry that it does not name nor its loads", (content) => {
  const { store, put, cached } = create();
  put("one");
  const load = store.loadStart();
  expect(store.drop(content)).toBe(0);
  expect([cached(), put("again", load)]).toEqual(["one", true]);
});

describe("a wall clock that is set", () => {
  test.each([
    ["back lengthens no life, and shortens none", -3_600_000, [true, true, true, false]],
    ["forward, as in a freeze, shortens it", 600, [true, false, false, false]],
  ])("%s", async (_what, setMs, lives) => {
    const { clock, store, put, cached } = create();
    store.now();
    put("one");
    const alive: boolean[] = [];
    const look = async (ms: number) => {
      await clock.advance(ms);
      store.now();
      const isEmpty = store.held.isEmpty(clock.now());
      expect(cached() === undefined).toBe(isEmpty);
      alive.push(!isEmpty);
    };
    await look(400);
    clock.freeze(setMs);
    await look(300);
    await look(299);
    await look(1);
    expect(alive).toEqual(lives);
  });
});

describe("flush", () => {
  test("forgets every entry, and refuses every load that began before it", () => {
    const { store, put, cached } = create();
    put("old");
    const load = store.loadStart();
    store.flush();
    expect([cached(), store.held.isEmpty(0), put("old", load), put("new")]).toEqual([undefined, true, false, true]);
  });
});

describe("forgetBefore", () => {
  test("refuses what began before, without an invalidation", () => {
    const { store, put } = create();
    const [before, oldest] = [store.now(), store.now()];
    store.forgetBefore(oldest);
    expect([put("old", before), put("new", oldest)]).toEqual([false, true]);
  });
});

describe("what loads under way have to know", () => {
  const one = invalidation({ keys: [KEY] });
  const stream = (store: ReturnType<typeof create>["store"], count: number) => {
    for (let index = 0; index < count; index++) store.drop(invalidation({ keys: [`k${index}`] }));
  };

  test("of more invalidations than are remembered, every load before them is refused, and none after", () => {
    const { store, put } = create();
    const before = store.loadStart();
    stream(store, 10_001);
    expect([put("old", before), put("new")]).toEqual([false, true]);
  });

  test("an invalidation is remembered though every load before the last one was refused already", () => {
    const { store, put } = create();
    store.drop(invalidation({ all: true }));
    const load = store.loadStart();
    store.drop(one);
    expect(put("old", load)).toBe(false);
  });

  test("an order to drop all refuses a load of the moment before, and none of its own", () => {
    const { store, put } = create();
    store.flush();
    const before = store.loadStart();
    store.drop(invalidation({ all: true }));
    expect([put("old", before), put("new")]).toEqual([false, true]);
  });

  test("forgetting up to an earlier moment than before changes nothing", () => {
    const { store, put } = create();
    const [early, late] = [store.now(), store.now()];
    store.forgetBefore(late);
    store.forgetBefore(early);
    expect([put("old", early), put("new", late)]).toEqual([false, true]);
  });

  test("what is forgotten is refused, what is not is still known", () => {
    const { store, put } = create();
    const before = store.now();
    store.drop(one);
    const oldest = store.now();
    store.drop(one);
    store.forgetBefore(oldest);
    expect([put("old", before), put("old", oldest), put("new")]).toEqual([false, false, true]);
  });
});

describe("the moments", () => {
  test("now is after everything before it; a load begins in the moment that is under way", () => {
    const { clock, store } = create();
    const first = store.now();
    expect(store.loadStart()).toEqual(first);
    const second = store.now();
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(second.atMs).toBe(clock.now());
    store.drop(invalidation({ keys: ["another"] }));
    expect(store.loadStart().epoch).toBeGreaterThan(second.epoch);
  });
});

describe("put", () => {
  test("never replaces a value whose load began later; one that began together may", () => {
    const { store, put, cached } = create();
    const older = store.loadStart();
    const newer = store.now();
    put("newer", newer);
    expect([put("older", older), cached()]).toEqual([false, "newer"]);
    expect([put("as new", newer), cached()]).toEqual([true, "as new"]);
  });

  test("replaces one that has expired, whenever the load began", async () => {
    const { clock, store, put, cached } = create();
    const older = store.loadStart();
    put("newer", store.now(), 1_000);
    await clock.advance(1_000);
    expect([put("older", older), cached()]).toEqual([true, "older"]);
  });

  test("counts the lifetime from now, not from the load", async () => {
    const { clock, store, put, cached } = create();
    const load = store.loadStart();
    await clock.advance(5_000);
    put("one", load, 1_000);
    await clock.advance(999);
    expect(cached()).toBe("one");
    await clock.advance(1);
    expect(cached()).toBeUndefined();
  });

  test("refuses what is larger than the cache may be, and what sizeOf cannot measure", () => {
    let bytes = 1;
    const { store, put } = create({ maxBytes: 10, sizeOf: () => bytes });
    expect(put("small")).toBe(true);
    for (bytes of [11, Number.NaN, -1, Number.POSITIVE_INFINITY]) expect(put(`of ${bytes} bytes`)).toBe(false);
    expect(store.held.bytes).toBeLessThanOrEqual(10);
  });

  test("stores what takes no room by sizeOf", () => {
    const { put, cached } = create({ sizeOf: () => 0 });
    expect([put("one"), cached()]).toEqual([true, "one"]);
  });

  test("tells sizeOf the value and its id", () => {
    const seen: unknown[] = [];
    const { put } = create({ sizeOf: (value, id) => seen.push(value, id) });
    put("one");
    expect(seen).toEqual(["one", ONE]);
  });
});

describe("holding off", () => {
  test.each(WAYS)("after an invalidation of %s, what is loaded within holdOffMs is refused", async (_what, content) => {
    const { clock, store, put } = create({ holdOffMs: 100 });
    store.drop(content);
    await clock.advance(99);
    const tooEarly = store.loadStart();
    expect(put("from a replica, perhaps")).toBe(false);
    await clock.advance(1);
    expect([put("from a replica, perhaps", tooEarly), put("new")]).toEqual([false, true]);
  });

  test("is forgotten only when no load that counts can be held off any more", async () => {
    const { clock, store, put } = create({ holdOffMs: 100 });
    store.drop(invalidation({ keys: [KEY] }));
    await clock.advance(99);
    const tooEarly = store.now();
    store.forgetBefore(tooEarly);
    expect(put("from a replica, perhaps", tooEarly)).toBe(false);
  });

  test("of ids whose time is over takes no room: any number of them, one after another, holds off nothing else", async () => {
    const { clock, store, put } = create({ holdOffMs: 100 });
    for (let index = 0; index <= 10_000; index++) {
      if (index % 1_000 === 0) {
        await clock.advance(100);
        store.forgetBefore(store.now());
      }
      store.drop(invalidation({ keys: [`k${index}`] }));
    }
    expect(put("of an id that no one named")).toBe(true);
  });

  test("a clock set back does not refuse what nothing holds off", async () => {
    const { clock, store, put } = create({ holdOffMs: 100 });
    await clock.advance(60_000);
    store.forgetBefore(store.now());
    clock.freeze(-30_000);
    expect(put("new")).toBe(true);
  });

  test.each([
    ["back, less than it lasts", -50],
    ["back, more than it lasts", -5_000],
    ["forward", 5_000],
  ])("P2: lasts as long as it says, whatever the clock: set %s", async (_what, byMs) => {
    const { clock, store, put } = create({ holdOffMs: 2_000 });
    const older = store.now();
    clock.freeze(byMs);
    store.drop(invalidation({ keys: [KEY] }));
    store.forgetBefore(older);
    clock.freeze(-2 * byMs);
    await clock.advance(20);
    store.forgetBefore(older);
    expect(put("from a replica, perhaps")).toBe(false);
    clock.freeze(byMs);
    await clock.advance(1_979);
    expect(put("from a replica, perhaps")).toBe(false);
    await clock.advance(1);
    expect(put("new")).toBe(true);
  });

  test("goes on while the environment rests, though a clock stands still; in a short rest, and at work, it may have been set", async () => {
    const { clock, store, put } = create({ holdOffMs: 5_000 });
    store.drop(invalidation({ keys: [KEY] }));
    clock.freeze(60_000);
    expect(put("from a replica, perhaps")).toBe(false);
    store.rests();
    clock.freeze(999);
    store.wakes();
    store.wakes();
    expect(put("from a replica, perhaps")).toBe(false);
    for (const restMs of [2_000, -60_000, 2_999]) {
      store.rests();
      clock.freeze(restMs);
      store.wakes();
      store.forgetBefore(store.now());
    }
    expect(put("from a replica, perhaps")).toBe(false);
    await clock.advance(1);
    expect(put("new")).toBe(true);
  });

  test("does not drop what was stored, nor concern what was not invalidated", () => {
    const { store, put, cached } = create({ holdOffMs: 100 });
    put("one");
    store.drop(invalidation({ keys: [dataId("users", "2").toString()] }));
    expect([cached(), put("again")]).toEqual(["one", true]);
  });
});

test("Nothing is stored while there is no place to read on from", () => {
  let placed = false;
  const { store, put, cached } = create({}, () => placed);
  const before = store.loadStart();
  expect([put("too early"), cached()]).toEqual([false, undefined]);
  placed = true;
  store.flush();
  expect([put("loaded before", before), put("loaded since"), cached()]).toEqual([false, true, "loaded since"]);
});
