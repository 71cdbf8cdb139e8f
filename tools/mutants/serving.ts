/** Breakages of what may be served, and of how a refresh is shared, bounded and given up. */
import type { Mutant } from "./mutant.js";

const COHERENCE = "src/core/coherence.ts";
const INVOCATION = "src/core/invocation.ts";
const SHARED = "src/core/shared-refresh.ts";
const BACKOFF = "src/core/refresh-backoff.ts";
const STORE = "src/core/entry-store.ts";

export const SERVING: readonly Mutant[] = [
  {
    name: "an invocation joins a refresh that began before it",
    file: COHERENCE,
    search: "epoch > began.epoch || (atMs <= began.atMs && atMs > began.atMs - maxStalenessMs);",
    replace: "epoch > 0 && atMs > 0;",
  },
  {
    name: "the fence moves though entries are stored",
    file: COHERENCE,
    search: "if (!alone || !this.#deps.store.isEmpty(nowMs)) return;",
    replace: "if (!alone) return;",
  },
  {
    name: "the fence moves past loads of other invocations, and they are not refused",
    file: COHERENCE,
    search: `    if (!alone || !this.#deps.store.isEmpty(nowMs)) return;
    // Iterators that are still good make the next refresh one round trip instead of three.
    if (isWarm(this.#position, nowMs) && ageMs < this.#deps.options.maxGapMs / 2) return;
    // Loads of before would need the old one, whoever offers them yet.
    this.#deps.store.forgetBefore(began);
`,
    replace: "    if (!this.#deps.store.isEmpty(nowMs) || isWarm(this.#position, nowMs)) return;\n",
  },
  {
    name: "refresh() is content with what maxStalenessMs allows",
    file: INVOCATION,
    search: "const maxStalenessMs = isFirst ? options.maxStalenessMs : 0;",
    replace: "const { maxStalenessMs } = options;",
  },
  {
    name: "a gap longer than the records are kept is read through",
    file: COHERENCE,
    search: "this.#deps = deps;",
    replace: "this.#deps = { ...deps, options: { ...deps.options, maxGapMs: 1e15 } };",
  },
  {
    name: "a lost position is kept",
    file: COHERENCE,
    search: 'if (poll.outcome === "lost") {',
    replace: 'if (poll.outcome === "lost" && poll.calls < 0) {',
  },
  {
    name: "a lost position does not flush the cache",
    file: COHERENCE,
    search: 'this.#flush("the position was lost");',
    replace: "this.#position = fenceAt(this.#deps.clock.now());",
  },
  {
    name: "what a refresh read before it was cut off is thrown away",
    file: COHERENCE,
    search: "const poll = await reader.poll(this.#position, limits, (invalidation) => this.#apply(invalidation));",
    replace:
      'const read: Invalidation[] = [];\n    const poll = await reader.poll(this.#position, limits, (one) => read.push(one));\n    if (poll.outcome === "caught-up") for (const one of read) this.#apply(one);',
  },
  {
    name: "a proof is dated when the refresh ended",
    file: COHERENCE,
    search: "this.#position = poll.position;",
    replace: "this.#position = { ...poll.position, provenAtMs: this.#deps.clock.now() };",
  },
  {
    name: "maxStalenessMs is exceeded a little",
    file: COHERENCE,
    search: "ageMs <= maxStalenessMs)",
    replace: "ageMs <= maxStalenessMs + 2_000)",
  },
  {
    name: "the handler waits longer than its deadline",
    file: COHERENCE,
    search: "await this.#refreshes.join(suits, timeoutMs);",
    replace: "await this.#refreshes.join(suits, timeoutMs + 1_000);",
  },
  {
    name: "bypass serves what is there",
    file: INVOCATION,
    search: 'if (this.#state === "bypassed") return undefined;',
    replace: "",
  },
  {
    name: "an invocation that read nothing is served what was loaded before it",
    file: INVOCATION,
    search: 'if (this.#state === "empty" && entry.loadEpoch < this.#servedFrom.epoch) return undefined;',
    replace: "",
  },
  {
    name: "refresh() is served as of the invocation's beginning",
    file: INVOCATION,
    search: "this.#servedFrom = this.#shared.store.now();\n",
    replace: "",
  },
  {
    name: "a load that began before the invocation is shared, whatever was invalidated since",
    file: INVOCATION,
    search: "(owner !== this && owner.isOver) || !this.#shared.store.permits(id, start)",
    replace: "id === undefined",
  },
  {
    name: "a load of before is shared by an invocation that read nothing",
    file: INVOCATION,
    search: "|| start.epoch >= this.#servedFrom.epoch;",
    replace: "|| start.epoch >= 0;",
  },
  {
    name: "several refreshes run at once",
    file: SHARED,
    search: "if (current === undefined) return",
    replace: "if (current === undefined || !suits(current.start ?? { epoch: 0, atMs: 0 })) return",
  },
  {
    name: "back-off has no bound",
    file: BACKOFF,
    search: "const LONGEST_MS = 5_000;",
    replace: "const LONGEST_MS = 3_600_000;",
  },
  {
    name: "entries do not expire",
    file: STORE,
    search: "const alive = stored.expiresAtMs > notLaterThanMs || clock.now() < stored.expiresAtMs;",
    replace: "const alive = stored.expiresAtMs > 0;",
  },
];
