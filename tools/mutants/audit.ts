/** Breakages of the audit: what clears a suspicion, when it is due, and what else may have made a value differ. */
import type { Mutant } from "./mutant.js";

const SUSPICIONS = "src/core/audit/suspicions.ts";
const AUDITOR = "src/core/audit/auditor.ts";
const STORE = "src/core/store/fenced-store.ts";

/** What the simulation notices. */
export const AUDITING: readonly Mutant[] = [
  {
    name: "a suspicion is due after any later reading",
    file: SUSPICIONS,
    search: "suspicion !== undefined && leastAgeMs(suspicion.since, start) >= graceMs",
    replace: "suspicion !== undefined",
  },
  {
    name: "a suspicion is due at once, read or not",
    file: SUSPICIONS,
    search: "!watched?.suspicion?.isDue || watched.isChecked",
    replace: "!watched?.suspicion || watched.isChecked",
  },
  {
    name: "what is due is condemned whatever it is by then",
    file: AUDITOR,
    search: 'compare(watched.suspicion.seen, value) === "same"',
    replace: "value !== undefined",
  },
  {
    name: "an audited loader is waited for without bound",
    file: AUDITOR,
    search: "return await within(clock, leftMs, loading);",
    replace: "return await loading;",
  },
  {
    name: "the audit may take all that is left of an invocation",
    file: "src/core/time-limits.ts",
    search: "Math.min(LONGEST_AUDIT_MS, remainingMs / 2)",
    replace: "Math.min(LONGEST_AUDIT_MS, remainingMs)",
  },
];

/**
 * What `tests/unit/core/audit/audit.test.ts` notices: it needs a flag that goes back and forth at the very moment, or a writer
 * that is not found, which breaks no promise.
 */
export const AUDITING_IN_UNIT_TESTS: readonly Mutant[] = [
  {
    name: "an invalidation of the id clears no suspicion",
    file: SUSPICIONS,
    search: "for (const key of keys) byKey.delete(key);",
    replace: "",
  },
  {
    name: "an invalidation of its source clears no suspicion",
    file: SUSPICIONS,
    search: "if (watched.source === source) byKey.delete(watched.key);",
    replace: ";",
  },
  {
    name: "an invalidation of everything clears no suspicion",
    file: SUSPICIONS,
    search: "if (all) byKey.clear();",
    replace: "",
  },
  {
    name: "invalidations, made or applied, clear no suspicion",
    file: STORE,
    search: "      onChanged?.(changed);\n",
    replace: "",
  },
  {
    name: "a flush clears no suspicion",
    file: STORE,
    search: "      onChanged?.(EVERYTHING);\n",
    replace: "",
  },
  {
    name: "a place that moves on without reading clears no suspicion",
    file: "src/core/environment.ts",
    search: "skipped: suspicions.forget",
    replace: "skipped: () => undefined",
  },
  {
    name: "what was cleared while it was loaded is condemned",
    file: AUDITOR,
    search: "    if (!suspicions.stands(watched)) return;\n",
    replace: "",
  },
  {
    name: "a wrong entry is found right",
    file: AUDITOR,
    search: 'if (found === "different") await',
    replace: 'if (found === "incomparable") await',
  },
];
