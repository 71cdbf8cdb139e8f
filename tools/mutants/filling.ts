/** Breakages of what may be stored, and of what is dropped. */
import type { Mutant } from "./mutant.js";

const FENCE = "src/core/fill-fence.ts";
const FENCED = "src/core/fenced-store.ts";
const STORE = "src/core/entry-store.ts";
const HOLD_OFF = "src/core/hold-off.ts";
const INVOCATION = "src/core/invocation.ts";
const MISSES = "src/core/unanswered-misses.ts";

export const FILLING: readonly Mutant[] = [
  {
    name: "an id that was invalidated since is stored",
    file: FENCE,
    search: "(this.#keys.get(key) ?? 0) <= loadEpoch",
    replace: "(this.#keys.get(key) ?? 0) >= 0",
  },
  {
    name: "an id whose source was invalidated since is stored",
    file: FENCE,
    search: "(this.#sources.get(source) ?? 0) <= loadEpoch",
    replace: "(this.#sources.get(source) ?? 0) >= 0",
  },
  {
    name: "a load from before what is still remembered is stored",
    file: FENCE,
    search: "if (loadEpoch < this.#floor) return false;\n",
    replace: "",
  },
  {
    name: "a load from shortly before the latest invalidation is stored",
    file: FENCE,
    search: "if (loadEpoch >= this.#latest) return true;",
    replace: "if (loadEpoch >= this.#latest - 2) return true;",
  },
  {
    name: "an invalidation is not remembered although a load is under way",
    file: FENCE,
    search: "if (this.#floor > this.#lastLoad) return;",
    replace: "if (this.#floor >= this.#lastLoad) return;",
  },
  {
    name: "an order to drop all does not refuse loads under way",
    file: FENCE,
    search: "this.#floor = this.#epoch;",
    replace: "",
  },
  {
    name: "invalidations are forgotten while older loads are under way",
    file: FENCE,
    search: "    forget(this.#keys, oldest);\n",
    replace: "    this.#keys.clear();\n",
  },
  {
    name: "a flush does not refuse loads under way",
    file: FENCED,
    search: "this.#fence.invalidateAll();\n    this.#entries.clear();",
    replace: "this.#entries.clear();",
  },
  {
    name: "its own invalidations are left to the stream",
    file: INVOCATION,
    search: "const { store, clock, publisher, trouble } = this.#shared;",
    replace:
      "const { clock, publisher, trouble } = this.#shared;\n    const store = { drop: (_: unknown) => undefined };",
  },
  {
    name: "applying an invalidation is not an epoch of its own",
    file: FENCED,
    search: "drop(invalidation: Invalidation): number {\n    this.#fence.advance();",
    replace: "drop(invalidation: Invalidation): number {",
  },
  {
    name: "invalidating a source leaves its entries",
    file: STORE,
    search: "group.dead = true;",
    replace: "",
  },
  {
    name: "the number of entries has no bound",
    file: STORE,
    search: "this.#entries.size >= maxEntries ||",
    replace: "this.#entries.size >= 1_000 * maxEntries ||",
  },
  {
    name: "nothing is held off",
    file: HOLD_OFF,
    search: "if (this.#holdOffMs === 0) return false;",
    replace: "return false;",
  },
  {
    name: "add takes the load to have begun just now",
    file: INVOCATION,
    search: "this.#put(target, value, miss ?? this.began,",
    replace: "this.#put(target, value, this.#shared.store.loadStart(),",
  },
  {
    name: "getOrAdd takes the load to have begun when it ended",
    file: INVOCATION,
    search: "this.#put(target, value, start, clock",
    replace: "this.#put(target, value, store.loadStart(), clock",
  },
  {
    name: "a second load of an id is dated for the first",
    file: MISSES,
    search: "else if (misses.unanswered++ === 0) misses.monotonicMs = monotonicMs;",
    replace:
      "else this.#misses.set(key, { ...misses, first: at, monotonicMs, unanswered: misses.unanswered + 1 });\n    if (misses === undefined) return;",
  },
  {
    name: "forgetting what was invalidated does not refuse the loads that had to know it",
    file: FENCE,
    search: "if (oldest > this.#floor) this.#floor = oldest;",
    replace: "",
  },
];
