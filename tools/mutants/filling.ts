/** Breakages of what may be stored, and of what is dropped. */
import type { Mutant } from "./mutant.js";

const FENCE = "src/core/store/fill-fence.ts";
const FENCED = "src/core/store/fenced-store.ts";
const STORE = "src/core/store/entry-store.ts";
const INVOCATION = "src/core/invocation/invocation.ts";
const LOADING = "src/core/invocation/loading.ts";
const MISSES = "src/core/invocation/unanswered-misses.ts";

export const FILLING: readonly Mutant[] = [
  {
    name: "an id that was invalidated since is stored",
    file: FENCE,
    search: "(keys.get(key) ?? 0) <= start",
    replace: "(keys.get(key) ?? 0) >= 0",
  },
  {
    name: "an id whose source was invalidated since is stored",
    file: FENCE,
    search: "(sources.get(source) ?? 0) <= start",
    replace: "(sources.get(source) ?? 0) >= 0",
  },
  {
    name: "a load from before what is still remembered is stored",
    file: FENCE,
    search: "if (start < floor) return false;\n",
    replace: "",
  },
  {
    name: "a load from shortly before the latest invalidation is stored",
    file: FENCE,
    search: "if (start >= latest) return true;",
    replace: "if (start >= latest - 2) return true;",
  },
  {
    name: "an invalidation is not remembered although a load is under way",
    file: FENCED,
    search: "if (fence.floor <= lastLoad)",
    replace: "if (fence.floor < lastLoad)",
  },
  {
    name: "an order to drop all does not refuse loads under way",
    file: FENCE,
    search: "if (changed.all || remembered() > MAX_REMEMBERED) refuseAll();",
    replace: "if (remembered() > MAX_REMEMBERED) refuseAll();",
  },
  {
    name: "a load is judged before what came last is put in order",
    file: FENCE,
    search: "      order();\n      return (keys",
    replace: "      return (keys",
  },
  {
    name: "what is not in order yet is forgotten while older loads are under way",
    file: FENCE,
    search: "unordered.splice(0, kept < 0 ? unordered.length : kept)",
    replace: "unordered.splice(0)",
  },
  {
    name: "invalidations are forgotten while older loads are under way",
    file: FENCE,
    search: "if (from > oldest) break;",
    replace: "",
  },
  {
    name: "a flush does not refuse loads under way",
    file: FENCED,
    search: "      fence.raise(EVERYTHING, ++epoch);\n",
    replace: "",
  },
  {
    name: "its own invalidations are left to the stream",
    file: "src/core/invocation/publications.ts",
    search: "const { store, publisher, clock, trouble, unreported } = this.#parts;",
    replace:
      "const { publisher, clock, trouble, unreported } = this.#parts;\n    const store = { drop: (_: unknown) => undefined };",
  },
  {
    name: "applying an invalidation is not an epoch of its own",
    file: FENCED,
    search: "drop(changed) {\n      epoch++;",
    replace: "drop(changed) {",
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
    file: FENCED,
    search: "if (holdOffMs > 0)",
    replace: "if (holdOffMs < 0)",
  },
  {
    name: "a hold-off goes by the wall clock, which may be set back",
    file: FENCED,
    search: "heldOffTime({ monotonicMs }: Moment): number {\n    return monotonicMs + frozenMs;",
    replace: "heldOffTime({ atMs }: Moment): number {\n    return atMs;",
  },
  {
    name: "add takes the load to have begun just now",
    file: INVOCATION,
    search: "      miss?.first ?? this.began,",
    replace: "      this.#shared.store.loadStart(),",
  },
  {
    name: "getOrAdd takes the load to have begun when it ended",
    file: LOADING,
    search: "this.#filling.put(id, value, start, clock",
    replace: "this.#filling.put(id, value, store.loadStart(), clock",
  },
  {
    name: "a second load of an id is dated for the first",
    file: MISSES,
    search: "else if (misses.unanswered++ === 0) misses.oldestMs = at.monotonicMs;",
    replace:
      "else all.set(key, { ...misses, first: at, unanswered: misses.unanswered + 1 });\n      if (misses === undefined) return;",
  },
  {
    name: "forgetting what was invalidated does not refuse the loads that had to know it",
    file: FENCED,
    search: "load.epoch >= oldestLoad &&\n      ",
    replace: "",
  },
  {
    name: "the records of every environment pass for one's own",
    file: "src/core/own-records.ts",
    search: "nonce = newNonce();",
    replace: 'nonce = "same";',
  },
];
