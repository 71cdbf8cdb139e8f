/** The entries against a plain model: never anything it does not hold, and all of it where no bound is met. */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { EntryStore, type StoreBounds } from "../../../../src/core/store/entry-store.js";
import { ManualClock } from "../../../../src/testing/manual-clock.js";

const key = fc.integer({ min: 0, max: 7 }).map((n) => `k${n}`);
const source = fc.constantFrom("s", "t", "u");
const step = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      key,
      source,
      ttlMs: fc.nat(300),
      bytes: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant("get" as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("drop" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("dropSource" as const), source }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
);
/** Long ones: left to itself, fast-check seldom makes more than ten steps, and no bound is met in them. */
const steps = fc.array(step, { maxLength: 80, size: "max" });

test("never serves what the model does not hold, and without bounds serves all of it", async () => {
  const check = async (
    bounds: StoreBounds,
    complete: boolean,
    steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  ) => {
    const clock = new ManualClock();
    const store = new EntryStore(clock, bounds);
    const model = new Map<string, { source: string; value: number; expiresAtMs: number }>();
    for (const [value, action] of steps.entries()) {
      if (action.do === "set") {
        const expiresAtMs = clock.now() + action.ttlMs;
        model.delete(action.key);
        if (store.set(action.key, action.source, { value, expiresAtMs, savedMs: 0, loadEpoch: 0 }, action.bytes)) {
          model.set(action.key, { source: action.source, value, expiresAtMs });
        }
      } else if (action.do === "drop") {
        store.drop(action.key);
        model.delete(action.key);
      } else if (action.do === "dropSource") {
        store.dropSource(action.source);
        for (const [name, entry] of model) if (entry.source === action.source) model.delete(name);
      } else if (action.do === "wait") await clock.advance(action.ms);
      else if (action.do === "clear") {
        store.clear();
        model.clear();
      } else {
        const held = model.get(action.key);
        const live = held !== undefined && clock.now() < held.expiresAtMs ? held.value : undefined;
        const served = store.get(action.key)?.value;
        expect(complete ? [served] : [served ?? live]).toEqual([live]);
      }
      const live = [...model.values()].filter((entry) => clock.now() < entry.expiresAtMs).length;
      expect(store.size).toBeLessThanOrEqual(Math.min(model.size, bounds.maxEntries));
      if (complete) expect(store.size).toBeGreaterThanOrEqual(live);
      expect(store.bytes).toBeLessThanOrEqual(bounds.maxBytes);
      if (live > 0 && complete) expect(store.isEmpty(clock.now())).toBe(false);
    }
  };
  await fc.assert(
    fc.asyncProperty(steps, (s) => check({ maxEntries: 100, maxBytes: 100_000 }, true, s)),
    { numRuns: 60 },
  );
  await fc.assert(
    fc.asyncProperty(steps, (s) => check({ maxEntries: 3, maxBytes: 100 }, false, s)),
    { numRuns: 60 },
  );
});

interface PlainEntry {
  source: string;
  value: number;
  expiresAtMs: number;
  bytes: number;
}

/** Second chance, as plainly as it can be written. What is dead keeps its room until it is met. */
class PlainStore {
  readonly #bounds: StoreBounds;
  #entries = new Map<string, PlainEntry & { used: boolean; dead: boolean }>();
  evictions = 0;

  constructor(bounds: StoreBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get size(): number {
    return [...this.#entries.values()].filter(({ dead }) => !dead).length;
  }

  get(name: string, nowMs: number): number | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.dead || nowMs >= entry.expiresAtMs) {
      this.#entries.delete(name);
      return undefined;
    }
    entry.used = true;
    return entry.value;
  }

  set(name: string, entry: PlainEntry): boolean {
    this.#entries.delete(name);
    if (entry.bytes > this.#bounds.maxBytes) return false;
    for (const [oldestName, oldest] of this.#entries) {
      if (this.#entries.size < this.#bounds.maxEntries && this.bytes + entry.bytes <= this.#bounds.maxBytes) break;
      this.#entries.delete(oldestName);
      if (oldest.used && !oldest.dead) this.#entries.set(oldestName, { ...oldest, used: false });
      else if (!oldest.dead) this.evictions++;
    }
    this.#entries.set(name, { ...entry, used: false, dead: false });
    return true;
  }

  drop(name: string): void {
    this.#entries.delete(name);
  }

  dropSource(source: string): void {
    let some = false;
    for (const entry of this.#entries.values()) {
      some ||= entry.source === source && !entry.dead;
      if (entry.source === source) entry.dead = true;
    }
    if (some && this.size === 0) this.clear();
  }

  clear(): void {
    this.#entries.clear();
  }
}

test("holds exactly what a plain store that gives second chances would hold", async () => {
  const check = async (
    bounds: StoreBounds,
    steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  ) => {
    const clock = new ManualClock();
    const store = new EntryStore(clock, bounds);
    const plain = new PlainStore(bounds);
    for (const [value, action] of steps.entries()) {
      if (action.do === "set") {
        const { source, bytes } = action;
        const entry = { value, expiresAtMs: clock.now() + action.ttlMs, savedMs: 0, loadEpoch: 0 };
        const stored = store.set(action.key, source, entry, bytes);
        expect(stored).toBe(plain.set(action.key, { source, value, expiresAtMs: entry.expiresAtMs, bytes }));
      } else if (action.do === "get") {
        expect(store.get(action.key)?.value).toBe(plain.get(action.key, clock.now()));
      } else if (action.do === "drop") {
        store.drop(action.key);
        plain.drop(action.key);
      } else if (action.do === "dropSource") {
        store.dropSource(action.source);
        plain.dropSource(action.source);
      } else if (action.do === "wait") await clock.advance(action.ms);
      else {
        store.clear();
        plain.clear();
      }
      expect([store.size, store.bytes, store.evictions]).toEqual([plain.size, plain.bytes, plain.evictions]);
    }
  };
  for (const bounds of [
    { maxEntries: 1, maxBytes: 1_000 },
    { maxEntries: 4, maxBytes: 1_000 },
    { maxEntries: 100, maxBytes: 120 },
    { maxEntries: 5, maxBytes: 50 },
  ]) {
    await fc.assert(
      fc.asyncProperty(steps, (s) => check(bounds, s)),
      { numRuns: 60 },
    );
  }
});
