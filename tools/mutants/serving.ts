/** Breakages of what may be served, and of how a refresh is shared, bounded and given up. */
import type { Mutant } from "./mutant.js";

const COHERENCE = "src/core/coherence/coherence.ts";
const INVOCATION = "src/core/invocation/invocation.ts";
const SERVING_STATE = "src/core/invocation/serving.ts";
const LOADS = "src/core/invocation/loads.ts";
const SHARING = "src/core/invocation/sharing.ts";
const MOMENT = "src/core/moment.ts";
const SHARED = "src/core/coherence/shared-refresh.ts";
const BACKOFF = "src/core/coherence/refresh-backoff.ts";
const STORE = "src/core/store/entry-store.ts";

export const SERVING: readonly Mutant[] = [
  {
    name: "an invocation joins a refresh that began before it",
    file: COHERENCE,
    search: "start.epoch > began.epoch || (isOfBefore(start, began) && ageMs(start, began) < maxStalenessMs);",
    replace: "true || start.epoch > began.epoch;",
  },
  {
    name: "the fence moves though entries are stored",
    file: COHERENCE,
    search: "|| !alone || !held.isEmpty(began.atMs)) return;",
    replace: "|| !alone) return;",
  },
  {
    name: "the fence moves past loads of other invocations, and they are not refused",
    file: COHERENCE,
    search: `    if (flushAfterGap(began) || keepsPlace || !alone || !held.isEmpty(began.atMs)) return;
    // A place that can be read on from at once makes the next refresh cheaper.
    if (reader.isWarm(began.atMs) && (readsBeside || !halfGapIsOver(began))) return;
    // Loads of before would need the old one, whoever offers them yet.
    store.forgetBefore(began);`,
    replace: `    if (flushAfterGap(began) || keepsPlace || !held.isEmpty(began.atMs)) return;
    if (reader.isWarm(began.atMs) && (readsBeside || !halfGapIsOver(began))) return;`,
  },
  {
    name: "refresh() is content with what maxStalenessMs allows",
    file: SERVING_STATE,
    search: "const maxStalenessMs = isFirst ? options.maxStalenessMs : 0;",
    replace: "const { maxStalenessMs } = options;",
  },
  {
    name: "a gap longer than the records are kept is read through",
    file: COHERENCE,
    search: "const isTooLong = isGapTooLong(proven, now, maxGapMs);",
    replace: "const isTooLong = false;",
  },
  {
    name: "a lost position does not flush the cache",
    file: COHERENCE,
    search: '    startOver() {\n      startOver("the place in the log was lost");',
    replace: "    startOver() {\n      proven = unread(instant());",
  },
  {
    name: "a proof is dated when the refresh ended",
    file: COHERENCE,
    search: "      proven = { ...start, heldBackMs: 0 };\n      proofs?.caughtUp",
    replace: "      proven = { ...instant(), heldBackMs: 0 };\n      proofs?.caughtUp",
  },
  {
    name: "ages are counted on the wall clock alone, which may have been set back",
    file: MOMENT,
    search: "Math.max(now.atMs - then.atMs, now.monotonicMs - then.monotonicMs)",
    replace: "now.atMs - then.atMs",
  },
  {
    name: "ages are counted on the monotonic clock alone, which may have stood still",
    file: MOMENT,
    search: "Math.max(now.atMs - then.atMs, now.monotonicMs - then.monotonicMs)",
    replace: "now.monotonicMs - then.monotonicMs",
  },
  {
    name: "maxStalenessMs is exceeded a little",
    file: COHERENCE,
    search: "oldestMs <= maxStalenessMs)",
    replace: "oldestMs <= maxStalenessMs + 300)",
  },
  {
    name: "the handler waits longer than its deadline",
    file: COHERENCE,
    search: "await refreshes.join(suits, timeoutMs, leave);",
    replace: "await refreshes.join(suits, timeoutMs + 1_000, leave);",
  },
  {
    name: "bypass serves what is there",
    file: INVOCATION,
    search: 'if (this.#serving.state === "bypassed") return undefined;',
    replace: "",
  },
  {
    name: "an invocation that read nothing is served what was loaded before it",
    file: INVOCATION,
    search: "return entry === undefined || entry.loadEpoch < this.#serving.oldestLoad ? undefined : entry;",
    replace: "return entry;",
  },
  {
    name: "refresh() is served as of the invocation's beginning",
    file: SERVING_STATE,
    search: "return this.#readOn(store.now())",
    replace: "return this.catchUp()",
  },
  {
    name: "of two refreshes at once the one that ends last counts",
    file: SERVING_STATE,
    search: "    if (from.epoch < this.#servedFrom.epoch) return;\n",
    replace: "",
  },
  {
    name: "a load that began before the invocation is shared, whatever was invalidated since",
    file: SHARING,
    search: "!store.permits(id, start) || start.epoch",
    replace: "start.epoch",
  },
  {
    name: "a load of before is shared by an invocation that read nothing",
    file: SHARING,
    search: "|| start.epoch < oldestLoad)",
    replace: "|| start.epoch < 0)",
  },
  {
    name: "a load shared with an invocation that fails or ends is not made anew",
    file: SHARING,
    search: "if (running.owner === this.#self) return",
    replace: "if (running !== undefined) return",
  },
  {
    name: "a load is waited for although its owner has ended",
    file: LOADS,
    search: "        load.giveUp();\n",
    replace: "",
  },
  {
    name: "a load is waited for although its owner's time is up",
    file: SHARING,
    search: "() => running.giveUp());",
    replace: "() => undefined);",
  },
  {
    name: "a load waits for itself",
    file: SHARING,
    search: "return running.mayBeWaitedFor() ? running : undefined;",
    replace: "return running;",
  },
  {
    name: "loads wait for each other",
    file: LOADS,
    search: "for (const waiting of load.waiting) met.add(waiting);",
    replace: "",
  },
  {
    name: "several refreshes run at once",
    file: SHARED,
    search: "    if (current === undefined) {\n      current = create(waitMs);",
    replace: "    if (current === undefined || queued === undefined) {\n      current = create(waitMs);",
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
    search: "const alive = expiresAtMs > notLaterThanMs || this.#clock.now() < expiresAtMs;",
    replace: "const alive = expiresAtMs > 0;",
  },
];
